"""Runs on their way into their tables: what is checked, searched and written."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from mlrun.db import records, times
from mlrun.db.base import Record
from mlrun.db.sql import inputs, results
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.tables import MOST_VALUES, store_side
from mlrun.errors import MLRunConflictError
from mlrun.model.run import RunState

KEY = "project = :project AND uid = :uid AND iteration = :iteration"
FINAL = ", ".join(f"'{state}'" for state in RunState if state.is_final)
_STORE = f"""
INSERT INTO runs (project, uid, iteration, name, search, state,
                  start_time, last_update, end_time, process, body)
VALUES (:project, :uid, :iteration, :name, :search, :state,
        COALESCE(:start_time, :first_start), :last_update, :end_time, :process, :body)
ON CONFLICT (uid, project, iteration) DO UPDATE SET
    name = excluded.name, search = excluded.search, state = excluded.state,
    start_time = COALESCE(:start_time, runs.start_time),
    last_update = CASE WHEN :start_time IS NULL AND excluded.last_update < runs.start_time
                       THEN runs.start_time ELSE excluded.last_update END,
    end_time = CASE WHEN :start_time IS NULL AND excluded.end_time < runs.start_time
                    THEN runs.start_time ELSE excluded.end_time END,
    process = excluded.process, body = excluded.body
WHERE runs.state = excluded.state OR runs.state NOT IN ({FINAL})
"""
_ABORTING = f"SELECT body FROM runs WHERE {KEY} AND state = '{RunState.ABORTING}'"
_IDS_OF_ONE = """
SELECT project, uid, iteration, id FROM runs
WHERE uid = :uid AND project = :project AND iteration >= :first AND iteration <= :last
"""
_IDS = """
WITH wanted (project, uid, iteration) AS (VALUES {keys})
SELECT runs.project, runs.uid, runs.iteration, runs.id FROM wanted CROSS JOIN runs
WHERE runs.uid = wanted.uid AND runs.project = wanted.project AND runs.iteration = wanted.iteration
"""
_WHY = ("state", "status_text", "reason")  # of a run that is being aborted
_UNDER_WAY = {state.value for state in RunState if not state.is_final} - {RunState.ABORTING.value}
_AT_ONCE = MOST_VALUES // 3  # keys

Key = tuple[str, str, int]  # project, uid, iteration


class RunRow:
    """One run as a row of the table; making it checks it."""

    def __init__(self, struct: Record, uid: str = "", project: str = "", iter: int | None = None) -> None:
        run = records.as_record(struct, "a run")
        metadata = records.part(run, "metadata", "a run")
        iteration = metadata.get("iteration") if iter is None else iter
        key = key_of(uid or metadata.get("uid", ""), project or metadata.get("project", ""), iteration)
        self.key: Key = (key["project"], key["uid"], key["iteration"])
        self.what = f"run {name_of(key)}"
        status = records.part(run, "status", self.what)
        state = RunState.check(status.get("state") or RunState.CREATED)
        self.labels = records.labels_of(metadata, self.what)
        self.results = results.searched(records.part(status, "results", self.what))
        self.inputs = inputs.inputs_of(run, key["project"])
        run["metadata"] = _with_key(metadata, key)
        name = str(metadata.get("name") or "")
        process = records.part(status, "process", self.what)
        self.values = {
            **key,
            **_times(status, state, self.what),
            "name": name,
            "search": name.casefold(),
            "state": state.value,
            "process": records.dump(process, self.what) if process and not state.is_final else None,
            "body": records.dump(run, self.what),
        }


def store(connection: Connection, rows: list[RunRow]) -> list[RunRow]:
    """
    Write them, and give them as they are stored.

    Raises:
        MLRunConflictError: One of the runs has ended, in another state.
    """
    rows = [_still_aborting(connection, row) for row in rows]
    before = _ids(connection, rows)
    cursor = connection.cursor()
    cursor.executemany(_STORE, [row.values for row in rows])
    if rows and cursor.rowcount < len(rows):
        raise _conflict(connection, rows)
    ids = before if len(before) == len({row.key for row in rows}) else _ids(connection, rows)
    known = list(before.values())
    labels = {ids[row.key]: {name: (value,) for name, value in row.labels.items()} for row in rows}
    store_side(connection, "run_labels", ("value",), labels, known)
    found = {ids[row.key]: row.results for row in rows}
    store_side(connection, "run_results", ("number", "text"), found, known)
    read = {ids[row.key]: row.inputs for row in rows}
    store_side(connection, "run_inputs", inputs.COLUMNS, read, known)
    return rows


def _still_aborting(connection: Connection, row: RunRow) -> RunRow:
    """A run that is being aborted is so until it ends, whatever its pod writes; why is kept, too."""
    if row.values["state"] not in _UNDER_WAY:
        return row
    found = connection.execute(_ABORTING, row.values).fetchone()
    if not found:
        return row
    run, before = records.load(row.values["body"]), records.load(found[0])["status"]
    run["status"] |= {name: before[name] for name in _WHY if name in before}
    return RunRow(run)


def key_of(uid: Any, project: str, iteration: Any) -> dict[str, Any]:
    """
    Raises:
        MLRunInvalidArgumentError: No uid, or no number of an iteration.
    """
    uid = records.required(uid, "the uid of a run")
    return {
        "project": project or records.default_project(),
        "uid": uid,
        "iteration": records.iteration(iteration),
    }


def name_of(key: dict[str, Any]) -> str:
    return f"{key['project']}/{key['uid']}" + (f"#{key['iteration']}" if key["iteration"] else "")


def _ids(connection: Connection, rows: Iterable[RunRow]) -> dict[Key, int]:
    """The ids of those that are stored."""
    keys = sorted({row.key for row in rows})
    if len({key[:2] for key in keys}) == 1:  # a run, or children of one
        (project, uid, first), last = keys[0], keys[-1][2]
        values = {"project": project, "uid": uid, "first": first, "last": last}
        found = connection.execute(_IDS_OF_ONE, values).fetchall()
    else:
        found = []
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            sql = _IDS.format(keys=", ".join(["(?, ?, ?)"] * len(some)))
            found += connection.execute(sql, tuple(itertools.chain.from_iterable(some))).fetchall()
    wanted = set(keys)
    return {key: owner for *parts, owner in found if (key := tuple(parts)) in wanted}


def _conflict(connection: Connection, rows: list[RunRow]) -> MLRunConflictError:
    """About the first run that has ended in another state."""
    sql = f"SELECT state FROM runs WHERE {KEY}"
    for row in rows:
        (state,) = connection.execute(sql, row.values).fetchone()
        if state != row.values["state"] and RunState(state).is_final:
            break
    return MLRunConflictError(
        f"{row.what} is {state}; a finished run can not go back to {row.values['state']}"
    )


def _with_key(metadata: Record, key: dict[str, Any]) -> Record:
    """The key of the call holds; iteration 0 need not be written."""
    if not key["iteration"] and "iteration" not in metadata:
        key = {"project": key["project"], "uid": key["uid"]}
    return {**metadata, **key}


def end_time_of(
    status: Record, state: RunState, start: str | None, last_update: str, what: str
) -> str | None:
    """A run that has ended and does not say when has done so at its last update; never before its start."""
    end = _time(status, "end_time", what) or (last_update if state.is_final else None)
    return max(end, start or "") if end else None


def _times(status: Record, state: RunState, what: str) -> dict[str, str | None]:
    """Of the columns: a run is updated no earlier than it starts."""
    start = _time(status, "start_time", what)
    last_update = max(_time(status, "last_update", what) or times.now(), start or "")
    return {
        "start_time": start,
        "first_start": start or min(times.now(), last_update),
        "last_update": last_update,
        "end_time": end_time_of(status, state, start, last_update, what),
    }


def _time(status: Record, name: str, what: str) -> str | None:
    value = status.get(name)
    return times.of_record(value, f"status.{name} of {what}") if value else None
