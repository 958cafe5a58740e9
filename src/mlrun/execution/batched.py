"""The database as one process sees it that runs many short children: what it writes goes in batches."""

from __future__ import annotations

import threading
from typing import Any

from mlrun.db.base import Record, RunDB
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError, err_to_str
from mlrun.execution.flusher import flusher
from mlrun.log import logger

DELAY_S = 0.05  # what a process that is killed may lose: the child that ended within it runs anew

Key = tuple[str, str, int]  # uid, project, iteration


class BatchedDB:
    """
    Passes everything on to *db*; the runs and logs that are stored go together, in one transaction, within
    ``DELAY_S`` and when flushed. Of a run only the newest record counts. Threads may share an instance.

    Logs go before runs: who sees a final state sees the whole log.

    Example::

        db = BatchedDB(get_run_db())
        for child in children:
            db.store_run(child.to_dict(), uid, project, child.metadata.iteration)
        db.flush()
    """

    def __init__(self, db: RunDB) -> None:
        self.db = db
        self.refused: dict[Key, Exception] = {}  # runs that have ended elsewhere, or whose record is wrong
        self._runs: dict[Key, Record] = {}
        self._logs: dict[tuple[str, str], bytes] = {}
        self._lock = threading.Lock()  # of what waits, held for a moment only
        self._storing = threading.RLock()

    def store_run(self, struct: Record, uid: str, project: str = "", iter: int = 0) -> None:
        """
        Raises:
            MLRunConflictError: Somebody has ended the run, which an earlier write has shown.
            MLRunInvalidArgumentError: So was its record wrong.
        """
        key = (uid, project, iter)
        with self._lock:
            if error := self.refused.get(key):
                raise error
            self._runs[key] = struct
        flusher.later(self._write_late, DELAY_S)

    def store_log(
        self, uid: str, project: str = "", body: bytes | str = b"", append: bool = False, once: str = ""
    ) -> None:
        if not append:
            self.flush()
            self.db.store_log(uid, project, body, append, once)
            return
        added = body.encode() if isinstance(body, str) else body
        with self._lock:
            self._logs[uid, project] = self._logs.get((uid, project), b"") + added
        flusher.later(self._write_late, DELAY_S)

    def read_run(self, *args: Any, **kwargs: Any) -> Record:
        self.flush()
        return self.db.read_run(*args, **kwargs)

    def flush(self) -> None:
        """
        Write what waits. What can not be written waits on, except for what the database refuses.

        Raises:
            MLRunBaseError: The database can not be reached.
        """
        flusher.cancel(self._write_late)
        with self._storing:  # so that two flushes can not swap their order
            self._store_logs()
            self._store_runs()

    def _write_late(self) -> None:
        try:
            self.flush()
        except Exception as error:  # in a thread of its own; the last flush tells the user
            logger.warning(f"runs can not be stored now: {err_to_str(error)}")

    def _store_logs(self) -> None:
        with self._lock:
            logs, self._logs = self._logs, {}
        try:
            for (uid, project), body in list(logs.items()):
                self.db.store_log(uid, project, body, append=True)
                del logs[uid, project]
        finally:
            with self._lock:
                for key, body in logs.items():
                    self._logs[key] = body + self._logs.get(key, b"")

    def _store_runs(self) -> None:
        with self._lock:
            runs, self._runs = self._runs, {}
        try:
            self._store_together(runs)
        finally:
            with self._lock:
                self._runs = {**runs, **self._runs}

    def _store_together(self, runs: dict[Key, Record]) -> None:
        """Takes out of *runs* what is settled."""
        if not runs:
            return
        try:
            self.db.store_runs(runs.values())
            runs.clear()
        except (MLRunConflictError, MLRunInvalidArgumentError):
            for key, struct in list(runs.items()):
                self._store_one(key, struct)
                del runs[key]

    def _store_one(self, key: Key, struct: Record) -> None:
        try:
            self.db.store_run(struct, *key)
        except (MLRunConflictError, MLRunInvalidArgumentError) as error:
            self.refused[key] = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self.db, name)

    def __repr__(self) -> str:
        return f"<BatchedDB of {self.db!r}>"
