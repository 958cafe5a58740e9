"""What the tables share: their connections, and how labels are kept beside their owner."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from mlrun.db.base import RunDB
from mlrun.db.sql.connection import Connection


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
