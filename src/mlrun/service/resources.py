"""Runtime resources: the pods of runs, listed as MLRun's clients expect it, and cleaned away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from mlrun.db.base import Record
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.launcher.aside import side_by_side
from mlrun.launcher.clock import seconds_since
from mlrun.launcher.ending import Reason, begin_to_abort, end_run
from mlrun.launcher.local import LocalLauncher
from mlrun.launcher.owner import run_of
from mlrun.model.pod import PodState
from mlrun.model.run import RunState

GROUPS = ("job", "project")
AT_ONCE = 32  # deletions
_OURS = {"app.kubernetes.io/managed-by": "mlrun"}
_FIELDS = ("phase", "reason", "message", "exit_code", "node", "created", "started", "ended")
_ABORTED = Reason(RunState.ABORTED, "its runtime resources were deleted")


class Wanted(NamedTuple):
    """Which pods are meant; what is empty is every one."""

    projects: Callable[[str], bool]  # whether the caller may see one
    project: str = ""
    kind: str = ""
    object_id: str = ""  # the uid of a run
    labels: str = ""  # name=value, several by comma


def list_resources(launcher: LocalLauncher, wanted: Wanted, group_by: str = "") -> Any:
    """
    ``[{"kind", "resources": {"crd_resources": [], "pod_resources": [{"name", "labels", "status"}]}}]``; by
    *group_by* ``{project: {uid: resources}}`` or ``{project: {kind: resources}}``.

    Raises:
        MLRunInvalidArgumentError: A selector that is none.
    """
    return grouped(_pods(launcher, wanted), group_by)


def delete_resources(
    launcher: LocalLauncher,
    wanted: Wanted,
    force: bool = False,
    grace_s: float = 0.0,
    waits_s: float | None = None,
) -> Any:
    """
    Delete pods with their logs of the cluster, and give them grouped by project.

    All are asked to end at the same time, and each has its time of grace.

    Args:
        force: Also those that have not ended, or not so long ago; their runs are aborted.
        grace_s: A pod is left alone for so long after its end.
        waits_s: Pods that take longer go on ending when this returns; None is until all are gone.

    Raises:
        MLRunBaseError: The first that the cluster did not do; the others were done.
    """
    doomed = [
        state
        for state in _pods(launcher, wanted)
        if force or (state.is_final and seconds_since(state.ended) >= grace_s)
    ]
    side_by_side([partial(_delete, launcher, state) for state in doomed], AT_ONCE, waits_s)
    return grouped(doomed, "project")


def grouped(pods: list[PodState], group_by: str = "") -> Any:
    if not group_by:
        kinds: dict[str, list[PodState]] = {}
        for state in pods:
            kinds.setdefault(state.labels.get("mlrun/class", ""), []).append(state)
        return [{"kind": kind, "resources": _told(some)} for kind, some in kinds.items()]
    label = "mlrun/uid" if group_by == "job" else "mlrun/class"
    groups: dict[str, dict[str, list[PodState]]] = {}
    for state in pods:
        of_project = groups.setdefault(state.labels.get("mlrun/project", ""), {})
        of_project.setdefault(state.labels.get(label, ""), []).append(state)
    return {
        project: {name: _told(some) for name, some in of_project.items()}
        for project, of_project in groups.items()
    }


def selector_of(text: str) -> dict[str, str]:
    """
    Raises:
        MLRunInvalidArgumentError: *text* is no selector of labels and their values.
    """
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    for name, separator, _ in pairs:
        if not separator or not name:
            raise MLRunInvalidArgumentError(
                f"label-selector={text!r} is none: name=value, several by comma, as mlrun/class=job"
            )
    return {name.strip(): value.lstrip("=").strip() for name, _, value in pairs}


def _pods(launcher: LocalLauncher, wanted: Wanted) -> list[PodState]:
    selector = {**_OURS, **selector_of(wanted.labels)}
    for label, value in (("project", wanted.project), ("class", wanted.kind), ("uid", wanted.object_id)):
        if value:
            selector[f"mlrun/{label}"] = value
    found = launcher.cluster.list(selector)
    return [state for state in found if wanted.projects(state.labels.get("mlrun/project", ""))]


def _delete(launcher: LocalLauncher, state: PodState) -> None:
    """With its run ended, where that is live, before the pod is gone."""
    run = run_of(state, launcher.db)
    is_its = run is not None and run.status.process.get("pod", state.name) == state.name
    if run is None or not is_its or RunState(run.status.state).is_final:
        launcher.cluster.delete(state.name, state.kind)
    elif begin_to_abort(launcher.db, launcher.cluster, run, state, _ABORTED):
        end_run(launcher.db, run, _ABORTED)


def _told(pods: list[PodState]) -> Record:
    told = [
        {
            "name": state.name,
            "labels": state.labels,
            "status": {name: getattr(state, name) for name in _FIELDS},
        }
        for state in pods
    ]
    return {"crd_resources": [], "pod_resources": told}
