"""Background tasks: what a client was told to ask about later."""

from __future__ import annotations

from typing import Any

from mlrun.db import records, times
from mlrun.db.base import Record
from mlrun.db.sql.tables import Tables
from mlrun.db.sql.where import Where
from mlrun.errors import MLRunNotFoundError
from mlrun.model.answer import Answer

KEPT_DAYS = 7  # after its end
_STATES = ("running", "succeeded", "failed")
_LOCK = "tasks"  # one for all: each writer forgets old ones of others, too
_STORE = """
INSERT INTO background_tasks (project, name, kind, state, created, updated, body)
VALUES (:project, :name, :kind, :state, :created, :updated, :body)
ON CONFLICT (project, name) DO UPDATE SET
    kind = excluded.kind, state = excluded.state, updated = excluded.updated, body = excluded.body
"""
_KEY = "project = :project AND name = :name"
_FORGET = "DELETE FROM background_tasks WHERE updated < :before AND state <> 'running'"


class Tasks(Tables):
    """The background tasks of the port."""

    def store_background_task(self, task: Record) -> Record:
        record = records.as_record(task, "a background task")
        metadata = records.part(record, "metadata", "a background task")
        name = records.required(metadata.get("name"), "the name of a background task")
        what = f"background task {name!r}"
        status = records.part(record, "status", what)
        state = records.one_of(str(status.get("state") or "running"), _STATES, "state of background tasks")
        values = {"project": str(metadata.get("project") or ""), "name": name, "state": state}
        values["kind"] = str(metadata.get("kind") or "")
        with self._write(_LOCK) as connection:
            sql = f"SELECT created FROM background_tasks WHERE {_KEY}"
            before = connection.execute(sql, values).fetchone()
            now = times.now()
            created = before[0] if before else times.of_record(metadata.get("created") or now, what)
            metadata |= {"created": created, "updated": now}
            record |= {"kind": "BackgroundTask", "metadata": metadata, "status": {**status, "state": state}}
            record.setdefault("spec", {})
            values |= {"created": created, "updated": now, "body": records.dump(record, what)}
            connection.execute(_STORE, values)
            connection.execute(_FORGET, {"before": times.days_before_now(KEPT_DAYS)})
        return Answer(records.load(values["body"]))

    def get_background_task(self, name: str, project: str = "") -> Record:
        sql = f"SELECT body FROM background_tasks WHERE {_KEY}"
        with self._read() as connection:
            found = connection.execute(sql, {"project": project or "", "name": name}).fetchone()
        if not found:
            raise MLRunNotFoundError(
                f"no background task {name!r}" + (f" in project {project}" if project else "")
            )
        return Answer(records.load(found[0]))

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
        with self._read() as connection:
            where = Where(connection, "background_tasks")
            where.add("project = :project", project=project or "")
            where.equal("name", name)
            where.equal("kind", kind)
            where.equal("state", records.one_of(state, _STATES, "state of background tasks") if state else "")
            where.between(
                "created",
                times.of_caller(created_from, "created_from"),
                times.of_caller(created_to, "created_to"),
            )
            where.between(
                "updated",
                times.of_caller(last_update_time_from, "last_update_time_from"),
                times.of_caller(last_update_time_to, "last_update_time_to"),
            )
            sql = f"SELECT body FROM background_tasks WHERE {where} ORDER BY created DESC, name"
            return [
                Answer(records.load(body)) for (body,) in connection.execute(sql, where.values).fetchall()
            ]
