"""Background tasks: what a client was told to ask about later, kept with the records."""

from __future__ import annotations

import uuid
from contextlib import suppress

from mlrun.db.base import Record, RunDB
from mlrun.errors import MLRunNotFoundError


class Tasks:
    """
    Tells clients of work; every server of the same database answers what became of it, also after a restart.

    Example::

        task = tasks.begin("run.abort", "default")
        name = task["metadata"]["name"]
        tasks.end(name, "default")
        db.get_background_task(name, "default")["status"]["state"]  # "succeeded"
    """

    def __init__(self, db: RunDB) -> None:
        self._db = db

    def begin(self, kind: str, project: str) -> Record:
        """A task whose work goes on."""
        metadata = {"name": uuid.uuid4().hex, "kind": kind, "project": project}
        return self._store(metadata, {"state": "running"})

    def end(self, name: str, project: str, error: str = "") -> Record:
        """It is over: succeeded, or failed because of *error*."""
        task = self._db.get_background_task(name, project)
        status = {"state": "failed", "error": error} if error else {"state": "succeeded"}
        return self._store(task["metadata"], status)

    def end_of(self, how: Record, project: str, error: str = "") -> None:
        """The task of an ending is over, where *how* it was asked for names one."""
        if name := how.get("task"):
            with suppress(MLRunNotFoundError):  # the project was deleted
                self.end(name, project, error)

    def add_done(self, kind: str, project: str) -> Record:
        """A task whose work has been done already."""
        metadata = {"name": uuid.uuid4().hex, "kind": kind, "project": project}
        return self._store(metadata, {"state": "succeeded"})

    def _store(self, metadata: Record, status: Record) -> Record:
        return self._db.store_background_task(
            {"kind": "BackgroundTask", "metadata": metadata, "spec": {}, "status": status}
        )
