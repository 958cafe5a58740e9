"""How user code ended: what it means for the run's state, and what to say about it."""

from __future__ import annotations

import datetime
import os
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from mlrun.db.base import RunDB
from mlrun.model.run import Run, RunState, RunStatus

_PACKAGE = str(Path(__file__).parent.parent) + os.sep
_CALL = str(Path(__file__).with_name("call.py"))  # the one place where user code is called
_CAPTURE = str(Path(__file__).with_name("capture.py"))  # below a ``print`` of user code


def now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat()


def outcome(error: BaseException | None) -> tuple[RunState, str]:
    """The final state, and the text of ``status.error``, that the way user code ended means."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return RunState.COMPLETED, ""
    if isinstance(error, KeyboardInterrupt):
        return RunState.ABORTED, "interrupted by " + (f"signal {error.args[0]}" if error.args else "Ctrl-C")
    if isinstance(error, SystemExit):
        return RunState.ERROR, f"the program ended itself with exit code {error.code}"
    return RunState.ERROR, user_traceback(error)


def stored_status(run: Run, db: RunDB) -> dict[str, Any]:
    """Of *run* as others may have written it meanwhile."""
    meta = run.metadata
    status: dict[str, Any] = db.read_run(meta.uid, meta.project, meta.iteration)["status"]
    return status


def adopt_reason(status: RunStatus, stored: Mapping[str, Any]) -> None:
    """Whoever has asked for the end of a run has said why; that its process was interrupted is only how."""
    if stored.get("state") in (RunState.ABORTING, RunState.ABORTED):
        status.status_text, status.error = str(stored.get("status_text", "")), ""
        status.reason = str(stored.get("reason", ""))


def in_user_code(error: BaseException) -> TracebackType | None:
    """
    The part of *error*'s traceback from where a handler was called, without what a ``print`` does below it
    (that is cut off); None where no handler was running here.
    """
    frame, found = error.__traceback__, None
    while frame is not None:
        if _file(frame) == _CALL:
            found = frame.tb_next
        frame = frame.tb_next
    first = frame = _without_own(found)
    while frame is not None:
        if frame.tb_next is not None and _file(frame.tb_next) == _CAPTURE:
            frame.tb_next = None
        frame = frame.tb_next
    return first


def _file(frame: TracebackType) -> str:
    return frame.tb_frame.f_code.co_filename


def _without_own(frame: TracebackType | None) -> TracebackType | None:
    while frame is not None and _file(frame).startswith(_PACKAGE):
        frame = frame.tb_next
    return frame


def user_traceback(error: BaseException) -> str:
    """The traceback of *error* without the frames of this package that led to the user's code."""
    frame = _without_own(error.__traceback__)
    return "".join(traceback.format_exception(type(error), error, frame)).rstrip()
