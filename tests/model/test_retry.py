"""What a failure means for a run that may be tried again."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model import retry
from mlrun.model.retry import Retry
from mlrun.model.run import Run

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


def test_an_attempt_has_the_name_of_its_pod() -> None:
    run = a_run({"count": 1})
    run.status.process = {"pid": 1, "pod": "train-1"}

    retry.note_failure(run, "no")

    assert run.status.retries[0]["pod"] == "train-1"


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
def test_what_is_no_retry_is_answered(given: Any, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        Retry.of(given)
