"""Schedules, as records: nothing fires them here."""

from __future__ import annotations

from typing import Any

from mlrun.db import records, times
from mlrun.db.base import Labels, Record
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.tables import Tables, store_side
from mlrun.db.sql.where import Where
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.model.answer import Answer
from mlrun.model.cron import cron_trigger
from mlrun.model.query import label_list

_KINDS = ("job", "pipeline")
_STATES = ("online", "offline")
_FIXED = ("name", "project", "creation_time")
_KEY = "project = :project AND name = :name"
_CREATE = """
INSERT INTO schedules (project, name, search, kind, body) VALUES (:project, :name, :search, :kind, :body)
"""
_UPDATE = f"UPDATE schedules SET kind = :kind, body = :body WHERE {_KEY}"


class Schedules(Tables):
    """The schedules of the port."""

    def create_schedule(self, project: str, schedule: Record) -> Record:
        given = records.as_record(schedule, "a schedule")
        project = project or given.get("project") or records.default_project()
        name = records.required(given.get("name"), "the name of a schedule")
        now = times.now()
        record = _checked(
            {"kind": "job", "desired_state": "online", "concurrency_limit": 1, "labels": {}}
            | {key: value for key, value in given.items() if value is not None}
            | {"project": project, "name": name, "creation_time": now, "next_run_time": None}
        )
        record.setdefault("last_run_uri", None)
        with self._write(_lock_of(project)) as connection:
            if _found(connection, project, name):
                raise MLRunConflictError(
                    f"schedule {name!r} exists in project {project}; update_schedule() changes it"
                )
            return _store(connection, _CREATE, record)

    def update_schedule(self, project: str, name: str, schedule: Record) -> Record:
        given = records.as_record(schedule, "a schedule")
        project = project or records.default_project()
        changes = {
            key: value for key, value in given.items() if key not in ("name", "project", "creation_time")
        }
        with self._write(_lock_of(project)) as connection:
            before = _one(connection, project, name)
            return _store(connection, _UPDATE, _checked(before | changes))

    def get_schedule(self, project: str, name: str, include_last_run: bool = False) -> Record:
        with self._read() as connection:
            record = _one(connection, project or records.default_project(), name)
        return Answer(self._with_last_run(record) if include_last_run else record)

    def list_schedules(
        self,
        project: str = "",
        name: str = "",
        kind: str = "",
        include_last_run: bool = False,
        labels: Labels = None,
    ) -> Record:
        kind = str(getattr(kind, "value", kind) or "")
        with self._read() as connection:
            where = Where(connection, "schedules")
            where.project(project)
            where.name(name or "")
            where.equal("kind", records.one_of(kind, _KINDS, "kind of schedules") if kind else "")
            where.labels(label_list(labels), "schedule_labels")
            sql = f"SELECT body FROM schedules WHERE {where} ORDER BY project, name"
            found = [records.load(body) for (body,) in connection.execute(sql, where.values).fetchall()]
        return Answer({"schedules": [self._with_last_run(one) if include_last_run else one for one in found]})

    def delete_schedule(self, project: str, name: str) -> None:
        values = {"project": project or records.default_project(), "name": name}
        with self._write(_lock_of(values["project"])) as connection:
            connection.execute(f"DELETE FROM schedules WHERE {_KEY}", values)

    def delete_schedules(self, project: str) -> None:
        project = records.required(project, "the project of the schedules")
        with self._write(_lock_of(project)) as connection:
            connection.execute("DELETE FROM schedules WHERE project = :project", {"project": project})

    def _with_last_run(self, record: Record) -> Record:
        """With the run in ``last_run``; none where it has not run, or the run was deleted."""
        project, _, uid = str(record.get("last_run_uri") or "").partition("@")[0].rpartition("/")
        try:
            last_run = self.read_run(uid.partition("#")[0], project) if uid else {}
        except MLRunNotFoundError:
            last_run = {}
        return {**record, "last_run": last_run}


def _lock_of(project: str) -> str:
    return f"schedules/{project}"


def _checked(record: Record) -> Record:
    """
    Raises:
        MLRunInvalidArgumentError: A trigger, kind, state or limit that is none.
    """
    what = f"schedule {record['name']!r}"
    limit = record["concurrency_limit"]
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise MLRunInvalidArgumentError(f"concurrency_limit={limit!r} of {what} counts runs, from 1")
    state = str(getattr(record["desired_state"], "value", record["desired_state"]))
    kind = str(getattr(record["kind"], "value", record["kind"]))
    return {
        **record,
        "kind": records.one_of(kind, _KINDS, "kind of schedules"),
        "desired_state": records.one_of(state, _STATES, "state of schedules"),
        "state": state,
        "labels": records.labels_of(record, what),
        "cron_trigger": cron_trigger(record.get("cron_trigger")),
    }


def _found(connection: Connection, project: str, name: str) -> Any:
    sql = f"SELECT id, body FROM schedules WHERE {_KEY}"
    return connection.execute(sql, {"project": project, "name": name}).fetchone()


def _one(connection: Connection, project: str, name: str) -> Record:
    """
    Raises:
        MLRunNotFoundError: There is none.
    """
    found = _found(connection, project, name)
    if not found:
        raise MLRunNotFoundError(f"no schedule {name!r} in project {project}")
    return records.load(found[1])


def _store(connection: Connection, statement: str, record: Record) -> Record:
    project, name = record["project"], record["name"]
    body = records.dump(record, f"schedule {name!r}")
    values = {"project": project, "name": name, "kind": record["kind"], "body": body}
    connection.execute(statement, {**values, "search": name.casefold()})
    owner = _found(connection, project, name)[0]
    labels = {owner: {label: (value,) for label, value in record["labels"].items()}}
    store_side(connection, "schedule_labels", ("value",), labels, [owner])
    return Answer(records.load(body))
