"""The state of a pod."""

from __future__ import annotations

import pytest

from mlrun.model.pod import PodPhase, PodState


@pytest.mark.parametrize(
    ("phase", "is_final"),
    [
        (PodPhase.PENDING, False),
        (PodPhase.RUNNING, False),
        (PodPhase.UNKNOWN, False),
        (PodPhase.SUCCEEDED, True),
        (PodPhase.FAILED, True),
    ],
)
def test_a_pod_has_ended_in_two_phases(phase: PodPhase, is_final: bool) -> None:
    assert PodState(phase=phase.value).is_final is is_final


def test_a_pod_that_nobody_has_looked_at_is_pending() -> None:
    assert PodState(name="train-3f2a").phase == PodPhase.PENDING


def test_one_that_was_deleted_has_failed() -> None:
    state = PodState(name="train", phase="running", created="2026-01-01")

    gone = state.deleted()

    assert (gone.phase, gone.reason, gone.created) == ("failed", "Deleted", "2026-01-01")
    assert gone.ended
    assert state.phase == "running"
