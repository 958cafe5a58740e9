"""The condition of a listing, put together from what the caller asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlrun.db.sql.connection import Connection
from mlrun.errors import MLRunInvalidArgumentError

FEW = 2000  # rows of a side table: up to here their owners are fetched; beyond, each owner is asked
MOST_VALUES = 30_000  # of one column in one statement; SQLite's own limit is 32,766


class Where:
    """
    Conditions that all have to hold, and the values in them.

    Values never become part of the text. Tables are called by their name, and
    side tables (labels, tags) point to them by ``owner_id``.

    Example::

        where = Where(connection, "runs")
        where.equal("project", "iris")
        connection.execute(f"SELECT body FROM runs WHERE {where}", where.values)
    """

    def __init__(self, connection: Connection, table: str) -> None:
        self.connection = connection
        self.table = table
        self.values: dict[str, Any] = {}
        self._conditions: list[str] = []

    def __str__(self) -> str:
        return " AND ".join(self._conditions) or "1 = 1"

    def __bool__(self) -> bool:
        return bool(self._conditions)

    def add(self, condition: str, **values: Any) -> None:
        self._conditions.append(condition)
        self.values.update(values)

    def equal(self, column: str, value: Any) -> None:
        """Nothing for an empty text or None."""
        if value not in (None, ""):
            self.add(f"{column} = :{column}", **{column: value})

    def project(self, project: str | None) -> None:
        self.equal("project", "" if project == "*" else project)

    def between(self, column: str, first: str, last: str) -> None:
        """Both ends count, and may be empty."""
        if first:
            self.add(f"{column} >= :{column}_first", **{f"{column}_first": first})
        if last:
            self.add(f"{column} <= :{column}_last", **{f"{column}_last": last})

    def one_of(self, column: str, values: Iterable[Any]) -> None:
        """Nothing for no values."""
        given = list(dict.fromkeys(values))
        if len(given) > MOST_VALUES:
            raise MLRunInvalidArgumentError(
                f"{len(given)} values of {column}; {MOST_VALUES} are taken at once"
            )
        names = {f"{column}_{number}": value for number, value in enumerate(given)}
        if names:
            self.add(f"{column} IN ({', '.join(f':{name}' for name in names)})", **names)

    def name(self, name: str, columns: tuple[str, ...] = ("name",)) -> None:
        """Exactly *name*; ``~part`` anywhere in it, in any case; and where nothing is exact, anywhere too."""
        if not name or name.startswith("~") or self._has(name, columns):
            self.exact_name(name, columns)
        else:
            self.exact_name(f"~{name}", columns)

    def exact_name(self, name: str, columns: tuple[str, ...] = ("name",)) -> None:
        """Exactly *name*, or ``~part``."""
        if name.startswith("~"):
            self.add(r"search LIKE :part ESCAPE '\'", part=f"%{_escaped(name[1:].casefold())}%")
        elif name:
            self.add(_either(columns), name=name)

    def labels(self, labels: Iterable[str], table: str) -> None:
        """``name`` or ``name=value``, each of them."""
        for number, label in enumerate(labels):
            name, separator, value = label.partition("=")
            condition = f"name = :label{number}" + (f" AND value = :value{number}" if separator else "")
            values = {f"label{number}": name.strip()}
            self.side(table, condition, **values, **({f"value{number}": value.strip()} if separator else {}))

    def side(self, table: str, condition: str, **values: Any) -> None:
        """Rows that a row of the side *table* with *condition* points to."""
        few = f"SELECT 1 FROM {table} WHERE {condition} LIMIT {FEW}"
        count = self.connection.execute(f"SELECT COUNT(*) FROM ({few}) AS few", values).fetchone()[0]
        if count < FEW:
            self.add(f"{self.table}.id IN (SELECT owner_id FROM {table} WHERE {condition})", **values)
        else:
            owned = f"{table}.owner_id = {self.table}.id AND {condition}"
            self.add(f"EXISTS (SELECT 1 FROM {table} WHERE {owned})", **values)

    def _has(self, name: str, columns: tuple[str, ...]) -> bool:
        values = {"name": name, "project": self.values.get("project")}
        project = " AND project = :project" if values["project"] else ""
        sql = f"SELECT 1 FROM {self.table} WHERE {_either(columns)}{project} LIMIT 1"
        return self.connection.execute(sql, values).fetchone() is not None


def _either(columns: tuple[str, ...]) -> str:
    return "(" + " OR ".join(f"{column} = :name" for column in columns) + ")"


def _escaped(part: str) -> str:
    return part.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
