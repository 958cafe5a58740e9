"""In a Dask worker: a slice of a sweep, children that one task runs one after the other."""

from __future__ import annotations

import functools
import logging
import pickle
import signal
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from mlrun.config import mlconf
from mlrun.db import get_run_db, liveness
from mlrun.db.base import RunDB
from mlrun.db.http.wire import AWAY
from mlrun.db.journal import deliver_all
from mlrun.errors import MLRunNotFoundError
from mlrun.execution.condition import Condition
from mlrun.execution.parallel import BatchJob, Record
from mlrun.log import logger
from mlrun.model.run import RunState

MOST_S = 0.2  # no child begins in a task that has run so long: the others wait, and may run elsewhere
_MOST_JOBS = 4  # that a worker keeps
_PAUSE_S = 0.5  # between two tries to reach a server that is away
_NOT_HEARD = (
    "Failed to communicate with scheduler during heartbeat.",  # logged with a traceback
    "Scheduler was unaware of this worker; shutting down.",
)

_jobs: OrderedDict[str, bytes] = OrderedDict()


@dataclass(frozen=True)
class Slice:
    """What a task is given."""

    job: str  # its name
    url: str  # of the database, as workers reach it
    records: list[Record]  # of the children
    body: bytes = b""  # of the job, for a worker that has not seen it
    stop_condition: str = ""  # ends the slice: whether the sweep ends too is not for a worker to say


@dataclass(frozen=True)
class Ended:
    """What it gives back."""

    records: list[Record]  # of the children that have ended; the others have not begun
    took_s: float = 0.0
    needs_job: bool = False  # nothing was run: the worker does not have it


def dask_setup(worker: Any) -> None:
    """
    Dask calls this in each worker of this machine. Ctrl-C reaches all processes of a terminal: what ends is
    for the one to say that has started them. (Ignoring the signal would be inherited by what a task starts.)

    Their scheduler is in that process, too: where it does not hear them any more, it is about to end them.
    """
    signal.signal(signal.SIGINT, lambda *_: None)
    logging.getLogger("distributed.worker.state_machine").setLevel(logging.ERROR)  # of cancelled tasks
    logging.getLogger("distributed.worker").addFilter(lambda record: record.msg not in _NOT_HEARD)


def run_slice(given: Slice) -> Ended:
    """
    Run the children of *given*, until there is something to think about: a child has failed or met the
    condition, or ``MOST_S`` have passed.

    Those that have ended, on a worker that died in the middle of the same task, are not run again. A worker
    of another machine comes back when the server knows how they have ended.
    """
    begun = time.monotonic()
    if not (body := _body_of(given)):
        return Ended([], needs_job=True)
    db = get_run_db(given.url)
    earlier = _ended_before(given.records, db)
    waiting = given.records[len(earlier) :]
    condition = Condition.parse(given.stop_condition) if given.stop_condition else None

    def goes_on(child: Record) -> bool:
        status = child["status"]
        if status["state"] != RunState.COMPLETED or time.monotonic() - begun > MOST_S:
            return False
        return not (condition and condition.met(status.get("results", {})))

    ended = _load(body)(waiting, goes_on) if waiting else []
    if given.records[0]["status"]["process"].get("host") != liveness.process_stamp()["host"]:
        # what waits here may go with this disk
        deliver_all(db, float(mlconf.cluster.patience), logger.warning)
    return Ended([*earlier, *ended], time.monotonic() - begun)


def _body_of(given: Slice) -> bytes:
    """Empty where this worker does not know it."""
    if given.body:
        _jobs[given.job] = given.body
        while len(_jobs) > _MOST_JOBS:
            _jobs.popitem(last=False)
    return _jobs.get(given.job, b"")


@functools.lru_cache(maxsize=_MOST_JOBS)
def _load(body: bytes) -> BatchJob:
    job: BatchJob = pickle.loads(body)
    return job


def _ended_before(records: list[Record], db: RunDB) -> list[Record]:
    """:func:`ended_before`, after waiting for a server that is away."""
    end = time.monotonic() + float(mlconf.cluster.patience)
    while True:
        try:
            return ended_before(records, db)
        except AWAY:
            if time.monotonic() > end:
                raise
            time.sleep(_PAUSE_S)


def ended_before(records: list[Record], db: RunDB) -> list[Record]:
    """
    The children that this very task had run to their end; they are the first ones.

    What it writes it writes in order, so where the first one has nothing of it nobody has.
    """
    found = []
    for record in records:
        stored = _stored(record, db)
        if stored is None or not RunState(stored["status"]["state"]).is_final:
            break
        found.append(stored)
    return found


def _stored(record: Record, db: RunDB) -> Record | None:
    """As this task has written it."""
    meta = record["metadata"]
    try:
        stored: dict[str, Any] = db.read_run(meta["uid"], meta["project"], meta["iteration"])
    except MLRunNotFoundError:
        return None
    is_its_own = stored["status"].get("process", {}).get("task") == record["status"]["process"]["task"]
    return stored if is_its_own else None
