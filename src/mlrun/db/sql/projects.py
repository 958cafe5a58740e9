"""Projects: their records, and what is counted and deleted with them."""

from __future__ import annotations

from typing import Any

from mlrun.db import records
from mlrun.db.base import Labels, Record
from mlrun.db.changes import merged
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.secrets import OURS
from mlrun.db.sql.tables import Tables, owner_and_labels, store_labels
from mlrun.db.sql.where import Where
from mlrun.errors import MLRunConflictError, MLRunNotFoundError, MLRunPreconditionFailedError
from mlrun.model.query import label_list

_FORMATS = ("full", "name_only")
_STRATEGIES = ("check", "restricted", "cascade")
_NAMING = ("runs", "artifacts", "functions")  # a project with these is one, without a record of its own
_COUNTED = {
    **{table: "project = :name" for table in (*_NAMING, "schedules", "datastore_profiles")},
    "project_secrets": f"project = :name AND name NOT LIKE '{OURS}%'",
}
_DELETED = (*_COUNTED, "logs", "metrics", "background_tasks", "submissions")
_KEY = "owner.name = :name"
_CREATE = "INSERT INTO projects (name, owner, state, body) VALUES (:name, :owner, :state, :body)"
_STORE = f"""{_CREATE}
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, state = excluded.state, body = excluded.body
"""
# A table of many rows has few projects: each is found by one step in the index, from the one before.
_NEXT = "SELECT MIN(project) FROM {table} WHERE project > :last"


class Projects(Tables):
    """The projects of the port."""

    def create_project(self, project: Record) -> Record:
        row = _Row(project)
        name = row.values["name"]
        with self._write(f"projects/{name}") as connection:
            if connection.execute("SELECT 1 FROM projects WHERE name = :name", row.values).fetchone():
                raise MLRunConflictError(f"project {name!r} exists; store_project({name!r}, ...) replaces it")
            return row.store(connection, _CREATE)

    def store_project(self, name: str, project: Record) -> Record:
        row = _Row(project, records.required(name, "the name of a project"))
        with self._write(f"projects/{name}") as connection:
            return row.store(connection, _STORE)

    def patch_project(self, name: str, project: Record, patch_mode: str = "replace") -> Record:
        changes = records.as_record(project, "a project")
        mode = str(getattr(patch_mode, "value", patch_mode))
        with self._write(f"projects/{name}") as connection:
            row = _Row(merged(_one(connection, name), changes, mode), name)
            return row.store(connection, _STORE)

    def get_project(self, name: str) -> Record:
        with self._read() as connection:
            return _one(connection, name)

    def list_projects(
        self, owner: str = "", format_: str = "full", labels: Labels = None, state: str = "", **kwargs: Any
    ) -> list[Any]:
        records.refuse_unknown(kwargs, self.list_projects)
        records.one_of(format_ or "full", _FORMATS, "format of projects")
        with self._read() as connection:
            where = Where(connection, "projects")
            where.equal("owner", owner)
            where.equal("state", state)
            where.labels(label_list(labels), "project_labels")
            sql = f"SELECT name, body FROM projects WHERE {where}"
            found = {name: records.load(body) for name, body in connection.execute(sql, where.values)}
            if not where:  # those without a record have no owner, state and labels
                found = {name: _unstored(name) for name in _with_records(connection)} | found
        return sorted(found) if format_ == "name_only" else [found[name] for name in sorted(found)]

    def delete_project(self, name: str, deletion_strategy: str = "restricted") -> None:
        strategy = records.one_of(str(deletion_strategy), _STRATEGIES, "deletion strategy")
        with self._write() as connection:
            if strategy != "cascade":
                _refuse_full(connection, name)
            if strategy != "check":
                for table in _DELETED:
                    connection.execute(f"DELETE FROM {table} WHERE project = :name", {"name": name})
                connection.execute("DELETE FROM projects WHERE name = :name", {"name": name})


class _Row:
    """One project as a row of the table; making it checks it."""

    def __init__(self, project: Record, name: str = "") -> None:
        record = records.as_record(project, "a project")
        metadata = records.part(record, "metadata", "a project")
        name = records.required(name or metadata.get("name"), "the name of a project")
        self.labels = records.labels_of(metadata, f"project {name}")
        record["metadata"] = {**metadata, "name": name}
        self.values = {
            "name": name,
            "owner": str(records.part(record, "spec", name).get("owner") or ""),
            "state": str(records.part(record, "status", name).get("state") or "online"),
            "body": records.dump(record, f"project {name}"),
        }

    def store(self, connection: Connection, statement: str) -> Record:
        connection.execute(statement, self.values)
        owner, before = owner_and_labels(connection, "projects", "project_labels", _KEY, dict(self.values))
        store_labels(connection, "project_labels", owner, self.labels, before)
        return records.load(self.values["body"])


def _one(connection: Connection, name: str) -> Record:
    """
    Raises:
        MLRunNotFoundError: There is none.
    """
    found = connection.execute("SELECT body FROM projects WHERE name = :name", {"name": name}).fetchone()
    if not found:
        raise MLRunNotFoundError(f"no project {name!r}")
    return records.load(found[0])


def _with_records(connection: Connection) -> set[str]:
    names: set[str] = set()
    for table in _NAMING:
        last: str | None = ""
        while last := connection.execute(_NEXT.format(table=table), {"last": last}).fetchone()[0]:
            names.add(last)
    return names


def _unstored(name: str) -> Record:
    return {"kind": "project", "metadata": {"name": name}, "spec": {}, "status": {"state": "online"}}


def _refuse_full(connection: Connection, name: str) -> None:
    counts = {
        table: connection.execute(
            f"SELECT COUNT(*) FROM {table} WHERE {of_project}", {"name": name}
        ).fetchone()[0]
        for table, of_project in _COUNTED.items()
    }
    if any(counts.values()):
        held = ", ".join(f"{count} {table.replace('_', ' ')}" for table, count in counts.items() if count)
        raise MLRunPreconditionFailedError(
            f"project {name!r} holds {held}; delete_project({name!r}, 'cascade') deletes them as well"
        )
