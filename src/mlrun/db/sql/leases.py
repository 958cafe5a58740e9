"""Leases: who, of all processes that share a database, does what one at a time may do."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from mlrun.db import liveness, times
from mlrun.db.sql.tables import Tables

_HELD = "SELECT holder, until FROM leases WHERE name = :name"
_HOLD = """
INSERT INTO leases (name, holder, until) VALUES (:name, :holder, :until)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
"""


class Leases(Tables):
    """
    The leases of a database; it is its clock that counts, whatever those of the machines say.

    Example::

        if db.hold_lease("scheduler", holder, 10):  # again within 10 s, or somebody else may have it
            ...
    """

    def clock(self) -> str:
        """The time, as the database has it."""
        with self._read() as connection:
            return self._now(connection)

    def hold_lease(self, name: str, holder: str, seconds: float) -> bool:
        """
        Take or renew the lease *name*, and say whether *holder* has it now.

        Args:
            holder: Who, as :func:`holder_of_this_process` has it: one that is known to be gone holds nothing.
        """
        with self._write(f"leases/{name}") as connection:
            now = self._now(connection)
            held = connection.execute(_HELD, {"name": name}).fetchone()
            if held and held[0] != holder and held[1] > now and not _is_gone(held[0]):
                return False
            until = times.later(now, seconds)
            connection.execute(_HOLD, {"name": name, "holder": holder, "until": until})
        return True

    def release_lease(self, name: str, holder: str) -> None:
        """Give it back, so that the next one need not wait; nothing happens if *holder* has lost it."""
        with self._write(f"leases/{name}") as connection:
            sql = "DELETE FROM leases WHERE name = :name AND holder = :holder"
            connection.execute(sql, {"name": name, "holder": holder})

    def lease_holder(self, name: str) -> str:
        """Who has the lease *name* now; empty for nobody."""
        with self._read() as connection:
            held = connection.execute(_HELD, {"name": name}).fetchone()
            return str(held[0]) if held and held[1] > self._now(connection) else ""


def holder_of_this_process(key: str) -> str:
    """
    This process, as the holder of leases.

    Args:
        key: Tells several holders of one process apart.
    """
    return json.dumps({**liveness.process_stamp(), "key": key}, sort_keys=True)


def _is_gone(holder: str) -> bool:
    stamp: Any = None
    with contextlib.suppress(ValueError):
        stamp = json.loads(holder)
    if not isinstance(stamp, dict):
        return False
    stamp.pop("key", None)
    return liveness.is_gone(stamp)
