"""What a migration can not say in SQL: columns of older records, filled from their bodies."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from mlrun.db import records, times
from mlrun.db.sql.artifacts import belonging
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.functions import kind_and_state
from mlrun.db.sql.inputs import COLUMNS, inputs_of
from mlrun.db.sql.results import searched
from mlrun.db.sql.run_rows import end_time_of
from mlrun.db.sql.schedules import next_time
from mlrun.db.sql.tables import insert_rows
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.run import RunState
from mlrun.model.timetable import Timetable

_AT_ONCE = 1000  # records


def fill_searched(connection: Connection) -> None:
    """To version 2: results and end times of runs, what artifacts belong to, and kinds of functions."""
    _fill_runs(connection)
    _fill(connection, "artifacts", ("producer", "parent"), belonging)
    _fill(connection, "functions", ("kind", "state"), kind_and_state)


def fill_inputs(connection: Connection) -> None:
    """To version 3: what runs have read."""
    for rows in _batches(connection, "runs", "project"):
        read = [
            (owner, name, *values)
            for owner, record, project in rows
            for name, values in inputs_of(record, project).items()
        ]
        insert_rows(connection, "run_inputs", ("owner_id", "name", *COLUMNS), read)


def fill_due(connection: Connection) -> None:
    """To version 5: when schedules fire, which had been records only; one that never does stays one."""
    now = times.now()
    for rows in _batches(connection, "schedules"):
        for owner, record in rows:
            with contextlib.suppress(MLRunInvalidArgumentError):
                record["next_run_time"] = next_time(record, Timetable(record["cron_trigger"]), now)
                values = {
                    "id": owner,
                    "due": record["next_run_time"],
                    "body": records.dump(record, "a schedule"),
                }
                connection.execute("UPDATE schedules SET due = :due, body = :body WHERE id = :id", values)


FILLS: dict[int, Callable[[Connection], None]] = {2: fill_searched, 3: fill_inputs, 5: fill_due}


def _fill_runs(connection: Connection) -> None:
    cursor = connection.cursor()
    for rows in _batches(connection, "runs", "start_time, last_update, state"):
        ends: list[dict[str, Any]] = []
        results: list[tuple[Any, ...]] = []
        for owner, record, start, last_update, state in rows:
            status = records.part(record, "status", "a run")
            end = end_time_of(status, RunState(state), start, last_update, f"run {owner}")
            ends.append({"id": owner, "end": end})
            found = searched(records.part(status, "results", "a run"))
            results += [(owner, name, *values) for name, values in found.items()]
        cursor.executemany("UPDATE runs SET end_time = :end WHERE id = :id", ends)
        insert_rows(connection, "run_results", ("owner_id", "name", "number", "text"), results)


def _fill(
    connection: Connection, table: str, columns: tuple[str, ...], values_of: Callable[[Any], dict[str, str]]
) -> None:
    settings = ", ".join(f"{column} = :{column}" for column in columns)
    for rows in _batches(connection, table):
        values = [{"id": row[0], **values_of(row[1])} for row in rows]
        connection.cursor().executemany(f"UPDATE {table} SET {settings} WHERE id = :id", values)


def _batches(connection: Connection, table: str, also: str = "") -> Iterator[list[tuple[Any, ...]]]:
    """The id, the record and what is asked for *also* of every row."""
    columns = f"id, body, {also}" if also else "id, body"
    sql = f"SELECT {columns} FROM {table} WHERE id > :last ORDER BY id LIMIT :most"
    last = 0
    while rows := connection.execute(sql, {"last": last, "most": _AT_ONCE}).fetchall():
        last = rows[-1][0]
        yield [(owner, records.load(body), *rest) for owner, body, *rest in rows]
