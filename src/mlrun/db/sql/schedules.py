"""Schedules, as records; mlrun.db.sql.firings says when they fire."""

from __future__ import annotations

import contextlib
import datetime
from typing import Any
from urllib.parse import quote

from mlrun.backports import fromisoformat
from mlrun.db import records, times
from mlrun.db.base import Labels, Record
from mlrun.db.sql import secrets
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.tables import Tables, store_side
from mlrun.db.sql.where import Where
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.model.answer import Answer
from mlrun.model.cron import cron_trigger
from mlrun.model.query import label_list
from mlrun.model.timetable import Timetable
from mlrun.urls import parse_run_url

COUNTS = ("missed_count", "skipped_count")  # firings that came to nothing
_KINDS = ("job", "pipeline")
_TIMING = ("cron_trigger", "desired_state", "kind")  # parts that say when it fires
_STATES = ("online", "offline")
_FIXED = ("name", "project", "creation_time", "next_run_time", "last_run_uri", *COUNTS)
KEY = "project = :project AND name = :name"
_CREATE = """
INSERT INTO schedules (project, name, search, kind, body, due)
VALUES (:project, :name, :search, :kind, :body, :due)
"""
UPDATE = f"UPDATE schedules SET kind = :kind, body = :body, due = :due WHERE {KEY}"


class Schedules(Tables):
    """The schedules of the port."""

    def create_schedule(self, project: str, schedule: Record) -> Record:
        given = records.as_record(schedule, "a schedule")
        project = project or given.get("project") or records.default_project()
        name = records.required(given.get("name"), "the name of a schedule")
        record = _checked(
            {"kind": "job", "desired_state": "online", "concurrency_limit": 1, "labels": {}}
            | {key: value for key, value in given.items() if value is not None}
            | {"project": project, "name": name, "last_run_uri": None, **dict.fromkeys(COUNTS, 0)}
        )
        table = _timetable(record)
        with self._write(lock_of(project)) as connection:
            now = self._now(connection)
            record |= {"creation_time": now, "next_run_time": next_time(record, table, now)}
            if _found(connection, project, name):
                raise MLRunConflictError(
                    f"schedule {name!r} exists in project {project}; update_schedule() changes it"
                )
            return store_schedule(connection, _CREATE, record)

    def update_schedule(self, project: str, name: str, schedule: Record) -> Record:
        given = records.as_record(schedule, "a schedule")
        project = project or records.default_project()
        changes = {key: value for key, value in given.items() if key not in _FIXED}
        if changes.get("cron_trigger"):
            changes["cron_trigger"] = cron_trigger(changes["cron_trigger"])
            _timetable(changes)
        with self._write(lock_of(project)) as connection:
            before, now = one_schedule(connection, project, name), self._now(connection)
            after = _checked(before | changes)
            table = Timetable(after["cron_trigger"])
            if any(after[part] != before[part] for part in _TIMING):
                after["next_run_time"] = next_time(after, table, now)
            return store_schedule(connection, UPDATE, after)

    def get_schedule(self, project: str, name: str, include_last_run: bool = False) -> Record:
        with self._read() as connection:
            record = one_schedule(connection, project or records.default_project(), name)
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
        with self._write(lock_of(values["project"])) as connection:
            connection.execute(f"DELETE FROM schedules WHERE {KEY}", values)
            secrets.forget(connection, values["project"], hidden_name(name))

    def delete_schedules(self, project: str) -> None:
        project = records.required(project, "the project of the schedules")
        with self._write(lock_of(project)) as connection:
            names = connection.execute("SELECT name FROM schedules WHERE project = :p", {"p": project})
            for (name,) in names.fetchall():
                secrets.forget(connection, project, hidden_name(name))
            connection.execute("DELETE FROM schedules WHERE project = :project", {"project": project})

    def _with_last_run(self, record: Record) -> Record:
        """With the run in ``last_run``; none where it has not run, or the run was deleted."""
        last_run: Record = {}
        if address := record.get("last_run_uri"):
            run = parse_run_url(address)
            with contextlib.suppress(MLRunNotFoundError):
                last_run = self.read_run(run.uid, run.project, run.iter)
        return Answer({**record, "last_run": last_run})


def hidden_name(schedule: str) -> str:
    """Under which secret stands what may be in no record of it."""
    return f"{secrets.OURS}schedules/{quote(schedule, '')}"


def lock_of(project: str) -> str:
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


def _timetable(record: Record) -> Timetable:
    """
    Raises:
        MLRunInvalidArgumentError: It never fires.
    """
    table = Timetable(record["cron_trigger"])
    table.check(datetime.datetime.now(datetime.timezone.utc))
    return table


def next_time(record: Record, table: Timetable, now: str) -> str | None:
    """When the schedule *record* fires for the first time after *now*; None where nobody would run it."""
    if record["desired_state"] != "online" or record["kind"] != "job":
        return None
    following = table.following(fromisoformat(now))
    return times.of_record(following, "next_run_time") if following else None


def _found(connection: Connection, project: str, name: str) -> Any:
    sql = f"SELECT id, body FROM schedules WHERE {KEY}"
    return connection.execute(sql, {"project": project, "name": name}).fetchone()


def one_schedule(connection: Connection, project: str, name: str) -> Record:
    """
    Raises:
        MLRunNotFoundError: There is none.
    """
    found = _found(connection, project, name)
    if not found:
        raise MLRunNotFoundError(f"no schedule {name!r} in project {project}")
    return records.load(found[1])


def store_schedule(connection: Connection, statement: str, record: Record) -> Record:
    project, name = record["project"], record["name"]
    body = records.dump(record, f"schedule {name!r}")
    values = {"project": project, "name": name, "kind": record["kind"], "body": body}
    due = record["next_run_time"]
    connection.execute(statement, {**values, "search": name.casefold(), "due": due})
    owner = _found(connection, project, name)[0]
    labels = {owner: {label: (value,) for label, value in record["labels"].items()}}
    store_side(connection, "schedule_labels", ("value",), labels, [owner])
    return Answer(records.load(body))
