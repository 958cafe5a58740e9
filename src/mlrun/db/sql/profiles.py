"""Datastore profiles of projects: how ``ds://name/path`` is reached."""

from __future__ import annotations

from mlrun.db import records
from mlrun.db.base import Record
from mlrun.db.sql import secrets
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.tables import Tables
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.model.answer import Answer

_STORE = """
INSERT INTO datastore_profiles (project, name, type, object) VALUES (:project, :name, :type, :object)
ON CONFLICT (project, name) DO UPDATE SET type = excluded.type, object = excluded.object
"""
_KEY = "project = :project AND name = :name"
_PUBLIC = "SELECT name, type, object, project FROM datastore_profiles"


class Profiles(Tables):
    """The datastore profiles of the port."""

    def store_datastore_profile(self, profile: Record, project: str = "") -> None:
        record = records.as_record(profile, "a datastore profile")
        name = records.required(record.get("name"), "the name of a datastore profile")
        what = f"datastore profile {name!r}"
        values = {
            "project": project or record.get("project") or records.default_project(),
            "name": name,
            "type": records.required(record.get("type"), f"the type of {what}"),
            "object": _text(record, "object", what),
        }
        private = _text(record, "private", what)
        with self._write(*_locks(values["project"])) as connection:
            connection.execute(_STORE, values)
            secrets.forget(connection, values["project"], _private_key(name))
            if private:
                secrets.keep(connection, values["project"], _private_key(name), private)

    def get_datastore_profile(self, name: str, project: str = "") -> Record:
        values = {"project": project or records.default_project(), "name": name}
        with self._read() as connection:
            return _one(connection, values)

    def list_datastore_profiles(self, project: str = "") -> list[Record]:
        sql = f"{_PUBLIC} WHERE project = :project ORDER BY name"
        with self._read() as connection:
            rows = connection.execute(sql, {"project": project or records.default_project()}).fetchall()
        return [_public(*row) for row in rows]

    def delete_datastore_profile(self, name: str, project: str = "") -> None:
        values = {"project": project or records.default_project(), "name": name}
        with self._write(*_locks(values["project"])) as connection:
            _one(connection, values)
            connection.execute(f"DELETE FROM datastore_profiles WHERE {_KEY}", values)
            secrets.forget(connection, values["project"], _private_key(name))

    def read_datastore_profile_secrets(self, name: str, project: str = "") -> str:
        values = {"project": project or records.default_project(), "name": name}
        with self._read() as connection:
            _one(connection, values)
            return secrets.kept(connection, values["project"], _private_key(name))


def _one(connection: Connection, values: dict[str, str]) -> Record:
    """
    Raises:
        MLRunNotFoundError: There is none.
    """
    found = connection.execute(f"{_PUBLIC} WHERE {_KEY}", values).fetchone()
    if not found:
        raise MLRunNotFoundError(f"no datastore profile {values['name']!r} in project {values['project']}")
    return _public(*found)


def _public(name: str, type: str, object: str, project: str) -> Record:
    return Answer({"name": name, "type": type, "object": object, "project": project})


def _private_key(name: str) -> str:
    return f"{secrets.OURS}datastore-profiles/{name}"


def _locks(project: str) -> tuple[str, str]:
    return f"profiles/{project}", secrets.lock_of(project)


def _text(record: Record, part: str, what: str) -> str:
    """An error names the part, and never says what is in it."""
    value = record.get(part)
    if not isinstance(value, (str, type(None))):
        raise MLRunInvalidArgumentError(f"{part} of {what} is a text (JSON), not {type(value).__name__}")
    return value or ""
