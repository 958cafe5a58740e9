"""Waiting for one run: its log as it comes, and an end even where its pod can not say it any more."""

from __future__ import annotations

import codecs
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from mlrun import files
from mlrun.cluster.base import Cluster
from mlrun.db.base import RunDB
from mlrun.db.liveness import PROCESS_GONE
from mlrun.launcher.owner import UID
from mlrun.launcher.watcher import Watcher
from mlrun.log import logger
from mlrun.model.pod import PodPhase, PodState
from mlrun.model.run import Run, RunState

if TYPE_CHECKING:
    from typing_extensions import Self

_SHORTEST_S, _LONGEST_S = 0.02, 0.5  # between two looks at a log: a tenth of the time that nothing has come
_IDLE_S = 5.0  # whoever waits so long has the time to look after other pods, once
_LATE_S = 3.0  # after the end of a run for its pod to end, too


def wait(db: RunDB, cluster: Cluster, run: Run, show_logs: bool) -> Run:
    """See :meth:`mlrun.launcher.base.Launcher.wait`."""
    key = run.metadata.uid, run.metadata.project
    log, since = Log(db, run, show_logs), time.monotonic()
    idle_at = since + _IDLE_S
    with Following(db, cluster, run) as pod:
        while not log.read():
            if time.monotonic() > idle_at:
                idle_at = float("inf")
                Watcher(db, cluster).look_at_all()
            since = time.monotonic() if log.has_news else since
            pod.changed.wait(min(max((time.monotonic() - since) / 10, _SHORTEST_S), _LONGEST_S))
            pod.changed.clear()
        ended = Run.from_dict(db.read_run(*key))
        # A program says itself how it ended, before the process that runs it has stored all that it printed.
        if (ended.status.reason == PROCESS_GONE or not ended.spec.handler) and pod.over.wait(_LATE_S):
            log.read()
            ended = Run.from_dict(db.read_run(*key))
    return ended


class Log:
    """The log of *run*, printed as it comes."""

    def __init__(self, db: RunDB, run: Run, is_shown: bool) -> None:
        self.has_news = False
        self._db, self._key, self._is_shown = db, (run.metadata.uid, run.metadata.project), is_shown
        self._offset = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a read may end inside a character

    def read(self) -> bool:
        """Print what is new, and say whether the run, or an attempt at it, has ended."""
        state, body = self._db.get_log(*self._key, offset=self._offset)
        self._offset += len(body)
        self.has_news = bool(body)
        if self._is_shown:
            with files.readers_may_go(sys.stdout):
                sys.stdout.write(self._decoder.decode(body))
                sys.stdout.flush()
        return RunState(state).is_final or state == RunState.PENDING_RETRY


class Following:
    """
    A thread that follows the pods of *run*, and of its iterations, while the block runs.

    Args:
        on_change: Called with each state, in that thread.
    """

    def __init__(
        self,
        db: RunDB,
        cluster: Cluster,
        run: Run,
        on_change: Callable[[PodState], object] = lambda state: None,
    ) -> None:
        self._on_change = on_change
        self.changed, self.over = threading.Event(), threading.Event()
        self._stop = threading.Event()
        self._told: set[str] = set()
        self._watcher = Watcher(db, cluster, {UID: run.metadata.uid}, on_change=self._see)

    def __enter__(self) -> Self:
        target, name = self._watcher.follow, "mlrun-wait"
        threading.Thread(target=target, args=[self._stop], name=name, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()  # the thread ends soon, and nobody has to wait for that

    def _see(self, state: PodState) -> None:
        if state.is_final:
            self.over.set()
        self.changed.set()
        self._on_change(state)
        if state.phase == PodPhase.PENDING and state.message and state.reason not in self._told:
            self._told.add(state.reason)
            logger.warning(f"pod {state.name} waits: {state.reason}: {state.message}")
