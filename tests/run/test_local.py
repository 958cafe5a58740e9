import json
from pathlib import Path

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, MLRunNotFoundError
from mlrun.run.local import run_local

TRAINING = """
from mlrun import get_or_create_ctx
from mlrun.artifacts import ChartArtifact


def my_job(context, p1=1, p2="x"):
    print(f"Run: {context.name} (uid={context.uid})")
    print(f"Params: p1={p1}, p2={p2}")
    print("secret is known:", context.get_secret("ACCESS_KEY") is not None)
    print("file\\n{}\\n".format(context.get_input("infile.txt", "infile.txt").get()))
    context.log_result("accuracy", p1 * 2)
    context.log_result("loss", p1 * 3)
    context.set_label("framework", "sklearn")
    context.log_artifact("model", body=b"abc is 123", local_path="model.txt", labels={"framework": "xgboost"})
    chart = ChartArtifact("chart")
    chart.labels = {"type": "roc"}
    chart.header = ["Epoch", "Accuracy", "Loss"]
    for i in range(1, 8):
        chart.add_row([i, i / 20 + 0.75, 0.30 - i / 20])
    context.log_artifact(chart)


if __name__ == "__main__":
    context = get_or_create_ctx("train")
    p1 = context.get_param("p1", 1)
    p2 = context.get_param("p2", "a-string")
    my_job(context, p1, p2)
"""


def train(context, eta=0.1):
    context.log_result("eta", eta)


@pytest.fixture
def training():
    Path("training.py").write_text(TRAINING)
    Path("infile.txt").write_text("some data")
    Path("secrets.txt").write_text("ACCESS_KEY=q1w2e3\n")


def test_a_callable_runs(db):
    run = run_local(handler=train, params={"eta": 0.3})

    assert run.outputs == {"eta": 0.3}
    assert db.read_run(run.uid())["metadata"]["name"] == "train"


def test_the_handler_may_stand_in_the_task():
    task = mlrun.new_task("mine", handler=train, params={"eta": 0.2})

    run = run_local(task)

    assert (run.metadata.name, run.output("eta")) == ("mine", 0.2)
    assert task.spec.handler is train


def test_a_program_of_the_older_documents_runs_and_is_tracked(training, db):
    task = mlrun.NewTask(name="demo", params={"p1": 5}).with_secrets("file", "secrets.txt")
    task.set_label("type", "demo")

    run = run_local(task, command="training.py")

    assert (run.metadata.name, run.state()) == ("demo", "completed")
    assert (run.output("accuracy"), run.output("loss")) == (10, 15)
    assert run.metadata.labels["type"] == "demo" and run.metadata.labels["framework"] == "sklearn"
    assert run.artifact("model").get() == b"abc is 123"
    assert run.artifact("chart")["kind"] == "chart"
    log = db.get_log(run.uid())[1].decode()
    assert "Params: p1=5, p2=a-string" in log and "secret is known: True" in log and "some data" in log
    assert "q1w2e3" not in log + json.dumps(db.list_runs())


def test_a_program_is_swept(training, db):
    task = mlrun.new_task().with_hyper_params({"p2": [5, 2, 3], "p1": [3, 1]}, "min.loss")

    run = run_local(task, command="training.py")

    assert (run.output("best_iteration"), run.output("loss")) == (2, 3)
    assert len(run.status.iterations) == 7


def test_a_handler_of_a_program_runs_here(training):
    run = run_local(command="training.py", handler="my_job", params={"p1": 2})

    assert run.output("accuracy") == 4


def test_words_and_args_follow_the_program(db):
    run = run_local(command="echo 'a b'", args=["c", 1])

    assert db.get_log(run.uid())[1] == b"a b c 1\n"


def test_a_notebook_runs(db):
    source = "import mlrun, sys\nmlrun.get_or_create_ctx('x').log_result('words', sys.argv[1:])"
    cells = [{"cell_type": "code", "metadata": {}, "source": source}]
    Path("train.ipynb").write_text(json.dumps({"nbformat": 4, "cells": cells}))

    run = run_local(command="train.ipynb 'a b'", args=["c"])

    assert run.output("words") == ["a b", "c"]
    assert db.get_function("train")["spec"]["build"]["functionSourceCode"]


@pytest.mark.parametrize("name", ["function.yaml", "function.json"])
@pytest.mark.parametrize("kind", ["local", "job"])
def test_a_function_file_runs_here_whatever_its_kind(name, kind):
    code = "def train(p1=1): return p1\n"
    mlrun.new_function("train", kind=kind).with_code(body=code).export(name)

    assert run_local(command=name, handler="train", params={"p1": 3}).output("return") == 3


def test_secrets_can_be_given_beside_the_task(training):
    run = run_local(command="training.py", secrets=[{"kind": "file", "source": "secrets.txt"}])

    assert run.spec.secret_sources == [{"kind": "file", "source": "secrets.txt"}]


def test_a_working_folder_and_an_artifact_path(tmp_path):
    Path("sub").mkdir()
    Path("sub/deep.py").write_text(
        "import mlrun\nmlrun.get_or_create_ctx('x').log_artifact('a', body=b'1')\n"
    )

    run = run_local(command="deep.py", workdir="sub", artifact_path="out")

    assert run.artifact("a")["spec"]["target_path"].startswith(str(tmp_path / "out"))


def test_a_run_goes_into_its_project(db):
    run = run_local(handler=train, project="iris")

    assert run.metadata.project == "iris"
    assert db.list_runs(project="iris")[0]["metadata"]["uid"] == run.uid()


@pytest.mark.parametrize(
    ("word", "right"), [("pramas", "params"), ("comand", "command"), ("artifactpath", "artifact_path")]
)
def test_a_wrong_keyword_is_answered_with_the_right_one(word, right, db):
    with pytest.raises(
        MLRunInvalidArgumentTypeError, match=rf"no argument '{word}'\. Did you mean '{right}'"
    ):
        run_local(handler=train, **{word: {"eta": 0.3}})

    assert db.list_runs() == []


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({}, MLRunInvalidArgumentError, "needs a handler= or a command="),
        ({"command": "missing.py"}, MLRunNotFoundError, "missing.py"),
        ({"command": "missing.ipynb"}, MLRunNotFoundError, "missing.ipynb"),
        ({"command": "missing.yaml"}, MLRunNotFoundError, "missing.yaml"),
        ({"command": "x.py 'y"}, MLRunInvalidArgumentError, "closing quotation"),
        ({"handler": "train"}, MLRunInvalidArgumentError, "not a callable"),
        ({"task": 5}, MLRunInvalidArgumentTypeError, "needs a task"),
    ],
)
def test_what_can_not_run_leaves_nothing_behind(given, error, message, db):
    with pytest.raises(error, match=message):
        run_local(**given)

    assert db.list_runs() == []
