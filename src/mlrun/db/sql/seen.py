"""Keys of writes that may come twice, because an answer was lost: each is done once."""

from __future__ import annotations

import time

from mlrun.db import times
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.tables import Tables

DAYS = 2  # a key is remembered; who sends a write again does so within one
_EVERY_S = 3600
_OLD = "SELECT 1 FROM seen WHERE time < :before LIMIT 1"
_NOTE = "INSERT INTO seen (name, time) VALUES (:name, :now) ON CONFLICT (name) DO NOTHING"


class Seen(Tables):
    """The keys that an adapter has seen."""

    _forgot_at = -float(_EVERY_S)

    def _forget_seen(self) -> None:
        """Forget what is old, once in a while; in a transaction of its own, in which no writer waits."""
        if time.monotonic() - self._forgot_at < _EVERY_S:
            return
        self._forgot_at = time.monotonic()
        values = {"before": times.days_before_now(DAYS)}
        with self._read() as connection:
            if not connection.execute(_OLD, values).fetchone():
                return
        with self._write("seen") as connection:
            connection.execute("DELETE FROM seen WHERE time < :before", values)


def is_new(connection: Connection, key: str) -> bool:
    """Whether the write with *key* has not been done yet; it counts as done with this transaction."""
    return not key or connection.execute(_NOTE, {"name": key, "now": times.now()}).rowcount == 1
