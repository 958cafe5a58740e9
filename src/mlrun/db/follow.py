"""Waiting for what a run does: its log while it grows, its end."""

from __future__ import annotations

import codecs
import sys
import time
from typing import TYPE_CHECKING

from mlrun.model.run import RunState

if TYPE_CHECKING:
    from mlrun.db.base import RunDB

SHORTEST_S, LONGEST_S = 0.05, 2.0  # between two looks at a log; longer each time that nothing has come
FIRST_PAUSE_S = 0.02  # between two looks at a state; each is twice as long as the one before


def print_log(db: RunDB, uid: str, project: str, watch: bool, offset: int) -> tuple[str, int]:
    """
    What :meth:`mlrun.db.base.RunDB.watch_log` does.

    Raises:
        MLRunNotFoundError: No such run.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a read may end inside a character
    pause_s = SHORTEST_S
    while True:
        state, body = db.get_log(uid, project, offset=offset)
        sys.stdout.write(decoder.decode(body))
        sys.stdout.flush()
        offset += len(body)
        if not watch or not state or RunState(state).is_final:
            return state, offset
        pause_s = SHORTEST_S if body else min(pause_s * 1.5, LONGEST_S)
        time.sleep(pause_s)


def wait_for_run(
    db: RunDB, uid: str, project: str, iteration: int, longest_pause_s: float, timeout_s: float
) -> str:
    """
    What :meth:`mlrun.db.base.RunDB.wait_for_run` does.

    Raises:
        MLRunNotFoundError: No such run.
    """
    end = time.monotonic() + timeout_s if timeout_s else float("inf")
    pause_s = FIRST_PAUSE_S
    while True:
        status = db.read_run(uid, project, iteration).get("status") or {}
        state = str(status.get("state") or RunState.CREATED)
        left = end - time.monotonic()
        if RunState(state).is_final or left <= 0:
            return state
        time.sleep(min(pause_s, left))
        pause_s = min(pause_s * 2, longest_pause_s)
