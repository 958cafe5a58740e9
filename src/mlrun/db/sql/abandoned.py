"""Runs that are live in the record, and whose process is gone: whoever reads one ends it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlrun.db import liveness, records, times
from mlrun.db.base import Record
from mlrun.db.changes import set_dotted
from mlrun.db.sql.connection import Connection
from mlrun.model import retry
from mlrun.model.run import Run, RunState

_FINAL = ", ".join(f"'{state}'" for state in RunState if state.is_final)
_LIVE_OF_RUN = f"""
SELECT id, iteration, process, body FROM runs
WHERE project = :project AND uid = :uid AND state NOT IN ({_FINAL})
"""
_NOW = "CASE WHEN start_time > :now THEN start_time ELSE :now END"
_CHANGE = f"""
UPDATE runs SET state = :state, process = NULL, body = :body, end_time = {{end}}, last_update = {_NOW}
WHERE id = :id AND body = :before
"""

LiveRow = tuple[str, str, int, str]  # project, uid, iteration, process


def is_gone(process: str) -> bool:
    """Whether the process that the column *process* names has ended."""
    return liveness.is_gone(records.load(process))


def gone(live: Iterable[LiveRow]) -> list[LiveRow]:
    """Those of the *live* rows whose process has ended; each process is looked at once."""
    rows = list(live)
    ended = {process for process in {row[3] for row in rows} if is_gone(process)}
    return [row for row in rows if row[3] in ended]


def end(connection: Connection, key: dict[str, Any], process: str) -> None:
    """End the run *key*, unless another reader has; with a run those children that nobody runs any more."""
    for row_id, iteration, its_process, body in connection.execute(_LIVE_OF_RUN, key).fetchall():
        if iteration == key["iteration"]:
            is_over = its_process == process
        else:
            is_over = not key["iteration"] and (its_process is None or is_gone(its_process))
        if is_over:
            now = times.now()
            run = _ended(records.load(body), its_process or process, now)
            ended = records.dump(run, "an ended run")
            values: dict[str, Any] = {
                "state": run["status"]["state"],
                "now": now,
                "id": row_id,
                "before": body,
                "body": ended,
            }
            end_time = _NOW if RunState(values["state"]).is_final else "NULL"
            connection.execute(_CHANGE.format(end=end_time), values)


def _ended(run: Record, process: str, now: str) -> Record:
    stamp, status = records.load(process), run.get("status", {})
    over = {"end_time": now, "last_update": now}
    if status.get("state") == RunState.ABORTING:  # why was said when that began
        return {**run, "status": {**status, **over, "state": RunState.ABORTED.value}}
    reason = (
        f"the process that ran it (pid {stamp.get('pid')} on host {stamp.get('host')}) is gone;"
        " it ended without saying so"
    )
    if "pod" in stamp:  # whoever has started it begins the next attempt, if there is to be one
        waiting = Run.from_dict(run)
        retry.note_failure(waiting, reason, now, liveness.PROCESS_GONE)
        if waiting.status.state == RunState.PENDING_RETRY:
            set_dotted(run, {**retry.updates(waiting), "status.last_update": now})
            return run
    over |= {"state": RunState.ERROR.value, "error": reason, "status_text": reason}
    return {**run, "status": {**status, **over, "reason": liveness.PROCESS_GONE}}
