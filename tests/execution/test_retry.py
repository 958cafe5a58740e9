"""Runs that fail are tried again, as often and as soon as they say."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import mlrun
from mlrun.db.base import RunDB
from mlrun.errors import MLRunInvalidArgumentError, RunError
from mlrun.execution import retry

AT_ONCE = {"base_delay": 0}
PROGRAM = """
import os, sys
is_first = not os.path.exists("seen")
open("seen", "w").close()
sys.exit(3 if is_first else 0)
"""


def failing(times: int, folder: Path) -> Any:
    """A handler that fails the first *times* times."""

    def train(context: Any) -> None:
        done = folder / "attempts"
        done.write_text(done.read_text() + "x" if done.exists() else "x")
        number = len(done.read_text())
        context.log_result(f"r{number}", number)
        print(f"attempt {number}")
        if number <= times:
            raise ValueError(f"attempt {number} fails")

    return train


def test_a_run_that_fails_is_tried_again(tmp_path: Path, db: RunDB) -> None:
    run = mlrun.new_function("train").run(
        handler=failing(2, tmp_path), retry={"count": 3, "backoff": AT_ONCE}
    )

    status = run.status
    assert (status.state, status.error, status.retry_count) == ("completed", "", 2)
    assert [one["state"] for one in status.retries] == ["error", "error"]
    assert "attempt 1 fails" in status.retries[0]["error"] and "attempt 2 fails" in status.retries[1]["error"]
    assert status.retries[0]["start_time"] <= status.retries[0]["end_time"] <= status.start_time
    assert status.results == {"r3": 3}
    assert db.get_log(run.metadata.uid)[1].count(b"attempt") > 3


def test_a_run_that_fails_too_often_is_an_error(tmp_path: Path, db: RunDB) -> None:
    with pytest.raises(RunError, match="attempt 2 fails"):
        mlrun.new_function("train").run(handler=failing(9, tmp_path), retry={"count": 1, "backoff": AT_ONCE})

    (run,) = db.list_runs()
    assert run["status"]["state"] == "error" and run["status"]["retry_count"] == 1


def test_a_program_that_fails_is_tried_again(tmp_path: Path, db: RunDB) -> None:
    (tmp_path / "train.py").write_text(PROGRAM)

    run = mlrun.new_function(command="train.py").run(retry={"count": 1, "backoff": AT_ONCE})

    assert run.status.state == "completed" and "exit code 3" in run.status.retries[0]["error"]


def test_a_run_that_waits_for_its_next_attempt_can_be_aborted(
    tmp_path: Path, db: RunDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = threading.Event()

    def abort() -> None:
        waiting.wait(60)
        (run,) = db.list_runs(state="pendingRetry")
        db.abort_run(run["metadata"]["uid"])

    sleep = lambda _: waiting.set() or aborter.join(60)  # noqa: E731 (of this module alone)
    monkeypatch.setattr(retry, "time", SimpleNamespace(sleep=sleep))
    aborter = threading.Thread(target=abort)
    aborter.start()

    with pytest.raises(RunError, match="was aborted between two attempts"):
        mlrun.new_function("train").run(handler=failing(9, tmp_path), retry={"count": 1})

    assert db.list_runs(state="aborted")[0]["status"]["retry_count"] == 1


def test_an_interrupted_wait_aborts_the_run(
    tmp_path: Path, db: RunDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(retry, "time", SimpleNamespace(sleep=interrupt))

    with pytest.raises(KeyboardInterrupt):
        mlrun.new_function("train").run(handler=failing(9, tmp_path), retry={"count": 1})

    assert db.list_runs(state="aborted")


def test_what_is_no_retry_is_answered_before_anything_runs(db: RunDB) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"retry.count=-1 is no number of attempts"):
        mlrun.new_function("train").run(handler=lambda: None, retry={"count": -1})

    assert db.list_runs() == []
