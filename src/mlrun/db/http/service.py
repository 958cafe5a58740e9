"""Schedules, background tasks and notifications of runs over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from mlrun.db import records, times
from mlrun.db.base import Labels, Record
from mlrun.db.http.delivery import Delivery
from mlrun.db.http.paths import json_of, only_given, place
from mlrun.db.http.run_messages import key_of
from mlrun.db.messages import Message
from mlrun.errors import MLRunNotImplementedServerError
from mlrun.model.answer import Answer
from mlrun.model.base import dump_json
from mlrun.model.query import label_list


class Service(Delivery):
    """What the port has for a service."""

    def create_schedule(self, project: str, schedule: Record) -> Record:
        record = records.as_record(schedule, "a schedule")
        body = records.dump(record, "a schedule").encode()
        answer = json_of(self._ask(Message("POST", f"v1/{place(project, 'schedules')}", body=body)))
        return Answer(answer) if answer else self.get_schedule(project, str(record.get("name")))

    def update_schedule(self, project: str, name: str, schedule: Record) -> Record:
        body = records.dump(records.as_record(schedule, "a schedule"), f"schedule {name}").encode()
        message = Message("PUT", f"v1/{place(project, 'schedules', name)}", body=body)
        answer = json_of(self._ask(message, is_safe=True))
        return Answer(answer) if answer else self.get_schedule(project, name)

    def get_schedule(self, project: str, name: str, include_last_run: bool = False) -> Record:
        params = only_given(include_last_run=bool(include_last_run))
        found: Record = self._get(f"v1/{place(project, 'schedules', name)}", params)
        return Answer(found)

    def list_schedules(
        self,
        project: str = "",
        name: str = "",
        kind: str = "",
        include_last_run: bool = False,
        labels: Labels = None,
    ) -> Record:
        params = only_given(
            name=name, kind=kind, labels=label_list(labels), include_last_run=bool(include_last_run)
        )
        found: Record = self._get(f"v1/{place(project or '*', 'schedules')}", params)
        return Answer(found)

    def invoke_schedule(self, project: str, name: str) -> Record:
        message = Message("POST", f"v1/{place(project, 'schedules', name, 'invoke')}")
        return Answer(json_of(self._ask(message)).get("data") or {})

    def delete_schedule(self, project: str, name: str) -> None:
        self._ask(Message("DELETE", f"v1/{place(project, 'schedules', name)}"), is_safe=True)

    def delete_schedules(self, project: str) -> None:
        self._ask(Message("DELETE", f"v1/{place(project, 'schedules')}"), is_safe=True)

    # background tasks

    def store_background_task(self, task: Record) -> Record:
        """
        Raises:
            MLRunNotImplementedServerError: Always: a server's tasks are its own.
        """
        raise MLRunNotImplementedServerError(
            f"the background tasks of {self.wire.url} are made by the server itself;"
            " get_background_task() and list_background_tasks() read them"
        )

    def get_background_task(self, name: str, project: str = "") -> Record:
        scope = f"{place(project)}/" if project else ""
        task = quote(records.required(name, "the name of a background task"), safe="")
        found: Record = self._get(f"v1/{scope}background-tasks/{task}")
        return Answer(found)

    def list_background_tasks(
        self,
        project: str = "",
        name: str = "",
        kind: str = "",
        state: str = "",
        created_from: Any = None,
        created_to: Any = None,
        last_update_time_from: Any = None,
        last_update_time_to: Any = None,
    ) -> list[Record]:
        params = only_given(
            name=name,
            kind=kind,
            state=state,
            created_from=times.of_caller(created_from, "created_from"),
            created_to=times.of_caller(created_to, "created_to"),
            last_update_time_from=times.of_caller(last_update_time_from, "last_update_time_from"),
            last_update_time_to=times.of_caller(last_update_time_to, "last_update_time_to"),
        )
        scope = f"{place(project)}/" if project else ""
        found: list[Record] = self._get(f"v1/{scope}background-tasks", params)["background_tasks"]
        return [Answer(task) for task in found]

    # notifications

    def store_run_notifications(
        self,
        notification_objects: list[Any],
        run_uid: str,
        project: str = "",
        mask_params: bool = True,
        iter: int = 0,
    ) -> None:
        scope, uid, number = key_of(run_uid, project, iter)
        notifications = [records.as_record(one, "a notification") for one in notification_objects]
        body = dump_json({"notifications": notifications})
        params = only_given(iter=number)
        message = Message("PUT", f"v1/{place(scope, 'runs', uid, 'notifications')}", params, body)
        self._ask(message, is_safe=True)

    def set_run_notifications(self, project: str, runs: list[Any], notifications: list[Any]) -> None:
        for run in runs:
            metadata: Record = {"uid": run}
            if not isinstance(run, str):
                metadata = records.part(records.as_record(run, "a run"), "metadata", "a run")
            scope = project or metadata.get("project", "")
            self.store_run_notifications(
                notifications, metadata.get("uid", ""), scope, iter=metadata.get("iteration") or 0
            )
