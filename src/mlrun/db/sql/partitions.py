"""The first runs of each group, along whichever way reads the least."""

from __future__ import annotations

from typing import Any, NamedTuple

from mlrun.db.sql.connection import Connection
from mlrun.db.sql.where import Where
from mlrun.model.query import Partition

MOST_NAMES = 2000  # of which each is asked for its first runs
_COLUMNS = {"created": "start_time", "updated": "last_update"}
_PROJECTS = "SELECT MIN(project) FROM runs WHERE iteration = 0 AND project > :last"
# Each name of a project is found by one step in the index, from the one before.
_NAMES = """
WITH RECURSIVE names (name) AS (
    SELECT MIN(name) FROM runs WHERE iteration = 0 AND project = :project
    UNION ALL
    SELECT (SELECT MIN(name) FROM runs WHERE iteration = 0 AND project = :project AND name > names.name)
    FROM names WHERE names.name IS NOT NULL
)
"""


class _Row(NamedTuple):
    id: int
    start_time: str
    rank: str
    group: tuple[str, ...]


class Runs:
    """The groups of the runs that match *where*; *iter* says whether these are children, too."""

    def __init__(self, connection: Connection, where: Where, partition: Partition, iter: bool) -> None:
        self.connection = connection
        self.where = where
        self.partition = partition
        self.column = _COLUMNS[partition.sort_by]
        self.is_descending = partition.order == "desc"
        self.order = "DESC" if self.is_descending else "ASC"
        self.is_of_all = iter
        if self.column == "last_update" and (first := where.values.get("start_time_first")):
            where.add("last_update >= :start_time_first", start_time_first=first)  # which follows

    def first(self, offset: int, end: int) -> list[int]:
        """The ids of the first rows of the groups, newest first, from *offset* to *end*."""
        projects = [] if self.where.is_narrow or self.is_of_all else self._projects()
        if projects and (names := self._names(projects)) <= MOST_NAMES:
            rows = [row for project in projects for row in self._of_names(project)]
        elif projects and end < names and not self.partition.most and len(self._group) == 2:
            return self._walked(offset, end)
        else:
            rows = self._ranked()
        newest = sorted(self._chosen(rows), key=lambda row: (row.start_time, row.id), reverse=True)
        return [row.id for row in newest[offset:end]]

    @property
    def _group(self) -> tuple[str, ...]:
        by_name_only = self.partition.by == "name" and "project" not in self.where.values
        return ("name",) if by_name_only else ("project", "name")

    def _projects(self) -> list[str]:
        if project := self.where.values.get("project"):
            return [project]
        found: list[str] = []
        last: str | None = ""
        while last := self.connection.execute(_PROJECTS, {"last": last}).fetchone()[0]:
            found.append(last)
        return found

    def _names(self, projects: list[str]) -> int:
        """How many groups there are, of projects and names; counted up to one too many."""
        count = 0
        for project in projects:
            sql = f"{_NAMES} SELECT COUNT(*) FROM (SELECT 1 FROM names LIMIT :most) AS few"
            values = {"project": project, "most": MOST_NAMES + 1 - count}
            count += self.connection.execute(sql, values).fetchone()[0]
            if count > MOST_NAMES:
                break
        return count

    def _of_names(self, project: str) -> list[_Row]:
        """Each name of the project by its own place in the index."""
        sql = f"""{_NAMES}
        SELECT best.id, best.start_time, best.{self.column}, best.project, best.name
        FROM names JOIN runs AS best ON best.id IN (
            SELECT id FROM runs WHERE {self.where} AND project = :project AND name = names.name
            ORDER BY {self.column} {self.order}, id {self.order} LIMIT :keep
        )
        """
        return self._rows(sql, project=project)

    def _walked(self, offset: int, end: int) -> list[int]:
        """Newest first, each run that no other one of its group comes before; for groups that are many."""
        sign = ">" if self.is_descending else "<"
        before = f"""
        SELECT 1 FROM runs WHERE {self.where} AND project = best.project AND name = best.name
        AND {self.column} {sign}= best.{self.column}
        AND ({self.column} {sign} best.{self.column} OR id {sign} best.id) LIMIT :keep
        """
        sql = f"""
        SELECT id FROM runs AS best{self.where.hint} WHERE {self.where.of("best")}
        AND (SELECT COUNT(*) FROM ({before}) AS earlier) < :keep
        ORDER BY start_time DESC, id DESC LIMIT :most OFFSET :offset
        """
        limits = {"keep": self.partition.rows, "most": end - offset, "offset": offset}
        rows = self.connection.execute(sql, {**self.where.values, **limits}).fetchall()
        return [owner for (owner,) in rows]

    def _ranked(self) -> list[_Row]:
        """Every run that matches is read, and counted in its group."""
        order = f"{self.column} {self.order}, id {self.order}"
        sql = f"""
        SELECT id, start_time, rank, project, name FROM (
            SELECT id, start_time, {self.column} AS rank, project, name,
                ROW_NUMBER() OVER (PARTITION BY {", ".join(self._group)} ORDER BY {order}) AS place
            FROM {self.where.tables} WHERE {self.where}
        ) AS ranked WHERE place <= :keep
        """
        return self._rows(sql)

    def _rows(self, sql: str, **values: Any) -> list[_Row]:
        given = {**self.where.values, "keep": self.partition.rows, **values}
        found = self.connection.execute(sql, given).fetchall()
        return [
            _Row(owner, start, rank, (name,) if len(self._group) == 1 else (project, name))
            for owner, start, rank, project, name in found
        ]

    def _chosen(self, rows: list[_Row]) -> list[_Row]:
        """Of each group the first ones, of the groups that are first."""
        groups: dict[tuple[str, ...], list[_Row]] = {}
        for row in sorted(rows, key=lambda row: (row.rank, row.id), reverse=self.is_descending):
            group = groups.setdefault(row.group, [])
            if len(group) < self.partition.rows:
                group.append(row)
        chosen = list(groups.values())  # in the order of their first rows
        return [row for group in chosen[: self.partition.most or None] for row in group]
