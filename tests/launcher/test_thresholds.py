"""How long a pod may be in one state."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.launcher import thresholds
from mlrun.model.pod import PodState


def pod(minutes: float, **fields: Any) -> PodState:
    """A pod that was created, and started, so many minutes ago."""
    then = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=minutes)).isoformat()
    return PodState(name="train-1", created=then, started=then, **fields)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("pending_not_scheduled", {"phase": "pending"}),
        ("pending_scheduled", {"phase": "pending", "is_scheduled": True}),
        ("image_pull_backoff", {"phase": "pending", "is_scheduled": True, "reason": "ErrImagePull"}),
        ("executing", {"phase": "running", "is_scheduled": True}),
    ],
)
def test_a_pod_is_held_to_the_threshold_of_its_state(name: str, fields: dict[str, Any]) -> None:
    given = dict.fromkeys(thresholds.DOING, "-1") | {name: "5m"}

    assert f"more than 5m, which is the state threshold '{name}'" in thresholds.passed(
        pod(6, **fields), given
    )
    assert thresholds.passed(pod(4, **fields), given) == ""
    assert thresholds.passed(pod(6, **fields), given | {name: "-1"}) == ""


def test_a_passed_threshold_says_what_the_pod_waits_for() -> None:
    state = pod(61, phase="pending", reason="ErrImagePull", message="no such image")

    assert thresholds.passed(state, {}).endswith("(ErrImagePull: no such image)")


def test_without_a_word_the_settings_count() -> None:
    assert thresholds.defaults() == {
        "pending_scheduled": "1h",
        "pending_not_scheduled": "-1",
        "image_pull_backoff": "1h",
        "executing": "24h",
    }
    assert "24h" in thresholds.passed(pod(25 * 60, phase="running"), {})
    assert thresholds.passed(pod(10_000, phase="pending"), {}) == ""


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"excuting": "1h"}, "'excuting' is not a state threshold.*'executing'"),
        ({"executing": "soon"}, "executing is a span of time.*'soon'"),
        ("1h", "a dictionary such as"),
    ],
)
def test_what_is_no_threshold_is_refused(given: Any, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        thresholds.check(given)
