"""The right to do what, of all servers of a database, one at a time may do."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from mlrun.db.sql.leases import Leases, holder_of_this_process

LASTS_S = 10.0  # without being renewed
RENEWED_S = LASTS_S / 4


class Lease:
    """
    The lease *name*; a thread of its own takes, keeps and gives it back.

    Who holds it and stalls loses it, by the clock of the database; by :meth:`keep` it finds out before it
    goes on.

    Example::

        lease = Lease(db, "scheduler")
        while lease.keep():
            ...  # what takes a moment

    Args:
        clock: Seconds that pass, here.
    """

    def __init__(self, db: Leases, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._db, self._clock = db, clock
        self._holder = holder_of_this_process(uuid.uuid4().hex)
        self._until = self._renewed = float("-inf")

    def keep(self) -> bool:
        """
        Take it, or renew it where that is due, and say whether it is ours.

        Raises:
            MLRunServiceUnavailableError: The database can not be asked.
        """
        asked = self._clock()  # before the question: the answer may take long
        if asked < self._until and asked < self._renewed + RENEWED_S:
            return True
        is_ours = self._db.hold_lease(self.name, self._holder, LASTS_S)
        self._renewed = asked
        self._until = asked + LASTS_S if is_ours else float("-inf")
        return self.is_ours

    @property
    def is_ours(self) -> bool:
        """As far as this machine's clock knows; without asking."""
        return self._clock() < self._until

    def release(self) -> None:
        """Give it back at once, so that the next one need not wait."""
        if self._until > float("-inf"):
            self._until = float("-inf")
            self._db.release_lease(self.name, self._holder)
