"""What tables the schema has: their columns, what a row is known by, and to which other row it belongs."""

from __future__ import annotations

import functools
import sqlite3
from typing import NamedTuple

from mlrun.db.sql import schema

# Series have no key of their own: a row is the n-th of these.
_SERIES = {"metrics": ("project", "uid", "iteration")}
_PIECES = ("logs",)  # of which a row is a part of one thing, named by the key without its end
_OWNER_ID = "owner_id"


class Table(NamedTuple):
    """
    One table.

    ``columns`` are without the ids, which differ from database to database; in ``key`` and ``values`` stand
    the columns of the owner, as ``owner.name``, in place of its id.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]  # unique; of a series without the number
    has_id: bool = False
    owner: str = ""  # the table of what it belongs to
    owner_key: tuple[str, ...] = ()

    @property
    def is_series(self) -> bool:
        return self.name in _SERIES

    @property
    def values(self) -> tuple[str, ...]:
        """What is not in the key."""
        owner = tuple(f"owner.{name}" for name in self.owner_key)
        return tuple(name for name in (*self.columns, *owner) if name not in self.key)

    @property
    def whole(self) -> tuple[str, ...]:
        """The columns that name what a row is only a part of: its owner, its series, its log; or none."""
        if self.owner:
            return tuple(f"owner.{name}" for name in self.owner_key)
        if self.is_series:
            return self.key
        return self.key[:-1] if self.name in _PIECES else ()

    @property
    def conflict(self) -> tuple[str, ...]:
        """The columns of its unique index."""
        own = tuple(name for name in self.key if not name.startswith("owner."))
        return (_OWNER_ID, *own) if len(own) < len(self.key) else own


@functools.cache
def tables() -> tuple[Table, ...]:
    """Every table; an owner comes before what belongs to it."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        schema.migrate(connection, ":memory:")
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
        return tuple(_describe(connection, name) for (name,) in found.fetchall())
    finally:
        connection.close()


def _describe(connection: sqlite3.Connection, name: str) -> Table:
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
    key = _SERIES.get(name) or _unique(connection, name)
    owners = [row[2] for row in connection.execute(f"PRAGMA foreign_key_list({name})")]
    owner = owners[0] if owners else ""
    owner_key = _unique(connection, owner) if owner else ()
    if _OWNER_ID in key:
        key = (*(f"owner.{column}" for column in owner_key), *(part for part in key if part != _OWNER_ID))
    columns = tuple(column for column in names if column not in ("id", _OWNER_ID))
    return Table(name, columns, key, "id" in names, owner, owner_key)


def _unique(connection: sqlite3.Connection, name: str) -> tuple[str, ...]:
    indexes = connection.execute(f"PRAGMA index_list({name})").fetchall()
    unique = next(row[1] for row in indexes if row[3] in ("u", "pk"))
    return tuple(row[2] for row in connection.execute(f"PRAGMA index_info({unique})"))
