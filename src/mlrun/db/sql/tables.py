"""What the tables share: their connections, and how labels are kept beside their owner."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from mlrun.db import times
from mlrun.db.base import RunDB
from mlrun.db.sql.connection import Connection

MOST_VALUES = 700  # in one statement; older libraries of SQLite end at 999


class Borrowing(Protocol):
    """The connections of an adapter."""

    def read(self) -> AbstractContextManager[Connection]: ...
    def write(self, *records: str) -> AbstractContextManager[Connection]: ...
    def close(self) -> None: ...


class Tables(RunDB):
    """One kind of record is one subclass; the adapter is all of them together."""

    connections: Borrowing

    def _read(self) -> AbstractContextManager[Connection]:
        return self.connections.read()

    def _write(self, *records: str) -> AbstractContextManager[Connection]:
        """
        Args:
            records: The names of what is written, so that writers of others need not wait where the
                database can do that; none is everything.
        """
        return self.connections.write(*records)

    def _now(self, connection: Connection) -> str:
        """The time by the clock of the database, which is that of all who share it."""
        return times.now()


def lock_of_run(key: Mapping[str, Any]) -> str:
    """A run, its children, its log and its metrics are written by one at a time."""
    return f"runs/{key['project']}/{key['uid']}"


def store_labels(
    connection: Connection, table: str, owner_id: int, labels: dict[str, str], before: dict[str, str]
) -> None:
    """Write what differs between *labels* and what is stored, *before*."""
    if labels == before:
        return
    gone = [{"owner": owner_id, "name": name} for name in before if name not in labels]
    if gone:
        connection.cursor().executemany(f"DELETE FROM {table} WHERE owner_id = :owner AND name = :name", gone)
    changed = [
        {"owner": owner_id, "name": name, "value": value}
        for name, value in labels.items()
        if before.get(name) != value
    ]
    connection.cursor().executemany(
        f"INSERT INTO {table} (owner_id, name, value) VALUES (:owner, :name, :value)"
        " ON CONFLICT (owner_id, name) DO UPDATE SET value = excluded.value",
        changed,
    )


def owner_and_labels(
    connection: Connection, table: str, labels: str, key: str, values: dict[str, object]
) -> tuple[int, dict[str, str]]:
    """The id of the row of *table* with *key*, and its labels."""
    rows = connection.execute(
        f"SELECT owner.id, label.name, label.value FROM {table} AS owner"
        f" LEFT JOIN {labels} AS label ON label.owner_id = owner.id WHERE {key}",
        values,
    ).fetchall()
    return rows[0][0], {name: value for _, name, value in rows if name is not None}


def store_side(
    connection: Connection,
    table: str,
    columns: tuple[str, ...],
    wanted: Mapping[int, Mapping[str, tuple[Any, ...]]],
    known: Iterable[int],
) -> None:
    """
    Make the rows of the side *table* what is wanted of each owner.

    Args:
        columns: Those beside ``owner_id`` and ``name``.
        wanted: By the owner's id and by name, the values of *columns*.
        known: Of the owners those that may have rows already; only these are read.
    """
    listed = ", ".join(columns)
    sql = f"SELECT name, {listed} FROM {table} WHERE owner_id = :owner"
    wrong, same = [], set()
    for owner in known:
        for name, *values in connection.execute(sql, {"owner": owner}).fetchall():
            if wanted[owner].get(name) == tuple(values):
                same.add((owner, name))
            else:
                wrong.append({"owner": owner, "name": name})
    if wrong:
        connection.cursor().executemany(
            f"DELETE FROM {table} WHERE owner_id = :owner AND name = :name", wrong
        )
    rows = [
        (owner, name, *values)
        for owner, named in wanted.items()
        for name, values in named.items()
        if (owner, name) not in same
    ]
    insert_rows(connection, table, ("owner_id", "name", *columns), rows)


def insert_rows(
    connection: Connection, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert new rows, many with each statement: one of its own for each costs twice the time."""
    at_once = MOST_VALUES // len(columns)
    place = f"({', '.join('?' * len(columns))})"
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "
    many = statement + ", ".join([place] * at_once)
    whole = len(rows) // at_once * at_once
    for start in range(0, whole, at_once):
        connection.execute(many, tuple(itertools.chain.from_iterable(rows[start : start + at_once])))
    if whole < len(rows):
        connection.cursor().executemany(statement + place, rows[whole:])
