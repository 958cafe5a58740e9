"""Children of a sweep as tasks of a Dask cluster; the worker that runs one tracks it."""

from __future__ import annotations

import functools
import pickle
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from mlrun.db import get_run_db, liveness
from mlrun.db.base import RunDB
from mlrun.errors import MLRunNotFoundError, MLRunRuntimeError
from mlrun.execution.parallel import Job, abort_live, ended_with
from mlrun.execution.travel import dumps
from mlrun.model.run import Run, RunState
from mlrun.runtimes.dask.workers import distributed

if TYPE_CHECKING:
    from distributed import Client, Future

    Task = Future[dict[str, Any]]


def on_dask(runs: Iterator[Run], job: Job, client: Any, at_once: int, db: RunDB) -> Iterator[Run]:
    """
    Run *job* for each of *runs* on the workers of *client*, *at_once* at a time; gives each child when it has
    ended, in any order.

    Dask runs a task anew whose worker has died, up to a limit of its own. Left early, the children that are
    live are aborted.
    """
    call = functools.partial(call_child, dumps(job, "the handler"), db.address)
    waiting: dict[Task, Run] = {}
    ended = distributed().as_completed(loop=client.loop)
    try:
        while True:
            while len(waiting) < at_once and (child := next(runs, None)) is not None:
                future = _submit(client, call, child)
                waiting[future] = child
                ended.add(future)
            if not waiting:
                return
            future = next(ended)
            yield _child_of(future, waiting.pop(future), db)
    except BaseException:
        client.cancel(list(waiting), force=True)
        abort_live(list(waiting.values()), db)
        raise


def _submit(client: Client, call: Any, child: Run) -> Task:
    """A name of its own: the scheduler may still know that of a child whose sweep was taken up again."""
    key = f"mlrun-{child.metadata.iteration}-{uuid.uuid4().hex}"
    child.status.state = RunState.PENDING.value
    # this process answers for it, so that it does not end with a worker
    child.status.process = {**liveness.process_stamp(), "task": key}
    return client.submit(call, child.to_dict(), key=key, pure=False)


def _child_of(future: Any, child: Run, db: RunDB) -> Run:
    if future.status == "cancelled":
        return ended_with(child, MLRunRuntimeError("its task was cancelled by the Dask scheduler"), db)
    error = future.exception()
    return Run.from_dict(future.result()) if error is None else ended_with(child, _explained(error), db)


def _explained(error: BaseException) -> BaseException:
    if isinstance(error, ModuleNotFoundError):
        return MLRunRuntimeError(
            f"the Dask workers can not import {error.name!r}: mlrun, and what the handler imports, have to be"
            " in their image or environment"
        )
    return error


def call_child(body: bytes, url: str, record: dict[str, Any]) -> dict[str, Any]:
    """In a worker: run one child. One that has ended, on a worker that died right after, stays as it is."""
    meta = record["metadata"]
    try:
        stored = get_run_db(url).read_run(meta["uid"], meta["project"], meta["iteration"])
    except MLRunNotFoundError:
        return _job(body)(record)
    is_its_own = stored["status"].get("process", {}).get("task") == record["status"]["process"]["task"]
    if is_its_own and RunState(stored["status"]["state"]).is_final:
        return stored
    return _job(body)(record)


@functools.lru_cache(maxsize=4)
def _job(body: bytes) -> Job:
    return cast(Job, pickle.loads(body))
