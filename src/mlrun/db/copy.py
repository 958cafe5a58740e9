"""Everything from one home of the records to another, and the proof that it has arrived."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from mlrun.db.base import RunDB
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError

if TYPE_CHECKING:
    from mlrun.db.sql.catalog import Table
    from mlrun.db.sql.tables import Tables

_MOST_ROWS = 500  # in memory at once, and written in one transaction
_MOST_PIECES = 16  # of logs, which are up to 1 MiB each
_OF_ITS_HOME = ("leases",)  # who acts for one home acts for that one
_Key = tuple[Any, ...]


class Copied(NamedTuple):
    """What became of one kind of rows."""

    table: str
    rows: int  # in the source
    written: int  # the others were there already
    others: int  # that only the target has
    digest: str  # of the source's rows, and the same of the target's
    note: str = ""  # what could not be copied, and why


class _Row(NamedTuple):
    key: _Key
    values: tuple[Any, ...]
    id: int | None


class _Pair(NamedTuple):
    """One row on both sides, None where it is not."""

    source: _Row | None
    target: _Row | None

    @property
    def is_same(self) -> bool:
        return bool(self.source and self.target and self.source.values == self.target.values)


def copy_records(source: RunDB, target: RunDB) -> list[Copied]:
    """
    Copy every record of *source* to *target*, and compare them at the end.

    A record of the source replaces the one of the same key in the target, with its labels, tags, log and
    metrics; what only the target has stays. It may be stopped and repeated at any time: what is there
    already is not written again.

    Raises:
        MLRunConflictError: At the end they differ: somebody wrote to one of them meanwhile.
        MLRunInvalidArgumentError: Both are the same database.
        MLRunServiceUnavailableError: A server went away; repeat it.

    Example::

        for line in copy_records(get_run_db("./"), get_run_db("postgresql://me:pw@host/mlrun")):
            print(line.table, line.rows)
    """
    from mlrun.db.sql import catalog
    from mlrun.db.sql.tables import Tables

    if not (isinstance(source, Tables) and isinstance(target, Tables)):
        from mlrun.db.carry import carry

        return [Copied(*line) for line in carry(source, target)]
    if source.url == target.url:
        raise MLRunInvalidArgumentError(f"{source.url} can not be copied to itself")
    source.connect()
    target.connect()
    tables = [table for table in catalog.tables() if table.name not in _OF_ITS_HOME]
    written = {table.name: _write_all(source, target, table) for table in tables}
    return [_compared(source, target, table, written[table.name]) for table in tables]


def _write_all(source: Tables, target: Tables, table: Table) -> int:
    if table.is_series:
        return _write_series(source, target, table)
    if table.has_id:
        # In the order in which they were first stored, which is an order of listings too.
        return sum(_store(target, table, rows) for rows in _batches(_walk(source, table, by_id=True), table))
    changes = (pair for pair in _pairs(source, target, table) if _is_wrong(source, table, pair))
    written = 0
    for pairs in _batches(changes, table):
        _delete(target, table, [pair.target for pair in pairs if pair.target and not pair.source])
        written += _store(target, table, [pair.source for pair in pairs if pair.source])
    return written


def _write_series(source: Tables, target: Tables, table: Table) -> int:
    """Append what is missing; a series in the target that begins in another way goes first."""
    pairs = (pair for pair in _pairs(source, target, table) if pair.target)
    wrong = {pair.target.key[:-1] for pair in pairs if pair.target and _is_wrong(source, table, pair)}
    _delete(target, table, [_Row(key, (), None) for key in wrong])
    missing = (pair.source for pair in _pairs(source, target, table) if pair.source and not pair.target)
    return sum(_store(target, table, rows) for rows in _batches(missing, table))


def _is_wrong(source: Tables, table: Table, pair: _Pair) -> bool:
    """Whether the target has to change for the pair to be the same."""
    return not pair.is_same and (pair.source is not None or _is_of_source(source, table, pair))


def _is_of_source(source: Tables, table: Table, pair: _Pair) -> bool:
    """Whether what only the target has is a part of something that the source has as well."""
    row = pair.target
    whole = table.whole
    if row is None or not whole:
        return False
    named = dict(zip((*table.key, *table.values), (*row.key[: len(table.key)], *row.values)))
    values = {name.removeprefix("owner."): named[name] for name in whole}
    condition = " AND ".join(f"{name} = :{name}" for name in values)
    sql = f"SELECT 1 FROM {table.owner or table.name} WHERE {condition} LIMIT 1"
    with source.connections.read() as connection:
        return connection.execute(sql, values).fetchone() is not None


def _compared(source: Tables, target: Tables, table: Table, written: int) -> Copied:
    here, there, rows, others = hashlib.sha256(), hashlib.sha256(), 0, 0
    for pair in _pairs(source, target, table):
        if pair.source is None and not _is_of_source(source, table, pair):
            others += 1
            continue
        rows += pair.source is not None
        for digest, row in ((here, pair.source), (there, pair.target)):
            digest.update(repr((row.key, row.values) if row else None).encode("utf-8", "surrogatepass"))
    if here.digest() != there.digest():
        raise MLRunConflictError(
            f"{table.name} of {source.url} and {target.url} differ after copying: somebody wrote to one"
            " of them meanwhile; repeat it, and it copies what is missing"
        )
    return Copied(table.name, rows, written, others, here.hexdigest())


def _pairs(source: Tables, target: Tables, table: Table) -> Iterator[_Pair]:
    """The rows of both, side by side in the order of their keys."""
    ours, theirs = _walk(source, table), _walk(target, table)
    one, other = next(ours, None), next(theirs, None)
    while one or other:
        if one and (not other or one.key < other.key):
            yield _Pair(one, None)
            one = next(ours, None)
        elif other and (not one or other.key < one.key):
            yield _Pair(None, other)
            other = next(theirs, None)
        else:
            yield _Pair(one, other)
            one, other = next(ours, None), next(theirs, None)


def _walk(db: Tables, table: Table, by_id: bool = False) -> Iterator[_Row]:
    """
    Every row, in the order of ids or of keys; of a series numbered.

    Text is in the order of its UTF-8 in the databases, and of its code points in Python, which is the same.
    """
    order = ("id",) if by_id else (*table.key, "id") if table.is_series else table.key
    rows = _pages(db, table, order)
    if not table.is_series:
        yield from rows
        return
    for _, series in itertools.groupby(rows, key=lambda row: row.key):
        for number, row in enumerate(series):
            yield row._replace(key=(*row.key, number))


def _pages(db: Tables, table: Table, order: tuple[str, ...]) -> Iterator[_Row]:
    names = (*table.key, *table.values, *(("id",) if table.has_id else ()))
    columns = [_column(name) for name in names]
    sorting = ", ".join(_column(name) for name in order)
    join = f" JOIN {table.owner} AS owner ON owner.id = own.owner_id" if table.owner else ""
    sql = f"SELECT {', '.join(columns)} FROM {table.name} AS own{join}"
    limit, key = _most(table), len(table.key)
    end = key + len(table.values)
    last: dict[str, Any] = {}
    while True:
        after = f" WHERE ({sorting}) > ({', '.join(f':after{n}' for n in range(len(order)))})" if last else ""
        with db.connections.read() as connection:
            found = connection.execute(f"{sql}{after} ORDER BY {sorting} LIMIT {limit}", last).fetchall()
        for row in found:
            yield _Row(tuple(row[:key]), tuple(row[key:end]), row[-1] if table.has_id else None)
        if len(found) < limit:
            return
        final = dict(zip(names, found[-1]))
        last = {f"after{number}": final[name] for number, name in enumerate(order)}


def _column(name: str) -> str:
    return name if name.startswith("owner.") else f"own.{name}"


def _store(target: Tables, table: Table, rows: list[_Row]) -> int:
    """Write the rows, and give the number of those that were not there like this."""
    with target.connections.write() as connection:
        cursor = connection.cursor()
        cursor.executemany(_insertion(table), [_named(table, row) for row in rows])
        return max(cursor.rowcount, 0)


def _delete(target: Tables, table: Table, rows: list[_Row]) -> None:
    own = [name for name in table.key if not name.startswith("owner.")]
    conditions = [f"{name} = :{name}" for name in own]
    if len(own) < len(table.key):
        owner = " AND ".join(f"{name} = :owner_{name}" for name in table.owner_key)
        conditions.append(f"owner_id = (SELECT id FROM {table.owner} WHERE {owner})")
    sql = f"DELETE FROM {table.name} WHERE {' AND '.join(conditions)}"
    with target.connections.write() as connection:
        connection.cursor().executemany(sql, [_named(table, row) for row in rows])


def _insertion(table: Table) -> str:
    columns = ", ".join(table.columns)
    values = ", ".join(f":{name}" for name in table.columns)
    if table.owner:
        owner = " AND ".join(f"{name} = :owner_{name}" for name in table.owner_key)
        sql = (
            f"INSERT INTO {table.name} (owner_id, {columns})"
            f" SELECT id, {values} FROM {table.owner} WHERE {owner}"
        )
    else:
        sql = f"INSERT INTO {table.name} ({columns}) VALUES ({values})"
    if table.is_series:
        return sql
    changed = [name for name in table.columns if name not in table.key]
    changed += ["owner_id"] if table.owner and "owner_id" not in table.conflict else []
    updates = ", ".join(f"{name} = excluded.{name}" for name in changed)
    differs = " OR ".join(
        f"{own} <> {new} OR ({own} IS NULL) <> ({new} IS NULL)"
        for own, new in ((f"{table.name}.{name}", f"excluded.{name}") for name in changed)
    )
    return f"{sql} ON CONFLICT ({', '.join(table.conflict)}) DO UPDATE SET {updates} WHERE {differs}"


def _named(table: Table, row: _Row) -> dict[str, Any]:
    names = (name.replace(".", "_") for name in (*table.key, *table.values))
    return dict(zip(names, (*row.key[: len(table.key)], *row.values)))


def _most(table: Table) -> int:
    return _MOST_PIECES if table.name == "logs" else _MOST_ROWS


def _batches(rows: Iterable[Any], table: Table) -> Iterator[list[Any]]:
    given = iter(rows)
    while batch := list(itertools.islice(given, _most(table))):
        yield batch
