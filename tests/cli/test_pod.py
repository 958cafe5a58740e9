"""What a pod executes: ``mlrun run --from-env`` for a run that is stored already."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mlrun.db import get_run_db
from mlrun.testing.api_server import ApiServer

CODE = """
import time

def train(context, p1=1):
    print("the secret is", context.get_secret("TOKEN"))
    context.log_result("accuracy", p1 * 2)

def fail():
    raise ValueError("bad luck")

def polite(context):
    try:
        print("it begins", flush=True)
        time.sleep(600)
    finally:
        context.log_result("last words", "goodbye")
"""
RUN: dict[str, Any] = {
    "metadata": {"name": "train", "project": "iris", "uid": "u1", "labels": {"kind": "job"}},
    "spec": {"function": "iris/train@abc", "parameters": {"p1": 5}},
    "status": {"state": "pending", "retry_count": 1, "process": {"cluster": "process", "pod": "train-1"}},
}


class Result(NamedTuple):
    exit_code: int
    output: str


def resume(db: Any, *words: str, run: dict[str, Any] = RUN, code: str = CODE) -> Result:
    db.store_run(run, "u1", "iris")
    return execute(*words, run=run, code=code)


def execute(*words: str, run: dict[str, Any] = RUN, code: str = CODE) -> Result:
    """As a cluster would, with what a launcher has told."""
    told = {
        "MLRUN_EXEC_CONFIG": json.dumps(run),
        "MLRUN_EXEC_CODE": base64.b64encode(code.encode()).decode(),
        "PYTHONUNBUFFERED": "1",
    }
    ended = subprocess.run(
        [sys.executable, "-m", "mlrun", "run", "--from-env", "--name", "train", *words],
        env={**os.environ, **told},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Result(ended.returncode, ended.stdout)


def test_a_prepared_run_goes_on_under_its_uid(db: Any) -> None:
    result = resume(db, "--handler", "train")

    assert result.exit_code == 0, result.output
    (run,) = db.list_runs(project="iris")
    assert (run["status"]["state"], run["status"]["results"]) == ("completed", {"accuracy": 10})
    assert run["spec"]["function"] == "iris/train@abc"
    assert run["metadata"]["labels"]["kind"] == "job"
    assert run["status"]["retry_count"] == 1
    assert run["status"]["process"]["pod"] == "train-1"
    assert db.list_functions(project="iris") == []


def test_secrets_are_taken_out_of_the_environment_and_masked_in_what_it_prints(db: Any) -> None:
    os.environ["MLRUN_EXEC_SECRETS"] = json.dumps([{"kind": "inline", "source": {"TOKEN": "abc123"}}])

    look = "def look(context):\n    train(context)\n    __import__('os').system('env | grep MLRUN_EXEC_')\n"
    code = f"{CODE}\n{look}"

    result = resume(db, "--handler", "look", code=code)

    assert result.output == "the secret is ***\n"
    assert db.get_log("u1", "iris")[1] == b"the secret is ***\n"


def test_what_a_program_prints_of_a_secret_is_masked(db: Any) -> None:
    os.environ["MLRUN_EXEC_SECRETS"] = json.dumps([{"kind": "inline", "source": {"TOKEN": "abc123"}}])

    result = resume(db, "*", code="import subprocess\nsubprocess.run(['echo', 'abc123'])\n")

    assert (result.output, db.get_log("u1", "iris")[1]) == ("***\n", b"***\n")


def test_a_failure_is_an_exit_code(db: Any) -> None:
    result = resume(db, "--handler", "fail")

    assert result.exit_code == 1
    assert "ValueError: bad luck" in result.output
    assert db.read_run("u1", "iris")["status"]["state"] == "error"


def test_a_handler_that_is_not_there_is_recorded(db: Any) -> None:
    result = resume(db, "--handler", "trian")

    assert result.exit_code == 1
    assert "no handler 'trian'" in db.read_run("u1", "iris")["status"]["error"]
    assert b"no handler 'trian'" in db.get_log("u1", "iris")[1]


def test_a_run_that_was_aborted_before_does_not_start(db: Any) -> None:
    resume(db, "--handler", "train")
    db.del_run("u1", "iris")
    aborted = RUN | {"status": {"state": "aborted"}}
    db.store_run(aborted, "u1", "iris")

    result = execute("--handler", "train")

    assert result.exit_code == 1
    assert "run iris/u1 is aborted" in result.output
    assert db.get_log("u1", "iris")[1] == b""


@pytest.mark.parametrize("words", [("*", "a"), ("{codefile}", "a")])
def test_code_is_a_program_too(db: Any, words: tuple[str, ...]) -> None:
    result = resume(db, *words, code="import sys\nprint('program', *sys.argv[1:])\n")

    assert result.exit_code == 0, result.output
    assert db.get_log("u1", "iris")[1] == b"program a\n"


def test_a_sweep_runs_its_children_here(db: Any) -> None:
    sweep = RUN | {"spec": {"function": "iris/train@abc", "hyperparams": {"p1": [1, 2]}}}

    result = resume(db, "--handler", "train", run=sweep)

    assert result.exit_code == 0, result.output
    assert len(db.list_runs(project="iris", iter=True)) == 3


def test_a_task_is_no_prepared_run(db: Any) -> None:
    task = {"metadata": {"name": "x"}, "spec": {"parameters": {"p1": 1}}}

    result = execute("--handler", "train", run=task)

    assert result.exit_code == 0, result.output
    assert len(db.list_functions()) == 1


def test_the_last_words_of_a_pod_that_is_ended_wait_for_a_server_that_is_away(tmp_path: Path) -> None:
    with ApiServer(tmp_path, {}) as server:
        db = get_run_db(server.url)
        run = RUN | {"status": {"state": "pending"}}
        db.store_run(run, "u1", "iris")
        with pod_of(run, "polite", server.url, tmp_path / "of the pod") as process:
            assert process.stdout.readline() == "it begins\n"

            server.kill()
            process.send_signal(signal.SIGTERM)
            assert any("this pod waits" in line for line in process.stdout)
            server.start()

            assert process.wait(120) == 128 + signal.SIGTERM
        status = db.read_run("u1", "iris")["status"]
        assert (status["state"], status["results"]) == ("aborted", {"last words": "goodbye"})


def pod_of(run: dict[str, Any], handler: str, dbpath: str, home: Path) -> Any:
    """The process of a pod, which has nothing of this machine: its output is text, to be read."""
    told = {
        "MLRUN_HOME": str(home),
        "MLRUN_EXEC_CONFIG": json.dumps(run),
        "MLRUN_EXEC_CODE": base64.b64encode(CODE.encode()).decode(),
        "MLRUN_DBPATH": dbpath,
        "PYTHONUNBUFFERED": "1",
    }
    words = [sys.executable, "-m", "mlrun", "run", "--from-env", "--handler", handler]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, env=os.environ | told, stdout=pipe, stderr=subprocess.STDOUT, text=True)
