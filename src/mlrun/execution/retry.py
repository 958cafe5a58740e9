"""Attempts at a run in this process, until it has ended."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from typing import Any

from mlrun.backports import fromisoformat
from mlrun.db import liveness
from mlrun.db.base import RunDB
from mlrun.errors import MLRunConflictError, RunError
from mlrun.execution.call import gist
from mlrun.execution.outcome import outcome
from mlrun.log import logger
from mlrun.model.retry import next_attempt
from mlrun.model.run import Run, RunState

LOOK_EVERY_S = 0.5  # between two attempts, whether somebody has aborted the run


def attempts(run: Run, db: RunDB, attempt: Callable[[], None]) -> None:
    """
    Call *attempt*, which does *run* once and changes it in place, until the run has ended.

    Raises:
        RunError: The last attempt failed, or somebody ended the run between two of them.
        KeyboardInterrupt: It was interrupted; the run is aborted.
    """
    while True:
        try:
            attempt()
        except RunError:
            if run.status.state != RunState.PENDING_RETRY:
                raise
        if run.status.state != RunState.PENDING_RETRY:
            return
        logger.warning(f"run {run.key}: {run.status.status_text}: {gist(run.status.error)}")
        _wait(run, db)


def _wait(run: Run, db: RunDB) -> None:
    """Until the next attempt is due; this process is the one that will begin it."""
    key = (run.metadata.uid, run.metadata.project, run.metadata.iteration)
    due = fromisoformat(next_attempt(run))
    try:
        _adopt(run, db.update_run({"status.process": liveness.process_stamp()}, *key))
        while (rest_s := (due - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) > 0:
            time.sleep(min(rest_s, LOOK_EVERY_S))
            _adopt(run, db.read_run(*key))
    except MLRunConflictError:
        _adopt(run, db.read_run(*key))
    except KeyboardInterrupt as error:
        state, text = outcome(error)
        run.status.state, run.status.error = state.value, text
        db.update_run({"status.state": state.value, "status.error": text}, *key)
        raise


def _adopt(run: Run, stored: dict[str, Any]) -> None:
    """
    Raises:
        RunError: The run has ended meanwhile.
    """
    run.status = Run.from_dict(stored).status
    if RunState(run.status.state).is_final:
        raise RunError(f"run {run.key} ({run.metadata.name}) was {run.status.state} between two attempts")
