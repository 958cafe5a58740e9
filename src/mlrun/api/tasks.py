"""Background tasks: what a client was told to ask about later; they live as long as the server."""

from __future__ import annotations

import datetime
import threading
import uuid
from typing import Any

from mlrun.errors import MLRunNotFoundError

MOST = 1000  # remembered; the oldest is forgotten first


class Tasks:
    """
    Records of tasks by name; threads may share it.

    Example::

        task = tasks.add_done("run.abort", "default")
        tasks.get(task["metadata"]["name"])["status"]["state"]  # "succeeded"
    """

    def __init__(self) -> None:
        self._records: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def add_done(self, kind: str, project: str) -> dict[str, Any]:
        """A task whose work has been done already."""
        name, now = uuid.uuid4().hex, datetime.datetime.now(datetime.UTC).isoformat()
        metadata = {"name": name, "kind": kind, "project": project, "created": now, "updated": now}
        task: dict[str, Any] = {
            "kind": "BackgroundTask",
            "metadata": metadata,
            "spec": {},
            "status": {"state": "succeeded"},
        }
        with self._lock:
            self._records[name] = task
            if len(self._records) > MOST:
                del self._records[next(iter(self._records))]
        return task

    def get(self, name: str, project: str = "") -> dict[str, Any]:
        """
        Raises:
            MLRunNotFoundError: No such task.
        """
        with self._lock:
            task = self._records.get(name)
        if task is None or (project and task["metadata"]["project"] != project):
            raise MLRunNotFoundError(f"no background task {name!r}; a server forgets them when it stops")
        return task

    def list(self, project: str = "") -> list[dict[str, Any]]:
        """Newest first."""
        with self._lock:
            tasks = list(self._records.values())
        return [task for task in reversed(tasks) if project in ("", task["metadata"]["project"])]
