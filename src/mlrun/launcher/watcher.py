"""Follows the pods of runs, and ends the runs whose pod is gone without their having said so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from mlrun.cluster.base import Cluster, Selector
from mlrun.config import mlconf
from mlrun.db.base import RunDB
from mlrun.db.liveness import PROCESS_GONE
from mlrun.errors import MLRunBaseError, err_to_str
from mlrun.launcher import thresholds
from mlrun.launcher.aside import side_by_side
from mlrun.launcher.clock import seconds_since
from mlrun.launcher.ending import Reason, begin_to_abort, end_run, gone, reason_of, tail_of
from mlrun.launcher.lost import MANAGED_BY, lost_runs
from mlrun.launcher.owner import attempt_of, run_of
from mlrun.log import logger
from mlrun.model.pod import PodState
from mlrun.model.run import Run, RunState

LOOK_EVERY_S = 5.0
ABORTS_WITHIN_S = (
    0.5  # or goes on beside: a pod has its time of grace, and other pods are looked after meanwhile
)


class Watcher:
    """
    Follows the pods of *cluster* that belong to runs in *db*; those of other databases it leaves alone.

    A run's status has one writer, its context in the pod. The watcher writes where that one can not any
    more: the pod is gone, or is longer in a state than the run's thresholds allow. Several watchers may look
    at the same pods: what one has done changes nothing for the other. Threads may share an instance.

    Example::

        stop = threading.Event()
        threading.Thread(target=Watcher(db, cluster).follow, args=[stop]).start()

    Args:
        selector: Only pods with these labels; by default every one of ours.
        on_end: Called with each run that this watcher has ended.
        on_change: Called with each state, after it was seen to.
    """

    def __init__(
        self,
        db: RunDB,
        cluster: Cluster,
        selector: Selector = MANAGED_BY,
        on_end: Callable[[Run], object] = lambda run: None,
        on_change: Callable[[PodState], object] = lambda state: None,
    ) -> None:
        self._db, self._cluster, self._selector = db, cluster, selector
        self._on_end, self._on_change = on_end, on_change
        self._pods: dict[str, PodState] = {}
        self._settled: set[str] = set()  # names of those that have ended, with their run
        self._being_aborted: set[str] = set()
        self._lock = threading.RLock()  # one look at a time

    def follow(self, stop: threading.Event) -> None:
        """See every change until *stop* is set; a thread of its own does what only time asks for."""
        clock = threading.Thread(target=self._tick, args=[stop], name="mlrun-watcher", daemon=True)
        clock.start()
        try:
            for state in self._cluster.watch(self._selector, stop):
                if stop.is_set():
                    break
                self._safely(self.see, state)
                self._on_change(state)
        finally:
            stop.set()
            clock.join()

    def see(self, state: PodState) -> None:
        """
        Do what a pod's state asks for.

        Raises:
            MLRunBaseError: The database or the cluster can not be asked now; :meth:`look` tries again.
        """
        with self._lock:
            self._pods[state.name] = state
            if state.is_final and state.name not in self._settled:
                self._settle(state)

    def look(self) -> None:
        """
        Do what only time asks for: thresholds that are passed, ended pods that were kept long enough.

        Raises:
            MLRunBaseError: As :meth:`see`.
        """
        with self._lock:
            for state in list(self._pods.values()):
                if not state.is_final:
                    self._hold_to_thresholds(state)
                elif state.name not in self._settled:
                    self._settle(state)
                elif seconds_since(state.ended) > float(mlconf.cluster.keep_ended):
                    self._forget(state)

    def look_at_all(self) -> None:
        """One look at every pod, for where nobody follows them: a laptop's, some time."""
        self._safely(self._see_all)
        self._safely(self.look)

    def end_lost(self) -> None:
        """
        End runs that were running in a pod that is not there any more: it went while nobody watched.

        A run that waits for its pod is left to whoever starts it.

        Raises:
            MLRunBaseError: As :meth:`see`.
        """
        for run in lost_runs(self._db, self._cluster):
            if run.status.state not in (RunState.CREATED, RunState.PENDING, RunState.PENDING_RETRY):
                self._write(run, reason_of(gone(run.status.process["pod"]), run, b""))

    def _tick(self, stop: threading.Event) -> None:
        while not stop.wait(LOOK_EVERY_S):
            self._safely(self.look)

    def _safely(self, action: Callable[..., None], *arguments: PodState) -> None:
        """A database or cluster that is away for a while ends no watcher."""
        try:
            action(*arguments)
        except MLRunBaseError as error:
            logger.warning(f"pods can not be looked after now: {err_to_str(error)}")

    def _see_all(self) -> None:
        for state in self._cluster.list(self._selector):
            self.see(state)

    def _settle(self, state: PodState) -> None:
        """End the run of a pod that has ended, unless it has said itself how it ended."""
        run = run_of(state, self._db)
        if run is not None and _is_its_pod(run, state):
            is_final = RunState(run.status.state).is_final
            if run.status.state == RunState.PENDING_RETRY:
                self._explain_attempt(run, state)
            elif not is_final or run.status.reason == PROCESS_GONE:
                self._end(run, state, is_final)
        self._settled.add(state.name)

    def _end(self, run: Run, state: PodState, is_final: bool) -> None:
        """
        Args:
            is_final: A reader has ended the run, and could not know why its process is gone.
        """
        tail, meta = tail_of(self._cluster, state.name), run.metadata
        if tail and not self._db.get_log_size(meta.uid, meta.project):  # it never came so far as to log
            self._db.store_log(meta.uid, meta.project, tail, append=True)
        reason = reason_of(state, run, tail)
        if not is_final or reason.state == run.status.state:
            self._write(run, reason)

    def _explain_attempt(self, run: Run, state: PodState) -> None:
        """Say why an attempt has failed that a reader has ended; others have said so themselves."""
        retries = run.status.retries
        if run.status.reason != PROCESS_GONE or not retries or retries[-1].get("pod") != state.name:
            return
        reason = reason_of(state, run, tail_of(self._cluster, state.name))
        updates = {
            "status.error": reason.text,
            "status.reason": reason.word,
            "status.retries": [*retries[:-1], {**retries[-1], "error": reason.text}],
        }
        self._db.update_run(updates, run.metadata.uid, run.metadata.project)

    def _write(self, run: Run, reason: Reason) -> None:
        if (ended := end_run(self._db, run, reason)) is not None:
            logger.warning(f"run {run.key} is {reason.state}: {reason.text}")
            self._on_end(ended)

    def _hold_to_thresholds(self, state: PodState) -> None:
        run = run_of(state, self._db)
        if run is None or not _is_its_pod(run, state):
            return
        if run.status.state == RunState.ABORTED:  # in the records only, by somebody who had no cluster
            self._cluster.delete(state.name, state.kind)
        if RunState(run.status.state).is_final:
            return
        text = thresholds.passed(state, run.spec.state_thresholds)
        if text and state.name not in self._being_aborted:
            reason = Reason(RunState.ABORTED, text, "ThresholdPassed")
            self._being_aborted.add(state.name)
            side_by_side([partial(self._abort, run, state, reason)], 1, ABORTS_WITHIN_S)

    def _abort(self, run: Run, state: PodState, reason: Reason) -> None:
        try:
            if begin_to_abort(self._db, self._cluster, run, state, reason):
                self._write(run, reason)
        finally:
            self._being_aborted.discard(state.name)

    def _forget(self, state: PodState) -> None:
        if run_of(state, self._db) is not None:
            self._cluster.delete(state.name, state.kind)
        self._pods.pop(state.name, None)
        self._settled.discard(state.name)


def _is_its_pod(run: Run, state: PodState) -> bool:
    """
    The pod of an earlier attempt says nothing about the one that is under way, nor does that of a sweep which
    a process drives since then.
    """
    if process := run.status.process:
        return bool(process.get("pod") == state.name)
    return attempt_of(state) == run.status.retry_count
