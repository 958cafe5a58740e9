import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import mlrun
from mlrun.errors import (
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
)

CODE = "def train(context, p1=1):\n    context.log_result('accuracy', p1)\n"


def train(context, p1=1, p2="x"):
    context.log_results({"accuracy": p1 * 2, "p2": p2})


@pytest.fixture
def fn():
    return mlrun.new_function("train", kind="local").with_code(body=CODE)


# saved, exported, copied


def test_a_run_is_recorded_with_what_was_asked_and_what_came_out(db):
    run = mlrun.new_function("f").run(handler=train, params={"p1": 3}, name="my run")

    stored = db.read_run(run.uid())
    assert stored["metadata"]["name"] == "my-run"
    assert stored["spec"]["parameters"] == {"p1": 3}
    assert stored["spec"]["handler"] == "train"
    assert stored["status"]["results"] == {"accuracy": 6, "p2": "x"}
    assert stored["status"]["state"] == "completed"


def test_a_run_names_the_version_of_its_function(fn, db):
    run = fn.run(handler="train")

    project, _, rest = run.spec.function.partition("/")
    name, _, version = rest.partition("@")
    assert db.get_function(name, project, hash_key=version)["spec"]["build"]["functionSourceCode"]


def test_a_version_is_stored_once_however_often_it_runs(fn, db):
    for _ in range(3):
        fn.run(handler="train")

    assert len(db.list_functions()) == 1


def test_running_changes_neither_task_nor_function(fn):
    task = mlrun.new_task("t", params={"p1": 5}, handler="train").with_secrets("inline", {"A": "b"})
    before = task.to_dict(), fn.to_dict()

    first = fn.run(task, params={"p1": 6}, project="iris", artifact_path="x")
    second = fn.run(task)

    assert (task.to_dict(), fn.to_dict()) == before
    assert (first.output("accuracy"), second.output("accuracy")) == (6, 5)
    assert first.uid() != second.uid()


def test_a_task_can_be_a_dictionary_or_an_earlier_run(fn):
    first = fn.run({"spec": {"parameters": {"p1": 5}, "handler": "train"}})
    second = fn.run(first)

    assert second.output("accuracy") == 5 and second.uid() != first.uid()


def test_a_default_handler_is_taken_unless_the_run_names_one(fn):
    fn.with_code(body=CODE + "\n\ndef other(context):\n    return 'other'\n")
    fn.spec.default_handler = "train"

    assert fn.run().output("accuracy") == 1
    assert fn.run(handler="other").output("return") == "other"


@pytest.mark.parametrize(
    ("word", "right"),
    [("parms", "params"), ("hyper_params", "hyperparams"), ("artifact_pth", "artifact_path")],
)
def test_a_wrong_keyword_is_answered_with_the_right_one(fn, db, word, right):
    with pytest.raises(TypeError, match=rf"^run\(\) takes no argument '{word}'\. Did you mean '{right}'"):
        fn.run(handler="train", **{word: {}})

    assert db.list_runs() == []


def test_a_schedule_is_for_kinds_that_run_in_pods(fn):
    with pytest.raises(MLRunInvalidArgumentError, match="for kinds that run in pods, such as 'job'"):
        fn.run(handler="train", schedule="0 * * * *")


def test_what_only_means_something_to_a_server_is_recorded(fn):
    run = fn.run(handler="train", state_thresholds={"pending": "1h"}, retry={"count": 1}, returns=None)

    assert (run.spec.state_thresholds, run.spec.retry) == ({"pending": "1h"}, {"count": 1})


@pytest.mark.parametrize(
    "options",
    [
        {"hyperparams": {"p1": []}},
        {"hyperparams": {"p1": [1]}, "hyper_param_options": {"strategy": "grd"}},
        {"hyperparams": {"p1": [1]}, "hyper_param_options": {"selector": "mx.accuracy"}},
        {"hyperparams": {"p1": [1]}, "hyper_param_options": {"stop_condition": "import os"}},
        {"hyperparams": {"p1": [1]}, "hyper_param_options": {"selectr": "max.accuracy"}},
    ],
)
def test_a_wrong_sweep_leaves_nothing_behind(fn, db, options):
    with pytest.raises(MLRunInvalidArgumentError):
        fn.run(handler="train", **options)

    assert db.list_runs() == db.list_functions() == []


def test_a_missing_parameter_file_leaves_nothing_behind(fn, db):
    with pytest.raises(MLRunNotFoundError, match=r"params\.csv"):
        fn.run(mlrun.new_task().with_param_file("params.csv"), handler="train")

    assert db.list_runs() == db.list_functions() == []


def test_a_wrong_secret_source_leaves_nothing_behind(fn, db):
    with pytest.raises(MLRunNotFoundError, match=r"secrets\.txt"):
        fn.run(mlrun.new_task().with_secrets("file", "secrets.txt"), handler="train")

    assert db.list_runs() == []


def test_a_sweep_gives_the_best_childs_results(fn, db):
    run = fn.run(
        handler="train", hyperparams={"p1": [1, 5, 3]}, hyper_param_options={"selector": "max.accuracy"}
    )

    assert (run.output("best_iteration"), run.output("accuracy")) == (2, 5)
    assert len(db.list_runs(uid=run.uid(), iter=True)) == 4


def test_runs_go_to_the_functions_own_database(fn, db):
    other = mlrun.get_run_db("./other/")

    run = fn.set_db_connection(other).run(handler="train")

    assert db.list_runs() == []
    assert other.read_run(run.uid())["status"]["state"] == "completed"
    assert run.db is other


INTERRUPTED = """
import time
import mlrun

def wait(p1=1):
    print("begun", flush=True)
    time.sleep(600)

if __name__ == "__main__":
    {line}
"""


@pytest.mark.parametrize(
    ("line", "frames"),
    [
        ("mlrun.new_function('f').run(handler=wait)", 3),  # the last one is the handler's
        ("mlrun.new_function('f', command='wait.py').run()", 2),
        ("mlrun.new_function('f', kind='job', command='wait.py').run(handler='wait')", 2),
        ("mlrun.new_function('f').run(handler=wait, hyperparams={'p1': [1]}, **TWO)", 2),
        ("mlrun.new_function('f', kind='dask').run(handler=wait, hyperparams={'p1': [1]}, **TWO)", 2),
    ],
)
def test_ctrl_c_in_a_terminal_aborts_the_run_and_shows_the_users_lines(db, line, frames):
    Path("wait.py").write_text(INTERRUPTED.format(line="wait()"))
    two = "{'hyper_param_options': {'parallel_runs': 2}}"
    program = [sys.executable, "-c", INTERRUPTED.format(line=line.replace("TWO", two))]
    parent = subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )

    while "begun" not in (said := parent.stdout.readline()):
        assert said, parent.stderr.read()
    os.killpg(parent.pid, signal.SIGINT)
    _, shown = parent.communicate(timeout=60)

    assert db.list_runs()[0]["status"]["state"] == "aborted"
    assert shown.count("  File ") == frames
    assert shown.startswith("Traceback") and shown.endswith("\nKeyboardInterrupt\n")
