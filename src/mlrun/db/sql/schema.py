"""The database's schema: numbered SQL scripts, each applied once."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mlrun.errors import MLRunIncompatibleVersionError, MLRunInvalidArgumentError

if TYPE_CHECKING:
    from mlrun.db.sql.connection import Connection

APPLICATION_ID = 0x6D6C7275  # "mlru", in the head of the file: it is one of ours
_FILLED = "-- Then the new columns are filled (backfill.py), and indexed.\n"


class Migration(NamedTuple):
    """One step from a schema version to the next: a script, what it can not say, and a script after that."""

    version: int
    script: str
    fill: Callable[[Connection], None] | None = None
    rest: str = ""


@functools.cache
def migrations() -> tuple[Migration, ...]:
    """Every step in order; ``migrations/0002_schedules.sql`` would be the second."""
    from mlrun.db.sql import backfill  # needs connections, which need this module

    scripts = sorted((Path(__file__).parent / "migrations").glob("*.sql"))
    found = []
    for path in scripts:
        version = int(path.name.partition("_")[0])
        script, _, rest = path.read_text().partition(_FILLED)
        found.append(Migration(version, script, backfill.FILLS.get(version), rest))
    return tuple(found)


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
        if connection.in_transaction:  # a full disk has undone it
            connection.execute("ROLLBACK")
        raise


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    _execute(connection, migration.script)
    if migration.fill:
        migration.fill(connection)
    _execute(connection, migration.rest)
    connection.execute(f"PRAGMA user_version = {migration.version}")


def _execute(connection: sqlite3.Connection, script: str) -> None:
    for statement in script.split(";\n"):  # executescript would commit first
        connection.execute(statement)


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
