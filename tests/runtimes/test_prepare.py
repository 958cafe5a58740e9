import os

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.model.run import Run, RunMetadata
from mlrun.model.task import RunTemplate, new_task
from mlrun.runtimes import prepare
from mlrun.runtimes.prepare import as_task, check_keywords, handler_name, merge, output_path, owner, run_name


@pytest.fixture
def fn():
    return mlrun.new_function("train", "iris", kind="handler")


def test_a_task_is_taken_as_a_copy():
    task = new_task("t", params={"p1": 1})

    mine = as_task(task)
    mine.spec.parameters["p1"] = 2

    assert task.spec.parameters == {"p1": 1}


def test_a_run_is_taken_as_a_task_without_its_uid():
    run = Run.from_dict(
        {
            "metadata": {"name": "t", "uid": "u"},
            "spec": {"parameters": {"a": 1}},
            "status": {"state": "error"},
        }
    )

    task = as_task(run)

    assert (task.metadata.name, task.metadata.uid, task.spec.parameters) == ("t", "", {"a": 1})


def test_a_dictionary_is_taken_as_a_task():
    assert as_task({"metadata": {"name": "t"}, "kind": "run"}) == RunTemplate.from_dict(
        {"metadata": {"name": "t"}}
    )
    assert as_task(None) == RunTemplate()


def test_what_is_no_task_is_refused():
    with pytest.raises(MLRunInvalidArgumentTypeError, match=r"not list; parameters go into params="):
        as_task([1])


def test_keywords_add_to_the_task_and_win():
    task = new_task(params={"a": 1, "b": 2}, handler="f", out_path="/old")

    merged = merge(task, {"params": {"b": 3}, "handler": "g", "inputs": {"d": "x"}, "artifact_path": "/new"})

    assert merged.spec.parameters == {"a": 1, "b": 3}
    assert (merged.spec.handler, merged.spec.inputs, merged.spec.output_path) == ("g", {"d": "x"}, "/new")


@pytest.mark.parametrize("word", ["artifact_path", "out_path", "output_path"])
def test_three_words_for_where_artifacts_go(word):
    assert merge(RunTemplate(), {word: "/x"}).spec.output_path == "/x"


@pytest.mark.parametrize("word", ["params", "inputs", "hyperparams"])
def test_params_and_inputs_are_dictionaries(word):
    with pytest.raises(MLRunInvalidArgumentTypeError, match=f"{word}= needs a dictionary, not a list"):
        merge(RunTemplate(), {word: [1]})


def test_what_is_secret_in_notifications_is_stars_in_the_task():
    hidden = {"webhook": "http://127.0.0.1/s3cr3t"}
    task = merge(RunTemplate(), {"notifications": [{"name": "n", "kind": "slack", "secret_params": hidden}]})

    told = prepare.notifications(task)

    assert told[0].secret_params == hidden
    assert task.spec.notifications[0]["secret_params"] == {"webhook": "***"}


def test_an_unknown_keyword_is_answered_with_the_nearest():
    with pytest.raises(TypeError, match=r"^run\(\) takes no argument 'parms'\. Did you mean 'params'\?$"):
        check_keywords("run()", {"parms": {}}, ["params", "inputs"])


def test_a_run_knows_its_function_owner_and_paths(fn):
    run = prepare.prepare(fn, new_task(handler="my_train"), "", "iris/train@abc")

    meta, spec = run.metadata, run.spec
    assert (meta.project, meta.name, len(meta.uid)) == ("iris", "train-my-train", 32)
    assert meta.labels == {"kind": "handler", "owner": owner()}
    assert (spec.function, spec.output_path) == ("iris/train@abc", os.path.abspath("artifacts"))
    assert run.status.state == "pending"


def test_what_the_task_says_wins_over_the_function(fn):
    task = new_task("mine", project="other")
    task.metadata.uid = "u1"
    task.metadata.labels = {"owner": "me", "x": "y"}

    run = prepare.prepare(fn, task, "", "v")

    assert (run.metadata.project, run.metadata.name, run.metadata.uid) == ("other", "mine", "u1")
    assert run.metadata.labels == {"kind": "handler", "owner": "me", "x": "y"}


@pytest.mark.parametrize("word", ["a/b", "a@b", "a#b", "a:b", "..", "a\nb\0"])
def test_a_name_project_or_uid_that_can_not_stand_in_an_address_is_refused(fn, word):
    with pytest.raises(MLRunInvalidArgumentError, match="can not be a run's name"):
        prepare.prepare(fn, RunTemplate(), word, "v")

    with pytest.raises(MLRunInvalidArgumentError, match="can not be a run's project"):
        prepare.prepare(fn, RunTemplate(metadata=RunMetadata(project=word)), "", "v")

    task = RunTemplate()
    task.metadata.uid = word
    with pytest.raises(MLRunInvalidArgumentError, match="can not be a run's uid"):
        prepare.prepare(fn, task, "", "v")


@pytest.mark.parametrize(
    ("handler", "name"),
    [
        ("", "train"),
        ("train", "train"),
        ("my_train", "train-my-train"),
        ("module.func", "train-func"),
        ("Model::fit", "train-model-fit"),
        (lambda context: None, "train-lambda"),
        (print, "train-print"),
    ],
)
def test_the_name_of_a_run_is_of_its_function_and_handler(fn, handler, name):
    assert run_name(fn, handler) == name


def test_the_default_handler_is_in_the_name(fn):
    fn.spec.default_handler = "fit"

    assert run_name(fn, "") == "train-fit"


def test_a_callable_object_is_named_by_its_class():
    class Trainer:
        def __call__(self):
            pass

    assert handler_name(Trainer()) == "Trainer"
    assert handler_name(None) == ""


@pytest.mark.parametrize(
    ("path", "full"),
    [
        ("/data", "/data"),
        ("s3://bucket/x", "s3://bucket/x"),
        ("{{run.uid}}/x", "{{run.uid}}/x"),
        ("/User/mlrun/data", "/User/mlrun/data"),
    ],
)
def test_an_absolute_path_stays(path, full):
    assert output_path(path) == full


def test_a_relative_path_is_made_absolute_and_the_setting_is_the_default(tmp_path):
    assert output_path("x") == str(tmp_path / "x")

    mlrun.mlconf.artifact_path = "./from-setting"

    assert output_path() == str(tmp_path / "from-setting")


def test_the_owner_is_who_is_logged_in(monkeypatch):
    owner.cache_clear()
    monkeypatch.setenv("V3IO_USERNAME", "somebody")

    assert owner() == "somebody"
    owner.cache_clear()
