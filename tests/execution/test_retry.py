"""Runs that fail are tried again, as often and as soon as they say."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun.db.base import RunDB
from mlrun.errors import MLRunInvalidArgumentError, RunError
from mlrun.execution import retry
from mlrun.execution.retry import Retry
from mlrun.model.run import Run

AT_ONCE = {"base_delay": 0}
PROGRAM = """
import os, sys
is_first = not os.path.exists("seen")
open("seen", "w").close()
sys.exit(3 if is_first else 0)
"""
START = "2026-01-01T00:00:00.000000+00:00"


def a_run(given: dict[str, Any], failed: int = 0, iteration: int = 0) -> Run:
    attempt = {"state": "error", "error": "no", "start_time": START, "end_time": START}
    return Run.from_dict(
        {
            "metadata": {"name": "train", "uid": "1", "project": "iris", "iteration": iteration},
            "spec": {"retry": given},
            "status": {
                "state": "running",
                "start_time": START,
                "retries": [attempt] * failed,
                "retry_count": failed,
            },
        }
    )


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

    monkeypatch.setattr(retry.time, "sleep", lambda _: waiting.set() or aborter.join(60))
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

    monkeypatch.setattr(retry.time, "sleep", interrupt)

    with pytest.raises(KeyboardInterrupt):
        mlrun.new_function("train").run(handler=failing(9, tmp_path), retry={"count": 1})

    assert db.list_runs(state="aborted")


def test_children_of_a_sweep_are_not_tried_again() -> None:
    run = a_run({"count": 3}, iteration=1)

    retry.note_failure(run, "no")

    assert run.status.state == "error"


def test_what_is_noted_says_when_the_next_attempt_is_due() -> None:
    run = a_run({"count": 3, "backoff": {"base_delay": "1m", "multiplier": 2}}, failed=1)

    retry.note_failure(run, "no", now="2026-01-01T01:00:00.000000+00:00", reason="OOMKilled")

    assert run.status.state == "pendingRetry" and run.status.reason == "OOMKilled"
    assert retry.next_attempt(run) == "2026-01-01T01:02:00.000000+00:00"
    assert run.status.status_text == "attempt 2 of 4 failed; the next one begins after 120 s"
    assert retry.updates(run)["status.retry_count"] == 2


def test_no_attempt_begins_after_the_deadline() -> None:
    given = {"count": 9, "backoff": {"base_delay": 60}, "deadline": "1h"}
    early, late = a_run(given, failed=1), a_run(given, failed=1)

    retry.note_failure(early, "no", now="2026-01-01T00:58:00.000000+00:00")
    retry.note_failure(late, "no", now="2026-01-01T00:59:30.000000+00:00")

    assert (early.status.state, late.status.state) == ("pendingRetry", "error")


def test_the_delay_grows_and_has_an_end() -> None:
    given = Retry.of({"count": 3, "backoff": {"base_delay": "10s", "multiplier": 3, "max_delay": "1m"}})

    assert [given.delay_s(failed) for failed in (1, 2, 3, 9999)] == [10, 30, 60, 60]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"count": -1}, "retry.count=-1 is no number of attempts"),
        ({"counts": 1}, "'counts' is not a field of retry: .* Did you mean 'count'"),
        ({"count": 1, "backoff": {"base": 1}}, "'base' is not a field of retry.backoff"),
        (
            {"count": 1, "backoff": {"base_delay": "soon"}},
            "retry.backoff.base_delay is a span of time such as 30m",
        ),
        ({"count": 1, "deadline": -1}, "retry.deadline=-1 has no end"),
        ({"count": 1, "backoff": {"multiplier": 0}}, "multiplier=0 is no number from 1"),
        ({"count": 1, "backoff": 3}, "retry.backoff is a dictionary of base_delay"),
        ([1], "retry is a dictionary of count, backoff, deadline, not list"),
    ],
    ids=str,
)
def test_what_is_no_retry_is_answered_before_anything_runs(given: Any, message: str, db: RunDB) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        Retry.of(given)
    if isinstance(given, dict):
        with pytest.raises(MLRunInvalidArgumentError, match=message):
            mlrun.new_function("train").run(handler=lambda: None, retry=given)

    assert db.list_runs() == []
