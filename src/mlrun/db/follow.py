"""Printing a log while it grows."""

from __future__ import annotations

import codecs
import sys
import time
from typing import TYPE_CHECKING

from mlrun.model.run import RunState

if TYPE_CHECKING:
    from mlrun.db.base import RunDB

SHORTEST_S, LONGEST_S = 0.05, 2.0  # between two looks; longer each time that nothing has come


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
