"""How a pod is, from its resource."""

from __future__ import annotations

import datetime
import signal
from collections.abc import Iterator
from typing import Any, NamedTuple

from mlrun.backports import fromisoformat
from mlrun.cluster.base import Resource
from mlrun.model.pod import PodPhase, PodState

BASE = "base"  # the container that does the work; others (of a service mesh, say) serve it
_PHASES = {
    "": PodPhase.PENDING,
    "Pending": PodPhase.PENDING,
    "Running": PodPhase.RUNNING,
    "Succeeded": PodPhase.SUCCEEDED,
    "Failed": PodPhase.FAILED,
}
_WITHOUT_IMAGE = {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"}
_BUILD = "mlrun build makes the image of a function"
_NEVER = "1970-01-01T00:00:00Z"  # what the kubelet says of a container that did not start


class Why(NamedTuple):
    reason: str = ""
    message: str = ""


def pod_state(pod: Resource) -> PodState:
    """Of a ``v1`` Pod; it has ended when the container ``base`` has, unless that is started again."""
    metadata, status = pod["metadata"], pod.get("status", {})
    container = work_of(status.get("containerStatuses") or [])
    running, ended = (container.get("state", {}).get(key) or {} for key in ("running", "terminated"))
    phase = _phase(pod, ended)
    why = Why("Completed") if phase is PodPhase.SUCCEEDED else next(_reasons(pod, phase, ended), Why())
    return PodState(
        name=metadata["name"],
        phase=phase.value,
        reason=why.reason,
        message=why.message,
        exit_code=ended.get("exitCode"),
        is_scheduled=bool(pod.get("spec", {}).get("nodeName")),
        node=pod.get("spec", {}).get("nodeName", ""),
        labels=metadata.get("labels") or {},
        created=metadata.get("creationTimestamp", ""),
        started=_time((running or ended).get("startedAt")),
        ended=_time(ended.get("finishedAt")),
    )


def work_of(containers: list[dict[str, Any]]) -> dict[str, Any]:
    """Of containers (or of their statuses) the one that does the work; empty where none is known so far."""
    return next((one for one in containers if one["name"] == BASE), containers[0] if containers else {})


def _phase(pod: Resource, ended: dict[str, Any]) -> PodPhase:
    status = pod.get("status", {})
    if status.get("reason") == "NodeLost":
        return PodPhase.UNKNOWN
    phase = _PHASES.get(status.get("phase", ""), PodPhase.UNKNOWN)
    if phase is PodPhase.RUNNING and ended and pod.get("spec", {}).get("restartPolicy") == "Never":
        return PodPhase.FAILED if ended.get("exitCode") else PodPhase.SUCCEEDED
    return phase


def _reasons(pod: Resource, phase: PodPhase, ended: dict[str, Any]) -> Iterator[Why]:
    """Why it is as it is, the weightiest first."""
    status = pod.get("status", {})
    if status.get("reason"):
        yield Why(status["reason"], status.get("message", ""))
    conditions = {condition["type"]: condition for condition in status.get("conditions") or []}
    disruption = conditions.get("DisruptionTarget", {})
    if disruption.get("status") == "True":
        yield Why(disruption.get("reason", ""), disruption.get("message", ""))
    if phase is PodPhase.FAILED and _ended_by_deletion(pod, ended):
        yield Why("Deleted", "it was deleted")
    work = work_of(status.get("containerStatuses") or [])
    for container in (*(status.get("initContainerStatuses") or []), *([work] if work else [])):
        yield from _of_container(container, pod)
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        yield Why(scheduled.get("reason", ""), scheduled.get("message", ""))


def _ended_by_deletion(pod: Resource, ended: dict[str, Any]) -> bool:
    """Whether it was asked to end before it had; ``deletionTimestamp`` is the end of the time of grace."""
    metadata = pod["metadata"]
    if not metadata.get("deletionTimestamp") or ended.get("reason") == "OOMKilled":
        return False
    grace = datetime.timedelta(seconds=metadata.get("deletionGracePeriodSeconds") or 0)
    asked = fromisoformat(metadata["deletionTimestamp"]) - grace
    finished = _time(ended.get("finishedAt"))
    return not finished or fromisoformat(finished) >= asked


def _of_container(container: dict[str, Any], pod: Resource) -> Iterator[Why]:
    state = container.get("state", {})
    if reason := (state.get("waiting") or {}).get("reason", ""):
        message = state["waiting"].get("message", "")
        yield Why(reason, f"{message}; {_BUILD}" if reason in _WITHOUT_IMAGE else message)
    ended = state.get("terminated") or {}
    if code := ended.get("exitCode"):
        reason = ended.get("reason") or "Error"
        yield Why(reason, ended.get("message") or _sentence(reason, code, container["name"], pod))


def _sentence(reason: str, code: int, container: str, pod: Resource) -> str:
    if reason == "OOMKilled":
        limit = _memory_limit(container, pod)
        return f"needed more memory than {f'its limit of {limit}' if limit else 'there is'}"
    by = f", ended by {signal.Signals(code - 128).name}" if code - 128 in signal.valid_signals() else ""
    return f"ended with exit code {code}{by}" + ("" if container == BASE else f" (container {container})")


def _memory_limit(name: str, pod: Resource) -> str:
    spec = pod.get("spec", {})
    containers = (*spec.get("containers", []), *(spec.get("initContainers") or []))
    found: dict[str, Any] = next((one for one in containers if one["name"] == name), {})
    return str((found.get("resources", {}).get("limits") or {}).get("memory", ""))


def _time(text: str | None) -> str:
    return "" if text is None or text == _NEVER else text
