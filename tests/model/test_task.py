import json

import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.model.run import HyperParamOptions
from mlrun.model.task import NewTask, RunTemplate, new_task, options_from


def train():
    pass


def test_a_task_has_the_parts_it_was_made_of():
    task = new_task(
        "demo",
        "iris",
        handler="train",
        params={"p1": 5},
        inputs={"data": "x.csv"},
        outputs=["model"],
        returns=["accuracy"],
        in_path="/in",
        artifact_path="/out",
        secrets=[{"kind": "env", "source": "A"}],
        retry={"count": 1},
    )

    assert (task.metadata.name, task.metadata.project) == ("demo", "iris")
    assert task.spec.to_dict() == {
        "handler": "train",
        "parameters": {"p1": 5},
        "inputs": {"data": "x.csv"},
        "outputs": ["model"],
        "returns": ["accuracy"],
        "input_path": "/in",
        "output_path": "/out",
        "secret_sources": [{"kind": "env", "source": "A"}],
        "retry": {"count": 1},
    }


def test_out_path_is_another_word_for_artifact_path():
    assert new_task(out_path="/a").spec.output_path == new_task(artifact_path="/a").spec.output_path == "/a"


def test_the_older_name_is_the_same_function():
    assert NewTask is new_task


def test_methods_chain():
    task = (
        new_task()
        .with_params(p1=1)
        .with_params(p2=2)
        .with_input("data", "x.csv")
        .with_secrets("inline", {"A": "b"})
        .set_label("team", 7)
        .with_hyper_params({"p1": [1, 2]}, "max.accuracy", parallel_runs=2)
    )

    spec = task.spec
    assert (spec.parameters, spec.inputs, spec.hyperparams) == (
        {"p1": 1, "p2": 2},
        {"data": "x.csv"},
        {"p1": [1, 2]},
    )
    assert spec.secret_sources == [{"kind": "inline", "source": {"A": "b"}}]
    assert task.metadata.labels == {"team": "7"}
    assert (spec.hyper_param_options.selector, spec.hyper_param_options.parallel_runs) == ("max.accuracy", 2)


@pytest.mark.parametrize("selector", ["max.accuracy", ["max", "accuracy"], ("max", "accuracy")])
def test_a_selector_is_a_text_or_two_words(selector):
    task = new_task().with_hyper_param({"p": [1]}, selector)

    assert task.spec.hyper_param_options.selector == "max.accuracy"
    assert new_task(selector=selector).spec.hyper_param_options.selector == "max.accuracy"


def test_a_parameter_file_is_an_option():
    task = new_task().with_param_file("p.csv", "min.loss", "list", max_errors=5)

    options = task.spec.hyper_param_options
    assert (options.param_file, options.selector, options.strategy, options.max_errors) == (
        "p.csv",
        "min.loss",
        "list",
        5,
    )
    assert new_task(param_file="p.csv", tuning_strategy="list").spec.hyper_param_options == HyperParamOptions(
        param_file="p.csv", strategy="list"
    )


def test_a_base_is_a_start_and_stays_as_it_is():
    base = new_task("base", params={"p1": 1}, handler=train).with_secrets("env", "A")

    task = new_task("mine", base=base).with_params(p1=2).with_secrets("env", "B")
    of_dictionary = new_task(base=base.to_dict())

    assert base.spec.parameters == {"p1": 1} and len(base.spec.secret_sources) == 1
    assert (task.metadata.name, task.spec.parameters, task.spec.handler) == ("mine", {"p1": 2}, train)
    assert (of_dictionary.metadata.name, of_dictionary.spec.handler) == ("base", "train")


def test_what_was_given_is_not_the_tasks_to_change():
    params, hyper = {"p1": 1}, {"p1": [1]}

    new_task(params=params, hyper_params=hyper).with_params(p1=2).spec.hyperparams.clear()

    assert (params, hyper) == ({"p1": 1}, {"p1": [1]})


def test_a_copy_keeps_a_callable_handler_and_iterator():
    task = new_task(handler=train, params={"a": [1]}, hyper_params=train)

    twin = task.copy().with_params(b=2)

    assert twin.spec.handler is train and twin.spec.hyperparams is train
    assert "b" not in task.spec.parameters


def test_a_task_comes_back_from_its_spellings():
    task = new_task("t", params={"p": 1}, hyper_params={"q": [1]}).set_label("a", "b")

    assert RunTemplate.from_dict(task.to_dict()) == task
    assert RunTemplate.from_dict(json.loads(task.to_env())) == task
    assert RunTemplate.from_dict(json.loads(task.to_json())) == task


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: new_task().with_secrets("vaultt", "x"), r"not a kind of secrets.*Did you mean 'vault'"),
        (lambda: new_task().with_hyper_params({"p": [1]}, selectr="x"), r"'selectr' is not .*'selector'"),
        (lambda: new_task(hyper_param_options={"max_error": 1}), r"'max_error' is not .*'max_errors'"),
        (lambda: new_task(hyper_param_options={"max_errors": "x"}), "max_errors"),
        (
            lambda: new_task(hyper_param_options={"parallel_runs": -1}),
            "the hyper-parameter option parallel_runs is a whole number of 0 or more, not -1",
        ),
        (lambda: new_task(hyper_param_options=[1]), "HyperParamOptions or a dictionary, not a list"),
        (lambda: new_task(params=[1]), "params= needs a dictionary, not a list"),
        (lambda: new_task().with_hyper_params([{"p": 1}]), "hyperparams= needs a dictionary, not a list"),
        (lambda: new_task(base={"spec": {"parameters": 5}}), "parameters"),
    ],
)
def test_what_is_wrong_is_one_clear_sentence(make, message):
    with pytest.raises((MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError), match=message):
        make()


def test_options_are_a_record_of_their_own():
    given = HyperParamOptions(selector="max.a")

    options = options_from(given)
    options.selector = "min.a"

    assert given.selector == "max.a"
    assert options_from({"selector": ["max", "a"]}).selector == "max.a"
