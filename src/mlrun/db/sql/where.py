"""The condition of a listing, put together from what the caller asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlrun.db.sql.connection import Connection
from mlrun.errors import MLRunInvalidArgumentError

FEW = 2000  # rows of a side table: up to here their owners are fetched; beyond, each owner is asked
NO_LIMIT = 1_000_000_000  # rows
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

    def __init__(self, connection: Connection, table: str, may_lead: bool = False) -> None:
        """
        Args:
            may_lead: Statements read ``FROM {where.tables}``, so that few rows can be looked up first.
        """
        self.connection = connection
        self.table = table
        self.values: dict[str, Any] = {}
        self.tables = table
        self.hint = ""  # after the table's name
        self.is_narrow = False  # few rows can match: they are found by their ids
        self._may_lead = may_lead
        self._conditions: list[str] = []

    def __str__(self) -> str:
        return " AND ".join(self._conditions) or "1 = 1"

    def __bool__(self) -> bool:
        return bool(self._conditions)

    def of(self, alias: str) -> str:
        """The condition on rows of the table that a statement calls *alias*."""
        return str(self).replace(f"{self.table}.id", f"{alias}.id")

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
        if bounds := _bounds(column, first, last):
            self.add(bounds, **_ends(column, first, last))

    def between_aside(self, column: str, first: str, last: str, within: str) -> None:
        """
        :meth:`between` of a column by which the listing is not sorted.

        Args:
            within: What the rows of the column's index have in common; empty where it has none.
        """
        ends = _ends(column, first, last)
        if ends and not (within and self.narrow(f"{within} AND {_bounds(column, first, last)}", **ends)):
            unindexed = _bounds(column, first, last).replace(f"{column} ", f"({column} || '') ")
            self.add(unindexed, **ends)

    def one_of(self, column: str, values: Iterable[Any], is_aside: bool = False) -> None:
        """
        Nothing for no values.

        Args:
            is_aside: The index of the column (of texts) is not the way to the rows.
        """
        given = list(dict.fromkeys(values))
        if len(given) > MOST_VALUES:
            raise MLRunInvalidArgumentError(
                f"{len(given)} values of {column}; {MOST_VALUES} are taken at once"
            )
        names = {f"{column}_{number}": value for number, value in enumerate(given)}
        if names:
            read = f"({column} || '')" if is_aside else column
            self.add(f"{read} IN ({', '.join(f':{name}' for name in names)})", **names)

    def name(self, name: str, columns: tuple[str, ...] = ("name",)) -> None:
        """Exactly *name*; ``~part`` anywhere in it, in any case; and where nothing is exact, anywhere too."""
        if not name or name.startswith("~") or self.has_exactly(name, columns):
            self.exact_name(name, columns)
        else:
            self.exact_name(f"~{name}", columns)

    def exact_name(self, name: str, columns: tuple[str, ...] = ("name",)) -> None:
        """Exactly *name*, or ``~part``."""
        if name.startswith("~"):
            self.add(r"search LIKE :part ESCAPE '\'", part=f"%{escaped(name[1:].casefold())}%")
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
        if self._are_few(table, condition, values):
            self._add_few("owner_id", table, condition, values)
        else:
            owned = f"{table}.owner_id = {self.table}.id AND {condition}"
            self.add(f"EXISTS (SELECT 1 FROM {table} WHERE {owned})", **values)

    def narrow(self, condition: str, **values: Any) -> bool:
        """
        Add the condition, which has an index, if few rows match; gives whether they do.

        Many are met soon enough on the way along another index.
        """
        is_few = self._are_few(self.table, condition, values)
        if is_few:
            self._add_few("id", self.table, condition, values)
        return is_few

    def along(self, index: str) -> None:
        """Name the way for SQLite, which guesses; PostgreSQL knows better by its statistics."""
        if not self.is_narrow:
            self.hint = f" INDEXED BY {index}"
            self.tables = f"{self.table}{self.hint}"

    def _add_few(self, column: str, table: str, condition: str, values: dict[str, Any]) -> None:
        """The rows whose ids these are; SQLite keeps to the order of a CROSS JOIN."""
        if self._may_lead and not self.is_narrow:
            few = f"SELECT {column} AS few_id FROM {table} WHERE {condition}"
            self.tables = f"({few}) AS few CROSS JOIN {self.table}"
            self.add(f"{self.table}.id = few.few_id", **values)
        else:
            self.add(f"{self.table}.id IN (SELECT {column} FROM {table} WHERE {condition})", **values)
        self.is_narrow = True

    def _are_few(self, table: str, condition: str, values: dict[str, Any]) -> bool:
        few = f"SELECT 1 FROM {table} WHERE {condition} LIMIT {FEW}"
        count = self.connection.execute(f"SELECT COUNT(*) FROM ({few}) AS few", values).fetchone()[0]
        return int(count) < FEW

    def has_exactly(self, name: str, columns: tuple[str, ...] = ("name",)) -> bool:
        """Whether a row has this name, in the project that was added before."""
        values = {"name": name, "project": self.values.get("project")}
        project = " AND project = :project" if values["project"] else ""
        sql = f"SELECT 1 FROM {self.table} WHERE {_either(columns)}{project} LIMIT 1"
        return self.connection.execute(sql, values).fetchone() is not None


def _bounds(column: str, first: str, last: str) -> str:
    ends = (f"{column} >= :{column}_first" if first else "", f"{column} <= :{column}_last" if last else "")
    return " AND ".join(filter(None, ends))


def _ends(column: str, first: str, last: str) -> dict[str, str]:
    return {name: value for name, value in ((f"{column}_first", first), (f"{column}_last", last)) if value}


def _either(columns: tuple[str, ...]) -> str:
    return "(" + " OR ".join(f"{column} = :name" for column in columns) + ")"


def escaped(part: str) -> str:
    """*part* within a LIKE whose escape is a backslash."""
    return part.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
