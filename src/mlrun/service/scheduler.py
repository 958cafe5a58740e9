"""Fires the schedules that are due."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from mlrun.backports import fromisoformat
from mlrun.config import mlconf
from mlrun.db.sql.firings import Firings, MakeRun
from mlrun.log import logger
from mlrun.service.duty import Duty
from mlrun.service.lease import Lease

LONGEST_S = 1.0  # other servers of the database make schedules, too
ONCE, SKIP = "once", "skip"  # what becomes of firings that were missed


class Scheduler(Duty):
    """
    The duty to fire; a firing that two servers are at is one all the same, as the database sees to that.

    Args:
        make_run: What a schedule and a uid make.
        on_fire: Called when runs were submitted.
        clock: The time in UTC, as text; that of the database.
    """

    name = "scheduler"

    def __init__(
        self,
        db: Firings,
        make_run: MakeRun,
        on_fire: Callable[[], object] = lambda: None,
        clock: Callable[[], str] = lambda: "",
    ) -> None:
        self._db, self._make_run, self._on_fire = db, make_run, on_fire
        self._clock = clock

    def round(self, lease: Lease) -> float:
        is_late_run = str(mlconf.httpdb.scheduling.misfire).lower() == ONCE
        for project, name in self._db.due_schedules(self._clock()):
            if not lease.keep():
                return 0.0
            run = self._db.fire_schedule(project, name, self._make_run, is_late_run, self._clock())
            if run is not None:
                logger.info(f"schedule {project}/{name} started run {run['metadata']['uid']}")
                self._on_fire()
        return self._seconds_to_next()

    def _seconds_to_next(self) -> float:
        due = self._db.next_schedule_due()
        if not due:
            return LONGEST_S
        now = datetime.datetime.now(datetime.timezone.utc)  # about: the database's clock decides
        return min(max((fromisoformat(due) - now).total_seconds(), 0.01), LONGEST_S)
