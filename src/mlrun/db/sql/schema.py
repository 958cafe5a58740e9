"""The database's schema: numbered SQL scripts, each applied once."""

from __future__ import annotations

import functools
import sqlite3
from pathlib import Path
from typing import NamedTuple

from mlrun.errors import MLRunIncompatibleVersionError, MLRunInvalidArgumentError

APPLICATION_ID = 0x6D6C7275  # "mlru", in the head of the file: it is one of ours


class Migration(NamedTuple):
    """One step from a schema version to the next."""

    version: int
    script: str


@functools.cache
def migrations() -> tuple[Migration, ...]:
    """Every step in order; ``migrations/0002_schedules.sql`` would be the second."""
    scripts = sorted((Path(__file__).parent / "migrations").glob("*.sql"))
    return tuple(Migration(int(path.name.partition("_")[0]), path.read_text()) for path in scripts)


def latest() -> int:
    return migrations()[-1].version


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """
    Bring the database to the latest version, in one transaction.

    Processes that do so at once wait for each other.

    Raises:
        MLRunIncompatibleVersionError: It has a newer schema than this program knows.
        MLRunInvalidArgumentError: The file belongs to another program.
    """
    if _version(connection, path) == latest():
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        before = _version(connection, path)  # somebody else may have come first
        for migration in migrations():
            if migration.version > before:
                _apply(connection, migration)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    for statement in migration.script.split(";\n"):  # executescript would commit first
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {migration.version}")


def _version(connection: sqlite3.Connection, path: str) -> int:
    """The schema version of the file; 0 of a new one."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        _refuse_foreign(connection, path, version)
    if version > latest():
        raise MLRunIncompatibleVersionError(
            f"the database {path} has schema version {version}, and this mlrun knows up to {latest()}:"
            " pip install -U mlrun, or name another database"
        )
    return version


def _refuse_foreign(connection: sqlite3.Connection, path: str, version: int) -> None:
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master ORDER BY name LIMIT 3")]
    if tables or version:
        raise MLRunInvalidArgumentError(
            f"{path} is a SQLite database of another program (it holds: {', '.join(tables) or 'nothing'})"
        )
