"""Asking a server to run what it has the records of."""

from __future__ import annotations

from typing import Any

from mlrun.config import mlconf
from mlrun.db import records
from mlrun.db.base import Record
from mlrun.db.http.delivery import Delivery
from mlrun.db.http.paths import json_of, place
from mlrun.db.messages import Message


class Submit(Delivery):
    """What only a server can do."""

    def submit_job(self, runspec: Any, schedule: Any = None) -> Record:
        """
        Have the server run *runspec* (a task or run, or its dictionary), now or at the times of *schedule*.

        Args:
            schedule: Five fields, or the dictionary form of ``create_schedule``.

        Returns:
            The run as the server has it, else ``{"schedule", "project", "name", "action"}``.

        Raises:
            MLRunServiceUnavailableError: The server is away.
            MLRunBaseError: What the server raised.
        """
        body: Record = {"task": records.as_record(runspec, "a task")}
        if schedule is not None:
            body["schedule"] = (
                schedule if isinstance(schedule, str) else records.as_record(schedule, "a schedule")
            )
        message = Message("POST", "v1/submit_job", body=records.dump(body, "a task").encode())
        answer = self._ask(message, timeout_s=float(mlconf.submit_timeout))
        found: Record = json_of(answer).get("data", {})
        return found

    def resubmit_run(self, uid: str, project: str = "", secrets: Record | None = None) -> Record:
        """
        Have the server go on with a sweep that it drives, and that has ended in the middle.

        Args:
            secrets: Of the task, by name, where it had some inline.

        Returns:
            The run as the server has it.

        Raises:
            MLRunBaseError: What the server raised.
        """
        body = records.dump({"secrets": dict(secrets or {})}, "secrets").encode()
        path = f"v1/{place(project or records.default_project(), 'runs', uid, 'resubmit')}"
        found: Record = json_of(self._ask(Message("POST", path, body=body))).get("data", {})
        return found
