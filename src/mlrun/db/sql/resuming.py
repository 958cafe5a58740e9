"""A run with iterations that was left in the middle is taken up again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlrun.db import records, times
from mlrun.db.base import Record
from mlrun.db.resuming import ended_of_itself, goes_on, next_attempt
from mlrun.db.sql import abandoned
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.run_rows import KEY, RunRow, key_of, name_of, store
from mlrun.db.sql.tables import Tables, lock_of_run
from mlrun.errors import MLRunConflictError, MLRunNotFoundError
from mlrun.model.run import RunState

_ALL_OF_RUN = """
SELECT iteration, process, body FROM runs WHERE project = :project AND uid = :uid ORDER BY iteration
"""
_REOPEN = f"UPDATE runs SET state = :state, end_time = NULL WHERE {KEY}"  # the one way out of a final state
_OF_AN_END = ("error", "reason", "status_text", "end_time")


class Resuming(Tables):
    """What the port has for runs that are taken up again."""

    def resume_run(
        self,
        uid: str,
        project: str = "",
        process: Record | None = None,
        gone: Record | None = None,
        pods: Sequence[str] = (),
    ) -> list[Record]:
        key = key_of(uid, project, 0)
        with self._write(lock_of_run(key)) as connection:
            return reopen(connection, key, RunState.RUNNING, process, gone, pods)


def reopen(
    connection: Connection,
    key: dict[str, Any],
    state: RunState,
    process: Record | None = None,
    gone: Record | None = None,
    pods: Sequence[str] = (),
) -> list[Record]:
    """
    Within a transaction that has the lock of the run: what ``resume_run`` does.

    Args:
        state: Of the run itself.
    """
    rows = connection.execute(_ALL_OF_RUN, key).fetchall()
    if not rows or rows[0][0]:
        raise MLRunNotFoundError(f"no run {name_of(key)}")
    (_, stamp, body), *children = rows
    run = records.load(body)
    _refuse_unless_left(key, run, stamp, gone)
    _reopen(connection, key, run, state, process)
    return [_taken_up(connection, key, row, pods) for row in children]


def _refuse_unless_left(key: dict[str, Any], run: Record, stamp: str | None, gone: Record | None) -> None:
    state = RunState((run.get("status") or {}).get("state") or RunState.CREATED)
    if state == RunState.COMPLETED:
        raise MLRunConflictError(f"run {name_of(key)} is completed; there is nothing to go on with")
    if state.is_final or stamp is None or abandoned.is_gone(stamp) or records.load(stamp) == gone:
        return
    process = records.load(stamp)
    raise MLRunConflictError(
        f"run {name_of(key)} is {state}, and its process (pid {process.get('pid')} on host"
        f" {process.get('host')}) is not known to be gone; abort it first, or resume it on that host"
    )


def _taken_up(
    connection: Connection, key: dict[str, Any], row: tuple[Any, ...], pods: Sequence[str]
) -> Record:
    iteration, _, body = row
    child: Record = records.load(body)
    status = child["status"] = child.get("status") or {}
    if ended_of_itself(status) or goes_on(status, pods):
        return child
    if attempt := next_attempt(status):
        status["retry_count"] = attempt
    return _reopen(connection, {**key, "iteration": iteration}, child, RunState.CREATED, None)


def _reopen(
    connection: Connection, key: dict[str, Any], run: Record, state: RunState, process: Record | None
) -> Record:
    connection.execute(_REOPEN, {**key, "state": state.value})
    status = {name: value for name, value in (run.get("status") or {}).items() if name not in _OF_AN_END}
    status.pop("process", None)
    now = {"state": state.value, "last_update": times.now()}
    run["status"] = {**status, **now, **({"process": process} if process else {})}
    store(connection, [RunRow(run, key["uid"], key["project"], key["iteration"])])
    return run
