"""Deletes shipped folders that nothing needs any more."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable

from mlrun import urls
from mlrun.code import pruning
from mlrun.code.bundles import place_of_server
from mlrun.code.objects import keep_for
from mlrun.db.base import RunDB
from mlrun.errors import MLRunBaseError, err_to_str
from mlrun.log import logger
from mlrun.service.duty import Duty
from mlrun.service.lease import Lease

EVERY_S = 6 * 3600.0


class Pruner(Duty):
    """
    The duty to look through what this server keeps for its projects, now and then.

    Args:
        clock: Seconds that pass, here.
    """

    name = "bundles"

    def __init__(self, db: RunDB, clock: Callable[[], float] = time.monotonic) -> None:
        self._db, self._clock = db, clock
        self._next = float("-inf")

    def round(self, lease: Lease) -> float:
        if self._clock() >= self._next:
            self._next = self._clock() + EVERY_S  # also after something was away
            self._prune(lease)
        return self._next - self._clock()

    def _prune(self, lease: Lease) -> None:
        kept = keep_for()
        if kept is None:
            return
        before = datetime.datetime.now(datetime.timezone.utc) - kept
        roots = pruning.needed(self._db, since=before)
        for project in self._db.list_projects(format_="name_only"):
            if not lease.keep():
                return
            if urls.KEY.fullmatch(project):
                try:
                    self._prune_project(project, roots, before)
                except MLRunBaseError as error:  # one project holds up no others
                    logger.warning(f"project {project}: what was shipped is not pruned: {err_to_str(error)}")

    def _prune_project(self, project: str, roots: set[str], before: datetime.datetime) -> None:
        place = place_of_server(project)
        if found := pruning.unneeded(place, roots, before):
            freed = pruning.delete(place, found)
            logger.info(f"project {project}: {len(found)} objects of shipped folders, {freed} bytes, deleted")
