"""Children of a sweep side by side, each in a pod of its own; one watch sees them all."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from mlrun.db.base import RunDB
from mlrun.errors import (
    MLRunBaseError,
    MLRunConflictError,
    MLRunNotFoundError,
    err_to_str,
)
from mlrun.launcher.base import Function, Record
from mlrun.launcher.owner import Owner
from mlrun.launcher.waiting import Following, Log
from mlrun.log import logger
from mlrun.model.pod import PodState
from mlrun.model.run import Run, RunState

if TYPE_CHECKING:
    from mlrun.launcher.local import LocalLauncher

MOST_CALLS = 8  # of the cluster, side by side
LOOK_S = 5.0  # between two looks at every live child, where no pod changes: a run may end before its pod does
INTERRUPTED, ENDED = "its sweep was interrupted", "its sweep was ended"


class PodChildren:
    """
    Runs the children of one sweep; an instance is for one :meth:`run`.

    A child that has its pod already, as after a driver was killed, keeps it: submitting twice starts one.

    Example::

        for child in PodChildren(launcher, function, parent, secrets).run(children, at_once=4):
            print(child.status.state)

    Args:
        parent: Where somebody ends it, no more children are started, and the live ones are aborted.
        secrets: Of the task, name to value.
    """

    def __init__(self, launcher: LocalLauncher, function: Function, parent: Run, secrets: Record) -> None:
        self._launcher, self._function, self._parent, self._secrets = launcher, function, parent, secrets
        self._live: dict[int, Run] = {}  # by iteration
        self._over: set[int] = set()  # those of which a pod has ended, or could not be started
        self._failed: dict[int, BaseException] = {}  # why it could not
        self._woken = threading.Event()

    def run(self, runs: Iterator[Run], at_once: int) -> Iterator[Run]:
        """
        Give each child when it has ended, in any order; at most *at_once* are live.

        One is taken from *runs* when there is room for it. Left early, those that are live are aborted.
        """
        db, log = self._launcher.db, Log(self._launcher.db, self._parent, is_shown=True)
        calls = ThreadPoolExecutor(min(at_once, MOST_CALLS), thread_name_prefix="mlrun-sweep")
        with Following(db, self._launcher.cluster, self._parent, on_change=self._see):
            try:
                self._start_more(runs, at_once, calls)
                while self._live:
                    ended = self._wait()
                    log.read()
                    yield from ended
                    self._start_more(runs, at_once, calls)
            finally:
                calls.shutdown(cancel_futures=True)
                abort_all(self._launcher, self._live.values(), INTERRUPTED)

    def _start_more(self, runs: Iterator[Run], at_once: int, calls: ThreadPoolExecutor) -> None:
        if is_over(self._parent, self._launcher.db):
            abort_all(self._launcher, self._live.values(), ENDED)
            return
        while len(self._live) < at_once:
            if (child := next(runs, None)) is None:
                return
            self._live[child.metadata.iteration] = child
            calls.submit(self._start, child)

    def _start(self, child: Run) -> None:
        """In a thread of its own."""
        iteration = child.metadata.iteration
        try:
            self._launcher.submit(self._function, child, self._secrets)
        except BaseException as error:  # whatever it is, who waits for the child is told
            self._failed[iteration] = error
            self._over.add(iteration)
        if iteration in self._over:  # it was none of ours when its pod ended
            self._woken.set()

    def _see(self, state: PodState) -> None:
        """In the thread that watches; a run whose pod has ended without a word has been ended before."""
        if state.is_final:
            self._over.add(Owner.of(state).iteration)
            self._woken.set()

    def _wait(self) -> list[Run]:
        """The children that have ended; none where it was for another reason that this came back."""
        is_told = self._woken.wait(LOOK_S)
        self._woken.clear()
        looked_at = [one for one in self._live if one in self._over or not is_told]
        ended = [run for one in looked_at if (run := self._ended(one)) is not None]
        for run in ended:
            del self._live[run.metadata.iteration]
        return ended

    def _ended(self, iteration: int) -> Run | None:
        """
        Raises:
            BaseException: It could not be started, for a reason that is none of the cluster's.
        """
        child, db, error = self._live[iteration], self._launcher.db, self._failed.get(iteration)
        if error is not None and not isinstance(error, MLRunBaseError):
            raise error
        meta = child.metadata
        try:
            seen = Run.from_dict(db.read_run(meta.uid, meta.project, meta.iteration))
        except MLRunNotFoundError:
            return not_there(child, db, err_to_str(error) if error else "its record was deleted")
        return seen if RunState(seen.status.state).is_final else None


def is_over(parent: Run, db: RunDB) -> bool:
    """Whether somebody has ended the sweep, or is about to."""
    try:
        state = db.read_run(parent.metadata.uid, parent.metadata.project)["status"]["state"]
    except MLRunNotFoundError:
        return True
    return RunState(state).is_final or state == RunState.ABORTING


def abort_all(
    launcher: LocalLauncher, children: Iterable[Run], text: str, grace_s: float | None = None
) -> None:
    """End their pods, side by side, for each may take its time of grace; what has ended stays as it is."""

    def abort(child: Run) -> None:
        try:
            launcher.abort(child, text, grace_s)
        except (MLRunConflictError, MLRunNotFoundError):
            pass  # it has ended, or was never stored
        except MLRunBaseError as error:
            logger.warning(f"run {child.key} can not be ended now: {err_to_str(error)}")

    if every := list(children):
        with ThreadPoolExecutor(min(len(every), MOST_CALLS), thread_name_prefix="mlrun-ending") as calls:
            list(calls.map(abort, every))


def not_there(child: Run, db: RunDB, why: str) -> Run:
    """A child that has no record: it was refused before that, or the record was deleted."""
    meta = child.metadata
    child.status.state, child.status.error = RunState.ERROR.value, why
    db.store_run(child.to_dict(), meta.uid, meta.project, meta.iteration)
    return child
