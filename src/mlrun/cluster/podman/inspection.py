"""What ``podman inspect`` says of a container, as the state of a pod."""

from __future__ import annotations

import datetime
import json
import os
import re
import socket
from collections.abc import Iterator
from typing import Any

from mlrun.backports import fromisoformat
from mlrun.cluster.podman.arguments import DEADLINE, LABEL
from mlrun.model.pod import PodEvent, PodPhase, PodState

Container = dict[str, Any]  # as it is described by inspect
_OVER = ("exited", "stopped", "dead")
_WAITING = ("created", "configured", "initialized")
_KILLED = 137
_EARLY_S = 0.5  # podman tells -1 of what it has killed; its clock starts before the container, and is coarse


def state_of(container: Container, is_deleted: bool = False) -> PodState:
    """
    Of one container, as podman or docker describe it.

    Args:
        is_deleted: It has been asked to end in order to be removed.
    """
    told = container.get("State", {})
    started, ended = _time(told.get("StartedAt")), _time(told.get("FinishedAt"))
    state = PodState(
        name=name_of(container),
        labels={key: value for key, value in _labels(container).items() if not key.startswith(LABEL)},
        node=socket.gethostname(),
        is_scheduled=True,
        created=_time(container.get("Created")),
        started=started,
    )
    status = told.get("Status", "")
    if status in _OVER:
        state.ended = max(started, ended)  # the end is told in steps of some milliseconds
        _set_end(state, container)
        if is_deleted:
            state.phase, state.reason, state.message = PodPhase.FAILED.value, "Deleted", "it was deleted"
    elif status in _WAITING and (started or told.get("Error")):
        _set_unstarted(state, container, is_lost=bool(started))
    elif status in _WAITING:
        state.phase = PodPhase.PENDING.value
    else:
        state.phase = PodPhase.RUNNING.value
    return state


def name_of(container: Container) -> str:
    return str(container.get("Name", "")).lstrip("/")


def token_of(container: Container) -> str:
    """What tells it from another one of its name; empty for a container that is no pod."""
    return _labels(container).get(LABEL, "")


def stop_timeout_of(container: Container) -> float:
    """Seconds between being asked to end and being killed."""
    return float(container.get("Config", {}).get("StopTimeout") or 10)


def read_events(lines: str) -> Iterator[PodEvent]:
    """What the engine has noted, a line of JSON each."""
    for line in lines.splitlines():
        event = json.loads(line)
        word = str(event.get("Status") or event.get("status") or event.get("Action", ""))
        yield PodEvent(
            time=_time(event.get("Time")) or _time_of_seconds(event.get("time") or event.get("Time")),
            reason=word.capitalize(),
            message=f"container: {word}",
            is_warning=word == "oom",
        )


def _labels(container: Container) -> dict[str, str]:
    return container.get("Config", {}).get("Labels") or {}


def _set_end(state: PodState, container: Container) -> None:
    told = container["State"]
    code = state.exit_code = int(told.get("ExitCode", 0))
    state.phase = (PodPhase.FAILED if code else PodPhase.SUCCEEDED).value
    memory = container.get("HostConfig", {}).get("Memory") or 0
    if _has_outrun(state, _labels(container).get(DEADLINE, "")):
        state.exit_code = _KILLED  # podman tells -1
        state.phase, state.reason = PodPhase.FAILED.value, "DeadlineExceeded"
        state.message = f"it ran for longer than {_labels(container)[DEADLINE]} s, and was killed"
    elif told.get("OOMKilled"):
        state.phase, state.reason = PodPhase.FAILED.value, "OOMKilled"
        state.message = f"it took more memory than its limit of {memory} bytes, and was killed"
    elif code == _KILLED and memory and not _is_told_of_memory():
        state.reason = "OOMKilled"
        state.message = (
            f"it was killed, and has a limit of {memory} bytes of memory: most likely it took more"
            " (with control groups of version 1 podman does not say)"
        )
    elif code:
        state.reason, state.message = "Error", told.get("Error") or f"it ended with exit code {code}"
    else:
        state.reason = "Completed"


def _set_unstarted(state: PodState, container: Container, is_lost: bool) -> None:
    """One that waits for a start that will not come."""
    told = container["State"]
    state.phase = PodPhase.FAILED.value
    if is_lost:
        state.reason = "ContainerStatusUnknown"
        state.message = "the machine was restarted while it ran"
    else:
        state.reason, state.message = "StartError", told["Error"]
        state.exit_code = int(told.get("ExitCode") or 127)


def _has_outrun(state: PodState, deadline: str) -> bool:
    if not deadline or not state.exit_code or not state.started or not state.ended:
        return False
    by_podman = state.exit_code < 0
    ran = fromisoformat(state.ended) - fromisoformat(state.created if by_podman else state.started)
    return ran.total_seconds() >= float(deadline) - (_EARLY_S if by_podman else 0.0)


def _is_told_of_memory() -> bool:
    """Whether OOMKilled can be relied on: podman learns of it from control groups of version 2 only."""
    return os.path.exists("/sys/fs/cgroup/cgroup.controllers")


def _time_of_seconds(seconds: object) -> str:
    """Of seconds since 1970, as docker tells them; empty for none."""
    if not isinstance(seconds, (int, float)):
        return ""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat(timespec="microseconds")


def _time(text: object) -> str:
    """ISO 8601 with its zone, to the microsecond; empty for none, which is told as the year 1."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", str(text))
    if not found or found[1].startswith("0001-"):
        return ""
    zone = found[3].replace("Z", "+00:00")
    whole = fromisoformat(f"{found[1]}.{(found[2] or '.')[1:7]:0<6}{zone}")
    return whole.astimezone(datetime.timezone.utc).isoformat(timespec="microseconds")
