"""What the end of a pod means for its run, where the run has not said so itself."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from typing import Any, NamedTuple

from mlrun.cluster.base import Cluster, advice_on_start
from mlrun.db.base import RunDB
from mlrun.db.liveness import POD_DELETED
from mlrun.errors import MLRunConflictError, MLRunNotFoundError, last_words
from mlrun.log import logger
from mlrun.model import retry
from mlrun.model.pod import PodPhase, PodState
from mlrun.model.run import Run, RunState

TAIL = 65_536  # bytes of a pod's log to look for the reason in
_LINES = 10
_LIVE = [state.value for state in RunState if not state.is_final]
_ENDED_WITHIN_S = 300.0  # beside the time of grace; its machine may be lost
_SHORTEST_S, _LONGEST_S = 0.05, 1.0  # between two looks whether a pod has ended
_BY_SIGNAL = 128  # an exit code above it is the number of a signal


class Reason(NamedTuple):
    """Why a run ends, for its record."""

    state: RunState
    text: str
    word: str = ""  # of the cluster

    @property
    def updates(self) -> dict[str, Any]:
        error = {"status.error": self.text} if self.state == RunState.ERROR else {}
        return {
            "status.state": self.state.value,
            "status.status_text": self.text.partition("\n")[0],
            "status.reason": self.word,
            **error,
        }


def reason_of(state: PodState, run: Run, tail: bytes) -> Reason:
    """
    Args:
        state: Final.
        tail: The end of the pod's log.
    """
    if run.status.state == RunState.ABORTING:
        return Reason(RunState.ABORTED, run.status.status_text or "aborted by the user", run.status.reason)
    if state.phase == PodPhase.SUCCEEDED:
        text = f"its pod {state.name} ended well; what it said of the run has not arrived"
        return Reason(RunState.COMPLETED, text)
    return Reason(RunState.ERROR, f"{_what_happened(state)}{_last_lines(tail)}", state.reason)


def gone(name: str) -> PodState:
    """The state of a pod that was deleted while nobody looked."""
    return PodState(name=name, phase=PodPhase.FAILED.value, reason=POD_DELETED)


def _what_happened(state: PodState) -> str:
    told = f": {state.message}" if state.message else ""
    if state.reason == "OOMKilled":
        return f"its pod {state.name} ran out of memory{told}"
    if state.reason == "Evicted":
        return f"its pod {state.name} was evicted{told}"
    if state.reason == POD_DELETED:
        return f"its pod {state.name} was deleted"
    if state.reason == "StartError":
        return f"its pod {state.name} can not be started{told}{advice_on_start(state.message)}"
    if state.exit_code is None:
        return f"its pod {state.name} has failed: {state.reason or 'the cluster gives no reason'}{told}"
    number = state.exit_code - _BY_SIGNAL
    if number in set(signal.Signals):
        return f"its pod {state.name} was killed by signal {number} ({signal.Signals(number).name})"
    return (
        f"its pod {state.name} ended with exit code {state.exit_code}, and without saying how the run ended"
    )


def _last_lines(tail: bytes) -> str:
    text = tail.decode("utf-8", "replace").rstrip()
    lines = text.splitlines()[-_LINES:]
    return f": {last_words(text)}\n" + "\n".join(lines) if lines else ""


def begin_to_abort(db: RunDB, cluster: Cluster, run: Run, pod: PodState, reason: Reason) -> bool:
    """
    Have a pod end, which may say so itself: why is written before.

    Returns:
        Whether it has ended; else the cluster sees to that, and whoever watches ends the run then.
    """
    if run.status.state != RunState.ABORTING:
        updates = reason._replace(state=RunState.ABORTING).updates
        with suppress(MLRunConflictError):  # it has ended meanwhile
            db.update_run(updates, run.metadata.uid, run.metadata.project)
    cluster.delete(pod.name, pod.kind)
    try:
        return cluster.read(pod.name, pod.kind).is_final
    except MLRunNotFoundError:
        return True


def end_pod(cluster: Cluster, name: str, grace_s: float | None = None) -> None:
    """
    Delete a pod, and wait until nothing of it runs: some clusters see to its end after they have answered,
    and meanwhile it says its last words.

    Raises:
        MLRunServiceUnavailableError: The cluster can not be reached.
    """
    cluster.delete(name, grace_s=grace_s)
    end, pause_s = time.monotonic() + (grace_s or 0) + _ENDED_WITHIN_S, _SHORTEST_S
    with suppress(MLRunNotFoundError):
        while not cluster.read(name).is_final:
            if time.monotonic() > end:
                logger.warning(f"pod {name} was told to end, and still runs")
                return
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _LONGEST_S)


def tail_of(cluster: Cluster, name: str) -> bytes:
    """The end of a pod's log; empty where the pod, and so its log, is gone."""
    tail = b""
    with suppress(MLRunNotFoundError):
        for piece in cluster.logs(name):
            tail = (tail + piece)[-TAIL:]
    return tail


def end_run(db: RunDB, run: Run, reason: Reason) -> Run | None:
    """
    End *run*, and those of its children that are live and have no pod of their own; gives it as it is stored,
    or None where it has said itself how it ended. One that is to be tried again waits for that.
    """
    meta, updates = run.metadata, reason.updates
    if reason.state == RunState.ERROR:
        retry.note_failure(run, reason.text, reason=reason.word)
        if run.status.state == RunState.PENDING_RETRY:
            updates = retry.updates(run)
    try:
        ended = Run.from_dict(db.update_run(updates, meta.uid, meta.project, meta.iteration))
    except MLRunConflictError:
        return None
    for child in live_children(db, run):
        if not child.status.process.get("pod"):
            with suppress(MLRunConflictError):
                db.update_run(reason.updates, meta.uid, meta.project, child.metadata.iteration)
    return ended


def live_children(db: RunDB, run: Run) -> list[Run]:
    """The iterations of *run* that have not ended."""
    meta = run.metadata
    if meta.iteration:
        return []
    children = map(Run.from_dict, db.list_runs(uid=meta.uid, project=meta.project, states=_LIVE, iter=True))
    return [child for child in children if child.metadata.iteration]
