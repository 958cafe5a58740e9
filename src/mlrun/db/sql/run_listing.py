"""Which runs a listing shows: its condition, its order, and the way to them that reads the least."""

from __future__ import annotations

import heapq
from itertools import islice

from mlrun.db import records
from mlrun.db.base import Record
from mlrun.db.sql import partitions, results
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.where import NO_LIMIT, Where
from mlrun.model.query import RunQuery

_ORDER = "start_time DESC, id DESC"
_SORTED = "(start_time || '') DESC, id DESC"  # the same, and no index has this order: few rows are sorted
_AT_ONCE = 500  # bodies

Found = list[tuple[str, int]]  # start time and id


def runs_of(connection: Connection, query: RunQuery) -> list[Record]:
    """The runs of *query*, in its order."""
    end = query.offset + query.last if query.last > 0 else NO_LIMIT
    if query.partition.by:
        where = _where(connection, query, query.states)
        groups = partitions.Runs(connection, where, query.partition, query.iter)
        return _bodies(connection, groups.first(query.offset, end))
    if not query.sort or query.last <= 0:
        return _all(connection, query, end)
    if len(query.states) < 2:
        found = _first(connection, query, query.states, query.last, query.offset)
    else:  # along an index the rows are in the order of time for one state at a time
        ways = [_first(connection, query, [state], end) for state in query.states]
        found = list(islice(heapq.merge(*ways, reverse=True), query.offset, end))
    return _bodies(connection, [owner for _, owner in found])


def _where(connection: Connection, query: RunQuery, states: list[str]) -> Where:
    where = Where(connection, "runs", may_lead=True)
    if not query.iter:
        where.add("iteration = 0")
    where.project(query.project)
    where.one_of("uid", query.uids)
    where.is_narrow = bool(query.uids)
    _add_name(where, query.name)
    where.labels(query.labels, "run_labels")
    # Fewer runs have a name than a state: where both are asked for, the way is that of the name.
    where.one_of("state", states, is_aside="name" in where.values)
    # No run is updated or ends before it starts.
    last = min(filter(None, (query.start_time_to, query.last_update_time_to, query.end_time_to)), default="")
    where.between("start_time", query.start_time_from, last)
    for column, first, last in (
        ("last_update", query.last_update_time_from, query.last_update_time_to),
        ("end_time", query.end_time_from, query.end_time_to),
    ):
        where.between_aside(column, first, last, within="" if query.iter else "iteration = 0")
    results.compare(where, query.results)
    if query.sort and not query.iter:
        where.along(_way(where, states))
    return where


def _way(where: Where, states: list[str]) -> str:
    """The index in whose order runs without their children are met, newest first."""
    if "project" in where.values:
        if "name" in where.values:
            return "runs_by_name"
        return "parents_by_state_in_project" if states else "parents_by_project"
    return "parents_by_state" if states and "name" not in where.values else "parents_by_time"


def _add_name(where: Where, name: str) -> None:
    """In one project an index has a name's runs in the order of time; in all of them none has."""
    if not name or "project" in where.values or not where.has_exactly(name):
        where.name(name)
    elif not where.narrow("name = :name", name=name):
        where.add("search = :search AND (name || '') = :name", search=name.casefold(), name=name)


def _first(connection: Connection, query: RunQuery, states: list[str], most: int, offset: int = 0) -> Found:
    where = _where(connection, query, states)
    order = _SORTED if where.is_narrow else _ORDER
    sql = (
        f"SELECT start_time, id FROM {where.tables} WHERE {where} ORDER BY {order} LIMIT :most OFFSET :offset"
    )
    return connection.execute(sql, {**where.values, "most": most, "offset": offset}).fetchall()


def _all(connection: Connection, query: RunQuery, end: int) -> list[Record]:
    where = _where(connection, query, query.states)
    order = (_SORTED if where.is_narrow else _ORDER) if query.sort else "id"
    limits = {"most": end - query.offset, "offset": query.offset}
    sql = f"SELECT body FROM {where.tables} WHERE {where} ORDER BY {order} LIMIT :most OFFSET :offset"
    return [records.load(body) for (body,) in connection.execute(sql, {**where.values, **limits}).fetchall()]


def _bodies(connection: Connection, owners: list[int]) -> list[Record]:
    """Of these ids, in their order; what was deleted meanwhile is left out."""
    found: dict[int, Record] = {}
    for start in range(0, len(owners), _AT_ONCE):
        where = Where(connection, "runs")
        where.one_of("id", owners[start : start + _AT_ONCE])
        rows = connection.execute(f"SELECT id, body FROM runs WHERE {where}", where.values).fetchall()
        found |= {owner: records.load(body) for owner, body in rows}
    return [found[owner] for owner in owners if owner in found]
