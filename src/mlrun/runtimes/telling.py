"""Who wants to hear of a run that runs here does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlrun.db.base import RunDB
from mlrun.model.run import Run, RunState
from mlrun.secrets import Masker

if TYPE_CHECKING:
    from mlrun.model.notification import Notification


@contextmanager
def told_of(run: Run, notifications: Sequence[Notification], db: RunDB, masker: Masker) -> Iterator[None]:
    """The block takes *run* from its start to its end; notifications of both are sent."""
    if not notifications:
        yield
        return
    from mlrun.notifications.push import push  # most runs have none

    if any(RunState.RUNNING in one.when for one in notifications):
        run.status.state = RunState.RUNNING.value
        db.store_run(run.to_dict(), run.metadata.uid, run.metadata.project)
        push(run, notifications, db, masker)
    try:
        yield
    finally:
        push(run, notifications, db, masker)
