import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.run import HyperParamOptions, HyperParamStrategies, Run, RunSpec, RunState, RunStatus

RECORD = {
    "kind": "run",
    "metadata": {"name": "train", "project": "iris", "uid": "u1", "labels": {"a": "b"}},
    "spec": {"parameters": {"p1": 5}, "hyper_param_options": {"selector": "max.accuracy"}, "novel": [1]},
    "status": {"state": "completed", "results": {"accuracy": 0.9}},
}


@pytest.mark.parametrize("state", RunState)
def test_four_states_are_final(state):
    assert state.is_final == (state in ("completed", "error", "aborted", "skipped"))


def test_a_word_that_is_no_state_is_answered_with_the_states_and_the_nearest():
    assert RunState.check("pendingRetry") is RunState.PENDING_RETRY

    with pytest.raises(MLRunInvalidArgumentError, match=r"created, .*unknown\. Did you mean 'completed'\?"):
        RunState.check("complete")


def test_a_record_comes_back_as_it_was_with_what_it_does_not_know():
    assert Run.from_dict(RECORD).to_dict() == RECORD


def test_defaults_are_left_out():
    assert Run().to_dict() == {"kind": "run"}


@pytest.mark.parametrize(
    ("iteration", "key", "uri"), [(0, "iris/u1", "iris@u1#0"), (3, "iris/u1#3", "iris@u1#3")]
)
def test_a_run_has_a_key_and_an_address(iteration, key, uri):
    run = Run.from_dict(RECORD)
    run.metadata.iteration = iteration

    assert (run.key, run.uri) == (key, uri)


def test_a_wrong_type_is_named_by_its_path():
    with pytest.raises(MLRunInvalidArgumentError, match="iteration"):
        Run.from_dict({"metadata": {"iteration": "three"}})


def train():
    pass


@pytest.mark.parametrize(("handler", "name"), [(train, "train"), ("module.train", "module.train"), ("", "")])
def test_a_handler_is_recorded_by_its_name(handler, name):
    spec = RunSpec(handler=handler)

    assert spec.handler_name == name
    assert spec.to_dict().get("handler", "") == name


@pytest.mark.parametrize(
    ("spec", "is_hyper"),
    [
        ({}, False),
        ({"hyperparams": {"p1": [1]}}, True),
        ({"param_file": "p.csv"}, True),
        ({"hyper_param_options": {"param_file": "p.csv"}}, True),
        ({"hyper_param_options": {"selector": "max.a"}}, False),
    ],
)
def test_hyper_parameters_make_a_sweep(spec, is_hyper):
    assert RunSpec.from_dict(spec).is_hyper_job() is is_hyper


def test_a_custom_iterator_is_not_in_the_record():
    spec = RunSpec(hyperparams=train)

    assert spec.is_hyper_job() and spec.to_dict() == {}


@pytest.mark.parametrize(("state", "failed"), [("error", True), ("aborted", True), ("completed", False)])
def test_a_failed_run_is_in_error_or_aborted(state, failed):
    assert RunStatus(state=state).is_failed() is failed


def test_the_strategies_have_names():
    assert HyperParamStrategies.all() == ("grid", "list", "random", "custom", "bayesian")
    assert HyperParamStrategies.random == "random"
    assert HyperParamOptions().strategy == ""
