"""Secrets of projects: written and used here, and listed by their keys only."""

from __future__ import annotations

import re
from typing import Any

from mlrun.db import records
from mlrun.db.base import Record
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.tables import Tables
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, nearest
from mlrun.model.answer import Answer

OURS = "mlrun."  # keys that begin so are not the user's: private parts of profiles and notifications
_PROVIDER = "kubernetes"  # MLRun's word for the place that the service has
_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_STORE = """
INSERT INTO project_secrets (project, name, value) VALUES (:project, :name, :value)
ON CONFLICT (project, name) DO UPDATE SET value = excluded.value
"""
_OF_USER = f"project = :project AND substr(name, 1, {len(OURS)}) <> '{OURS}'"


class Secrets(Tables):
    """The secrets of the port."""

    def create_project_secrets(
        self, project: str, provider: str = _PROVIDER, secrets: dict[str, str] | None = None
    ) -> None:
        _check_provider(provider)
        project = project or records.default_project()
        given = records.as_record(secrets or {}, "the secrets of a project")
        rows = [
            {"project": project, "name": _checked_key(key), "value": _checked_value(key, value)}
            for key, value in given.items()
        ]
        with self._write(lock_of(project)) as connection:
            connection.cursor().executemany(_STORE, rows)

    def list_project_secret_keys(
        self, project: str, provider: str = _PROVIDER, token: str | None = None
    ) -> Record:
        _check_provider(provider)
        names = list(self.read_project_secrets(project))
        return Answer({"provider": _PROVIDER, "secret_keys": names})

    def delete_project_secrets(
        self, project: str, provider: str = _PROVIDER, secrets: list[str] | None = None
    ) -> None:
        _check_provider(provider)
        project = project or records.default_project()
        with self._write(lock_of(project)) as connection:
            if secrets is None:
                connection.execute(f"DELETE FROM project_secrets WHERE {_OF_USER}", {"project": project})
                return
            for key in secrets:
                forget(connection, project, _checked_key(key))

    def read_project_secrets(self, project: str) -> dict[str, str]:
        sql = f"SELECT name, value FROM project_secrets WHERE {_OF_USER} ORDER BY name"
        with self._read() as connection:
            return dict(connection.execute(sql, {"project": project or records.default_project()}).fetchall())


def lock_of(project: str) -> str:
    return f"secrets/{project}"


def keep(connection: Connection, project: str, name: str, value: str) -> None:
    """Write one of ours."""
    connection.execute(_STORE, {"project": project, "name": name, "value": value})


def kept(connection: Connection, project: str, name: str) -> str:
    """One of ours; empty where there is none."""
    sql = "SELECT value FROM project_secrets WHERE project = :project AND name = :name"
    found = connection.execute(sql, {"project": project, "name": name}).fetchone()
    return str(found[0]) if found else ""


def forget(connection: Connection, project: str, name: str) -> None:
    sql = "DELETE FROM project_secrets WHERE project = :project AND name = :name"
    connection.execute(sql, {"project": project, "name": name})


def _check_provider(provider: Any) -> None:
    word = str(getattr(provider, "value", provider))
    if word != _PROVIDER:
        raise MLRunInvalidArgumentError(
            f"secrets are kept by the provider {_PROVIDER!r}; {word!r} is none.{nearest(word, [_PROVIDER])}"
        )


def _checked_key(key: Any) -> str:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise MLRunInvalidArgumentError(
            f"{key!r} can not be the key of a secret: letters, digits and -_. make one"
        )
    if key.startswith(OURS):
        raise MLRunInvalidArgumentError(f"{key!r}: keys that begin with {OURS!r} are kept for profiles")
    return key


def _checked_value(key: str, value: object) -> str:
    """An error names the key, and never says the value."""
    if not isinstance(value, str):
        raise MLRunInvalidArgumentTypeError(f"the secret {key!r} is a text, not {type(value).__name__}")
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise MLRunInvalidArgumentError(
            f"the secret {key!r} has a character that no database holds as text; base64 makes text of bytes"
        )
    return value
