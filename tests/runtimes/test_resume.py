"""A sweep that was killed or interrupted goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter

import pytest

import mlrun
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError
from mlrun.runtimes.resume import resume

# Each child writes a line when it ends; the third of them kills what stands in KILL: the driver.
CODE = """
import os, signal

def train(context, p1, killed=""):
    if p1 == 3 and killed and not os.path.exists(killed):
        open(killed, "w").close()
        os.kill(os.getppid() if os.environ.get("MLRUN_TEST_PARALLEL") else os.getpid(), signal.SIGKILL)
    context.log_result("accuracy", p1)
    with open("ended.txt", "a") as file:
        file.write(f"{p1}\\n")
"""
DRIVE = """
import sys, mlrun
function = mlrun.code_to_function("train", filename="train.py", kind="local", handler="train")
task = mlrun.new_task("sweep", params={"killed": "killed"})
task.metadata.uid = "3f2a"
task.with_hyper_params({"p1": [1, 2, 3, 4, 5]}, "max.accuracy", **eval(sys.argv[1]))
function.run(task)
"""


@pytest.fixture
def killed(tmp_path, db):
    """Runs the sweep in a process that is killed in the middle."""
    (tmp_path / "train.py").write_text(CODE)

    def kill(**options):
        env = os.environ | ({"MLRUN_TEST_PARALLEL": "1"} if options.get("parallel_runs") else {})
        driver = subprocess.run(
            [sys.executable, "-c", DRIVE, repr(options)], env=env, capture_output=True, text=True
        )
        assert driver.returncode == -signal.SIGKILL, driver.stderr
        return mlrun.RunObject.of(db.read_run("3f2a"), db)

    return kill


def ended(folder):
    return Counter(int(line) for line in (folder / "ended.txt").read_text().split())


def test_what_was_left_is_run_once_and_the_best_is_right(killed, tmp_path, db):
    run = killed()
    assert run.state() == "error"

    run.resume()

    assert run.state() == "completed"
    assert ended(tmp_path) == {p1: 1 for p1 in range(1, 6)}
    assert (run.output("best_iteration"), run.output("accuracy")) == (5, 5)
    assert [row[:2] for row in run.status.iterations[1:]] == [["completed", n] for n in range(1, 6)]
    assert [db.read_run("3f2a", iter=n)["status"]["state"] for n in range(1, 6)] == ["completed"] * 5


def test_a_parallel_sweep_goes_on_too(killed, tmp_path, db):
    run = killed(parallel_runs=2)

    run.resume()

    states = [db.read_run("3f2a", iter=n)["status"]["state"] for n in range(1, 6)]
    assert states == ["completed"] * 5
    assert run.output("accuracy") == 5


def test_a_bayesian_search_goes_on_with_what_it_knows(tmp_path, db):
    pytest.importorskip("optuna", reason="optuna is not installed: pip install 'mlrun[optuna]'")

    def train(context, x):
        if context.iteration == 4 and not os.path.exists("broken"):
            open("broken", "w").close()
            raise KeyboardInterrupt
        context.log_result("loss", x**2)

    task = mlrun.new_task("search")
    task.with_hyper_params({"x": {"low": -1.0, "high": 1.0}}, "min.loss", "bayesian", max_iterations=6)
    with pytest.raises(KeyboardInterrupt):
        mlrun.new_function("train").run(task, handler=train)
    [record] = db.list_runs()
    before = [db.read_run(record["metadata"]["uid"], iter=n)["spec"]["parameters"] for n in range(1, 5)]

    run = mlrun.RunObject.of(record, db).resume(handler=train)

    rows = run.status.iterations[1:]
    assert [row[1] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row[2] for row in rows[:4]] == [given["x"] for given in before]
    assert run.output("loss") == min(row[3] for row in rows)


def test_failures_of_before_count(tmp_path, db):
    def train(context, p1):
        if p1 == 2:
            raise ValueError("two")
        if p1 == 3 and not os.path.exists("broken"):
            open("broken", "w").close()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mlrun.new_function("train").run(handler=train, hyperparams={"p1": [1, 2, 3]})
    run = mlrun.RunObject.of(db.list_runs()[0], db)

    run.resume(handler=train)

    assert run.status.status_text == "1 of 3 tasks failed, check logs"
    assert [row[0] for row in run.status.iterations[1:]] == ["completed", "error", "completed"]


def test_a_stop_condition_that_was_met_before_ends_it(tmp_path, db):
    def train(context, p1):
        context.log_result("accuracy", p1)
        if p1 == 1 and not os.path.exists("broken"):
            open("broken", "w").close()
            raise KeyboardInterrupt

    options = {"stop_condition": "accuracy >= 2"}
    with pytest.raises(KeyboardInterrupt):
        mlrun.new_function("train").run(
            handler=train, hyperparams={"p1": [2, 1, 3, 4]}, hyper_param_options={"max_iterations": 4}
        )
    [record] = db.list_runs()
    record["spec"]["hyper_param_options"] = options
    db.store_run(record, record["metadata"]["uid"])

    run = mlrun.RunObject.of(record, db).resume(handler=train)

    assert len(run.status.iterations) - 1 == 1


def test_the_command_line_goes_on_with_it(killed, tmp_path):
    killed()

    done = subprocess.run(
        [sys.executable, "-m", "mlrun", "run", "--resume", "3f2a", "--json"], capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"]["results"]["best_iteration"] == 5
    assert ended(tmp_path) == {p1: 1 for p1 in range(1, 6)}


def test_what_is_completed_is_not_run_again(db):
    run = mlrun.new_function("t").run(handler=lambda context, x: None, hyperparams={"x": [1, 2]})

    with pytest.raises(MLRunConflictError, match="is completed"):
        run.resume(handler=lambda context, x: None)


def test_a_single_run_has_nothing_to_go_on_with(db):
    run = mlrun.new_function("t").run(handler=lambda context: None)

    with pytest.raises(MLRunInvalidArgumentError, match="has no iterations to go on with"):
        run.resume()


def test_a_callable_is_asked_for_again(db):
    def train(context, x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mlrun.new_function("t").run(handler=train, hyperparams={"x": [1, 2]})

    with pytest.raises(MLRunInvalidArgumentError, match=r"run\.resume\(handler=train\)"):
        resume(db.list_runs()[0]["metadata"]["uid"])


def test_secrets_that_no_record_has_are_asked_for_again(db):
    def train(context, x):
        if not os.path.exists("broken"):
            open("broken", "w").close()
            raise KeyboardInterrupt
        context.log_result("known", context.get_secret("TOKEN") == "s3cr3t")

    task = mlrun.new_task("t").with_secrets("inline", {"TOKEN": "s3cr3t"})
    task.with_hyper_params({"x": [1, 2]}, "max.known")
    with pytest.raises(KeyboardInterrupt):
        mlrun.new_function("t").run(task, handler=train)
    run = mlrun.RunObject.of(db.list_runs()[0], db)

    with pytest.raises(MLRunInvalidArgumentError, match=r"no record has \(TOKEN\)"):
        run.resume(handler=train)
    run.resume(handler=train, secrets={"TOKEN": "s3cr3t"})

    assert run.output("known") is True
