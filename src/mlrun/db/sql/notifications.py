"""Notifications of runs: in the run's body, and what is secret in them apart."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import quote

from mlrun.db import records
from mlrun.db.base import Record
from mlrun.db.changes import set_dotted
from mlrun.db.sql import secrets
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.run_rows import KEY, RunRow, key_of, name_of, store
from mlrun.db.sql.tables import Tables, lock_of_run
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError

_SECRET = "secret_params"
_BEGINNING = f"{secrets.OURS}notifications/"
_NAMES = "SELECT name FROM project_secrets WHERE project = :project AND name >= :first AND name < :after"


class Notifications(Tables):
    """The notifications of the port."""

    def store_run_notifications(
        self,
        notification_objects: list[Any],
        run_uid: str,
        project: str = "",
        mask_params: bool = True,
        iter: int = 0,
    ) -> None:
        key = key_of(run_uid, project, iter)
        given = _checked(notification_objects)
        with self._write(lock_of_run(key)) as connection:
            found = connection.execute(f"SELECT body FROM runs WHERE {KEY}", key).fetchone()
            if not found:
                raise MLRunNotFoundError(f"no run {name_of(key)}")
            if mask_params:
                given = [_masked(connection, key, one) for one in given]
            _forget(connection, key["project"], _prefix(key), but={_secret_of(one) for one in given})
            run = records.load(found[0])
            set_dotted(run, {"spec.notifications": given})
            store(connection, [RunRow(run, key["uid"], key["project"], key["iteration"])])

    def read_run_notifications(self, run_uid: str, project: str = "", iter: int = 0) -> list[Record]:
        key = key_of(run_uid, project, iter)
        with self._read() as connection:
            found = connection.execute(f"SELECT body FROM runs WHERE {KEY}", key).fetchone()
            if not found:
                raise MLRunNotFoundError(f"no run {name_of(key)}")
            every = records.load(found[0]).get("spec", {}).get("notifications") or []
            return [_unmasked(connection, key, one) for one in every]


def forget_of_runs(connection: Connection, keys: list[tuple[str, str]]) -> None:
    """What is secret of the runs, by project and uid, and of their children."""
    for project, uid in keys:
        _forget(connection, project, f"{_BEGINNING}{quote(uid, '')}/")


def _checked(notifications: list[Any]) -> list[Record]:
    given = [records.as_record(one, "a notification") for one in notifications]
    names = [records.required(one.get("name"), "the name of a notification") for one in given]
    for one in given:
        records.required(one.get("kind"), f"the kind of notification {one['name']!r}")
    if twice := {name for name in names if names.count(name) > 1}:
        raise MLRunInvalidArgumentError(
            f"each notification has a name of its own; given twice: {', '.join(sorted(twice))}"
        )
    return given


def _masked(connection: Connection, key: dict[str, Any], notification: Record) -> Record:
    """With the name of the secret in place of what is secret."""
    params = records.part(notification, _SECRET, f"notification {notification['name']!r}")
    if not params or set(params) == {"secret"}:
        return notification
    name = _name_in(key, notification)
    value = records.dump(params, f"{_SECRET} of notification {notification['name']!r}")
    secrets.keep(connection, key["project"], name, value)
    return {**notification, _SECRET: {"secret": name}}


def _unmasked(connection: Connection, key: dict[str, Any], notification: Record) -> Record:
    """With what is secret in it; a run that names the secret of another one does not get it."""
    kept = ""
    if notification.get(_SECRET):
        kept = secrets.kept(connection, key["project"], _name_in(key, notification))
    return {**notification, _SECRET: records.load(kept)} if kept else notification


def _name_in(key: dict[str, Any], notification: Record) -> str:
    """Of the secret that a notification of a run has."""
    return f"{_prefix(key)}{quote(str(notification['name']), '')}"


def _secret_of(notification: Record) -> Any:
    """The name of its secret, where it has one."""
    params = notification.get(_SECRET)
    return params.get("secret") if isinstance(params, dict) else None


def _prefix(key: dict[str, Any]) -> str:
    return f"{_BEGINNING}{quote(key['uid'], '')}/{key['iteration']}/"


def _forget(connection: Connection, project: str, beginning: str, but: Collection[Any] = ()) -> None:
    """Every secret whose name begins so; it ends with a slash, and the next character is 0."""
    values = {"project": project, "first": beginning, "after": f"{beginning[:-1]}0"}
    for (name,) in connection.execute(_NAMES, values).fetchall():
        if name not in but:
            secrets.forget(connection, project, name)
