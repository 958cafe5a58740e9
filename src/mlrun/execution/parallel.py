"""Children of a sweep side by side on this machine: handlers in worker processes, programs under threads."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any, cast

from mlrun.db import get_run_db
from mlrun.db.base import RunDB
from mlrun.errors import MLRunConflictError, MLRunNotFoundError, RunError
from mlrun.execution import output_link
from mlrun.execution.batched import BatchedDB
from mlrun.execution.call import call
from mlrun.execution.capture import LogWriter
from mlrun.execution.handlers import Source
from mlrun.execution.masked import masked_db, masked_run
from mlrun.execution.outcome import now
from mlrun.execution.pool import Pool
from mlrun.execution.surroundings import surroundings
from mlrun.execution.worker_output import WorkerOutput
from mlrun.model.run import Run, RunState
from mlrun.packagers import add_custom_packager, get_custom_packagers
from mlrun.secrets import Masker, SecretsStore

_LOOK_EVERY_S = 0.05  # whether children that were aborted have ended

Record = dict[str, Any]
Job = Callable[[Record], Record]
BatchJob = Callable[[list[Record], Callable[[Record], bool]], list[Record]]


def banner(child: Run) -> str:
    """The line before an iteration's output in its parent's log."""
    given = ", ".join(f"{key}={value}" for key, value in child.spec.parameters.items())
    return f"> iteration {child.metadata.iteration}: {given}"[:500]


def log_of(child: Run, db: RunDB, masker: Masker) -> LogWriter:
    """Iterations share their parent's log."""
    return LogWriter(db, child.metadata.uid, child.metadata.project, banner(child), masker)


def in_processes(
    runs: Iterator[Run],
    source: Source,
    db: RunDB,
    secrets: list[Record],
    workdir: str,
    env: dict[str, str],
    at_once: int,
) -> Iterator[Run]:
    """Call the handler in *at_once* worker processes; gives each child when it has ended, in any order."""
    handed: dict[int, Run] = {}
    masker = SecretsStore.from_list(secrets).masker
    output_link.hide(masker)

    def jobs() -> Iterator[Record]:
        for index, child in enumerate(runs):
            child.status.state = RunState.PENDING.value
            handed[index] = child
            yield handed_over(child)

    def open_log(uid: str, project: str, banner: str) -> LogWriter:
        return LogWriter(db, uid, project, banner, masker)

    job = job_of(source, db, secrets, workdir, env)
    with Pool(job, at_once, lambda: WorkerOutput(open_log, masker)) as pool:
        for index, outcome in pool.map_unordered(jobs()):
            child = handed.pop(index)
            if outcome.error is None:
                yield Run.from_dict(outcome.value)
            else:
                yield ended_with(child, outcome.error, masked_db(db, masker))


def handed_over(child: Run) -> Record:
    """The record of *child* for another process, which is pickled: its parameters go as they are."""
    record = child.to_dict()
    record["spec"]["parameters"] = child.spec.parameters
    return record


def job_of(source: Source, db: RunDB, secrets: list[Record], workdir: str, env: dict[str, str]) -> Job:
    """What another process calls with the record of a child, and has it back in its final state."""
    return functools.partial(run_child, source, db.address, secrets, workdir, env, get_custom_packagers())


def batch_job_of(
    source: Source, url: str, secrets: list[Record], workdir: str, env: dict[str, str]
) -> BatchJob:
    """What another process calls, which finds the database at *url*; see :func:`run_batch`."""
    return functools.partial(run_batch, source, url, secrets, workdir, env, get_custom_packagers())


def run_child(
    source: Source,
    url: str,
    secrets: list[Record],
    workdir: str,
    env: dict[str, str],
    own_packagers: list[Any],
    record: Record,
) -> Record:
    """In a worker: call the handler for one child, and give its record back in its final state."""
    db = get_run_db(url)
    with surroundings(workdir, env):
        return _run_one(record, source, db, _secrets(secrets, own_packagers))


def run_batch(
    source: Source,
    url: str,
    secrets: list[Record],
    workdir: str,
    env: dict[str, str],
    own_packagers: list[Any],
    records: list[Record],
    goes_on: Callable[[Record], bool],
) -> list[Record]:
    """
    In a worker: call the handler for children one after the other, and write their records together.

    Args:
        goes_on: Asked with the record of each child that has ended whether the next one is to begin.

    Returns:
        The records of those that were run, in their final state.
    """
    db, store, ended = BatchedDB(get_run_db(url)), _secrets(secrets, own_packagers), []
    try:
        with surroundings(workdir, env):
            for record in records:
                ended.append(_run_one(record, source, cast(RunDB, db), store))
                if not goes_on(ended[-1]):
                    break
    finally:
        db.flush()
    return [_settled(*pair, db) for pair in zip(records, ended)]  # less were run, perhaps


def _settled(given: Record, ended: Record, db: BatchedDB) -> Record:
    """*ended*, once it was flushed; what stands in the database instead, where that would not have it."""
    meta = given["metadata"]
    error = db.refused.get((meta["uid"], meta["project"], meta["iteration"]))
    if isinstance(error, MLRunConflictError):
        return db.read_run(meta["uid"], meta["project"], meta["iteration"])
    return ended if error is None else ended_with(Run.from_dict(given), error, db.db).to_dict()


def _secrets(serial: list[Record], own_packagers: list[Any]) -> SecretsStore:
    for packager, is_mandatory in own_packagers:
        add_custom_packager(packager, is_mandatory)
    return SecretsStore.from_list(serial)


def _run_one(record: Record, source: Source, db: RunDB, secrets: SecretsStore) -> Record:
    child = Run.from_dict(record)
    with suppress(RunError):  # it is in the record
        call(source, child, db, secrets, log=log_of(child, db, secrets.masker))
    return masked_run(child.to_dict(), secrets.masker)


def ended_with(child: Run, error: BaseException, db: RunDB) -> Run:
    """End a child here, whose worker could not."""
    child.status.state = RunState.ERROR.value
    child.status.error = str(error)
    child.status.end_time = child.status.last_update = now()
    meta = child.metadata
    db.store_run(child.to_dict(), meta.uid, meta.project, meta.iteration)
    return child


def in_threads(runs: Iterator[Run], run_one: Callable[[Run], None], db: RunDB, at_once: int) -> Iterator[Run]:
    """
    Call *run_one* for *at_once* children at a time, each in a thread; gives each when it has ended.

    Left early, it aborts the children that are live; *run_one* has to notice, as programs do.
    """
    waiting: dict[Future[None], Run] = {}
    under_way = _UnderWay(run_one)
    with ThreadPoolExecutor(at_once, thread_name_prefix="mlrun-sweep") as pool:
        try:
            while True:
                while len(waiting) < at_once and (child := next(runs, None)) is not None:
                    waiting[pool.submit(under_way.run, child)] = child
                if not waiting:
                    return
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    with suppress(RunError):  # it is in the record
                        future.result()
                    yield waiting.pop(future)
        except BaseException:
            abort_live(list(waiting.values()), db)
            under_way.end(db)
            raise


class _UnderWay:
    """The children that *run_one* is called for in threads, whatever whoever started those knows of them."""

    def __init__(self, run_one: Callable[[Run], None]) -> None:
        self._run_one = run_one
        self._children: dict[int, Run] = {}  # by iteration
        self._lock = threading.Lock()
        self._is_over = False

    def run(self, child: Run) -> None:
        with self._lock:
            if self._is_over:
                return
            self._children[child.metadata.iteration] = child
        try:
            self._run_one(child)
        finally:
            with self._lock:
                del self._children[child.metadata.iteration]

    def end(self, db: RunDB) -> None:
        """Begin no more, and abort the others until they have ended: one may be stored only now."""
        with self._lock:
            self._is_over = True
        while self._children:
            with self._lock:
                live = list(self._children.values())
            abort_live(live, db)
            time.sleep(_LOOK_EVERY_S)


def abort_live(children: list[Run], db: RunDB) -> None:
    """Write that these children, which are stored and have not ended, were aborted with their sweep."""
    for child in children:
        meta = child.metadata
        with suppress(MLRunConflictError, MLRunNotFoundError):  # it has ended, or was never stored
            db.abort_run(meta.uid, meta.project, meta.iteration, status_text="its sweep was interrupted")
