"""What an engine says of a container is read as the state of a pod."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.cluster.podman import inspection
from mlrun.cluster.podman.inspection import read_events, state_of, stop_timeout_of, token_of

STARTED, ENDED = "2026-11-26T14:54:43.011075907Z", "2026-11-26T14:54:53.013956726Z"


def container(memory: int = 0, labels: dict[str, str] | None = None, **state: Any) -> dict[str, Any]:
    """As podman describes one; docker's has the same fields, and a slash before the name."""
    return {
        "Name": "/train",
        "Created": "2026-11-26T14:54:42.893792612Z",
        "State": {"Status": "exited", "ExitCode": 0, "StartedAt": STARTED, "FinishedAt": ENDED, **state},
        "HostConfig": {"Memory": memory},
        "Config": {"Labels": {"app": "test", "mlrun.pod": "t0ken", **(labels or {})}, "StopTimeout": 7},
    }


@pytest.fixture
def is_told_of_memory(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Says whether the engine learns that the kernel has killed."""
    return lambda told: monkeypatch.setattr(inspection, "_is_told_of_memory", lambda: told)


def test_a_state_has_what_is_known() -> None:
    state = state_of(container())

    assert (state.name, state.labels, state.is_scheduled) == ("train", {"app": "test"}, True)
    assert state.created == "2026-11-26T14:54:42.893792+00:00"
    assert state.started == "2026-11-26T14:54:43.011075+00:00"
    assert state.ended == "2026-11-26T14:54:53.013956+00:00"


@pytest.mark.parametrize(
    ("told", "phase", "reason", "code"),
    [
        ({}, "succeeded", "Completed", 0),
        ({"ExitCode": 3}, "failed", "Error", 3),
        ({"Status": "dead", "ExitCode": 1}, "failed", "Error", 1),
        ({"ExitCode": 137, "OOMKilled": True}, "failed", "OOMKilled", 137),
        ({"ExitCode": 0, "OOMKilled": True}, "failed", "OOMKilled", 0),
        ({"Status": "running"}, "running", "", None),
        ({"Status": "stopping"}, "running", "", None),
        ({"Status": "created", "StartedAt": "0001-01-01T00:00:00Z"}, "pending", "", None),
        ({"Status": "created"}, "failed", "ContainerStatusUnknown", None),
        (
            {"Status": "created", "StartedAt": "0001-01-01T00:00:00Z", "ExitCode": 127, "Error": "no sh"},
            "failed",
            "StartError",
            127,
        ),
    ],
)
def test_a_status_is_a_phase(told: dict[str, Any], phase: str, reason: str, code: int | None) -> None:
    state = state_of(container(**told))

    assert (state.phase, state.reason, state.exit_code) == (phase, reason, code)


@pytest.mark.parametrize(
    ("memory", "told", "reason"),
    [(1024, False, "OOMKilled"), (1024, True, "Error"), (0, False, "Error")],
)
def test_a_kill_is_taken_for_one_of_memory_where_the_engine_is_not_told(
    is_told_of_memory: Any, memory: int, told: bool, reason: str
) -> None:
    is_told_of_memory(told)

    state = state_of(container(memory, ExitCode=137))

    assert state.reason == reason
    assert ("most likely" in state.message) == (reason == "OOMKilled")


@pytest.mark.parametrize(("deadline", "reason"), [("10", "DeadlineExceeded"), ("11", "Error")])
@pytest.mark.parametrize("told", [137, -1])
def test_a_failure_at_the_deadline_is_one_of_the_deadline(told: int, deadline: str, reason: str) -> None:
    state = state_of(container(labels={"mlrun.pod.deadline": deadline}, ExitCode=told))

    assert state.reason == reason
    assert state.exit_code == (137 if reason == "DeadlineExceeded" else told)
    assert state.labels == {"app": "test"}


def test_a_start_that_was_noted_late_does_not_hide_the_deadline() -> None:
    """podman counts from before the start, and notes that when it comes to it."""
    late = "2026-11-26T14:54:52.9Z"

    state = state_of(container(labels={"mlrun.pod.deadline": "10"}, ExitCode=-1, StartedAt=late))

    assert (state.reason, state.exit_code) == ("DeadlineExceeded", 137)


def test_the_end_of_one_that_is_deleted_is_its_deletion() -> None:
    ended, running = (state_of(container(Status=status), is_deleted=True) for status in ("exited", "running"))

    assert (ended.phase, ended.reason, ended.exit_code) == ("failed", "Deleted", 0)
    assert running.phase == "running"


def test_an_end_is_not_before_its_start() -> None:
    state = state_of(container(FinishedAt="2026-11-26T14:54:43.009Z"))

    assert state.ended == state.started


@pytest.mark.parametrize("zone", ["Z", "+00:00", "+02:00"])
def test_times_have_any_zone(zone: str) -> None:
    state = state_of(container(StartedAt=f"2026-11-26T14:54:43{zone}"))

    assert state.started.endswith("+00:00")


def test_what_stands_in_labels_and_settings_is_found() -> None:
    assert token_of(container()) == "t0ken"
    assert token_of({"Config": {"Labels": None}}) == ""
    assert stop_timeout_of(container()) == 7


def test_events_of_podman_and_of_docker_are_read() -> None:
    lines = (
        '{"Name":"t","Status":"died","Time":"2026-11-26T14:55:28.528447818Z","Type":"container"}\n'
        '{"status":"oom","Type":"container","Action":"oom","time":1795706341}\n'
    )

    first, second = read_events(lines)

    assert (first.reason, first.time, first.is_warning) == ("Died", "2026-11-26T14:55:28.528447+00:00", False)
    assert (second.reason, second.time[:19], second.is_warning) == ("Oom", "2026-11-26T15:19:01", True)
