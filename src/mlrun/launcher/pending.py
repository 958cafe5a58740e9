"""Why a run that an API server starts has not begun yet."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from mlrun.db.http import HTTPRunDB
from mlrun.errors import MLRunBaseError, err_to_str
from mlrun.log import logger
from mlrun.model.pod import PodPhase
from mlrun.model.run import Run, RunState

if TYPE_CHECKING:
    from typing_extensions import Self

FIRST_S, EVERY_S = 3.0, 5.0  # most runs begin before it is asked for the first time
_WAITING = (RunState.CREATED, RunState.PENDING, RunState.PENDING_RETRY)


class Pending:
    """
    A thread that logs why *run* waits, each reason once, until it has begun or the block ends.

    Example::

        with Pending(db, run):
            db.watch_log(uid, project)
    """

    def __init__(self, db: HTTPRunDB, run: Run, first_s: float = FIRST_S) -> None:
        self._db, self._run, self._first_s = db, run, first_s
        self._stop = threading.Event()
        self._told: set[str] = set()
        self.thread = threading.Thread(target=self._look, name="mlrun-pending", daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()  # the thread ends soon, and nobody has to wait for that

    def _look(self) -> None:
        pause_s = self._first_s
        while not self._stop.wait(pause_s):
            pause_s = EVERY_S
            try:
                if not self.tell():
                    return
            except MLRunBaseError as error:  # a login that may not see pods, say
                logger.debug(f"why run {self._run.key} waits is not known: {err_to_str(error)}")
                return

    def tell(self) -> bool:
        """
        Log what is new, and say whether the run still waits.

        Raises:
            MLRunBaseError: The server can not be asked.
        """
        meta = self._run.metadata
        seen = Run.from_dict(self._db.read_run(meta.uid, meta.project))
        if seen.status.state not in _WAITING:
            return False
        pods = list(self._pods())
        for pod in pods:
            self._say_once(pod["name"], pod.get("status") or {})
        if not pods and seen.status.state != RunState.PENDING_RETRY and "" not in self._told:
            self._told.add("")
            logger.info(
                f"run {self._run.key} has no pod yet: it waits for its turn, or for its pod to be made"
            )
        return True

    def _say_once(self, name: str, status: dict[str, Any]) -> None:
        reason, message = status.get("reason") or "", status.get("message") or ""
        if message and reason not in self._told:
            self._told.add(reason)
            logger.warning(f"pod {name} waits: {reason}: {message}")

    def _pods(self) -> Iterator[dict[str, Any]]:
        """Those that have not begun; one of an earlier attempt has ended."""
        meta = self._run.metadata
        for group in self._db.list_runtime_resources(meta.project, object_id=meta.uid):
            for pod in group["resources"]["pod_resources"]:
                if str((pod.get("status") or {}).get("phase")).lower() == PodPhase.PENDING:
                    yield pod
