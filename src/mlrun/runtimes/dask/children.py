"""Children of a sweep as tasks of a Dask cluster: several short ones in a task; the worker tracks them."""

from __future__ import annotations

import contextlib
import itertools
import logging
import queue
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from typing import Any

from mlrun.db import liveness
from mlrun.db.base import RunDB
from mlrun.errors import MLRunRuntimeError, MLRunServiceUnavailableError
from mlrun.execution.parallel import BatchJob, abort_live, ended_with, handed_over
from mlrun.execution.remaining import Remaining
from mlrun.execution.travel import dumps
from mlrun.model.run import Run, RunState
from mlrun.runtimes.dask.slices import MOST_S, Ended, Slice, ended_before, run_slice

_MOST_CHILDREN = 256  # in a task
_LOOK_EVERY_S = 1.0  # at the client: of its end it tells nobody
_HOLDS_ON = ("running", "connecting")  # what a client says of itself that may still hear of its tasks
_MOST_CANCELLED = 3  # times that a task is sent again; a connection that was lost has cancelled them all


def on_dask(
    runs: Remaining, job: BatchJob, client: Any, at_once: int, db: RunDB, url: str, stop_condition: str = ""
) -> Iterator[Run]:
    """
    Run *job* for *runs* in *at_once* tasks at a time on the workers of *client*; gives each child when it has
    ended, in any order.

    Dask runs a task anew whose worker has died, up to a limit of its own. Left early, the children that are
    live are aborted.

    Args:
        url: Of *db*, as workers reach it.
    """
    tasks = _Tasks(client, dumps(job, "the handler"), url, stop_condition)
    pace = _Pace(1 if runs.is_guided else _MOST_CHILDREN)
    try:
        while True:
            while len(tasks) < at_once and (children := list(itertools.islice(runs, pace.size))):
                tasks.submit(children)
            if not len(tasks):
                return
            children, outcome = tasks.next_ended()
            if isinstance(outcome, Ended):
                ended = [Run.from_dict(record) for record in outcome.records]
                pace.learn(len(ended), outcome.took_s)
            else:
                ended = _ended_in_spite(children, outcome, db)
                pace.restart()  # the first of those that are left may be to blame: it goes alone
            runs.give_back(children[len(ended) :])
            yield from ended
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):  # so workers are killed in the middle, which Dask warns of
            for part in ("nanny", "scheduler"):
                logging.getLogger(f"distributed.{part}").setLevel(logging.ERROR)
        abort_live(tasks.cancel(), db)
        raise


@dataclass
class _Pace:
    """How many children go into a task, learnt from those that have ended."""

    most: int
    size: int = 1

    def learn(self, ended: int, took_s: float) -> None:
        fitting = int(MOST_S / 2 * ended / max(took_s, 1e-6))  # half: some take longer than those before
        self.size = max(1, min(2 * self.size, fitting, self.most))

    def restart(self) -> None:
        self.size = 1


class _Tasks:
    """The tasks of one sweep that are with the scheduler, and the children of each."""

    def __init__(self, client: Any, body: bytes, url: str, stop_condition: str) -> None:
        self._client, self._body = client, body
        self._blank = Slice(uuid.uuid4().hex, url, [], stop_condition=stop_condition)
        self._sent: dict[Any, tuple[list[Run], Slice]] = {}  # by future
        self._ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._cancelled: Counter[str] = Counter()  # by key of the task

    def __len__(self) -> int:
        return len(self._sent)

    def submit(self, children: list[Run]) -> None:
        task = f"mlrun-{children[0].metadata.iteration}-{uuid.uuid4().hex}"
        for child in children:
            child.status.state = RunState.PENDING.value
            # this process answers for it, so that it does not end with a worker
            child.status.process = {**liveness.process_stamp(), "task": task}
        self._send(task, children, replace(self._blank, records=[handed_over(child) for child in children]))

    def next_ended(self) -> tuple[list[Run], Ended | BaseException]:
        """The children of a task that has ended, and what it gave back, or why it could not."""
        while True:
            future = self._next()
            children, given = self._sent.pop(future)
            outcome = _outcome(future)
            if isinstance(outcome, Ended) and outcome.needs_job:
                self._send(f"{future.key}-whole", children, replace(given, body=self._body))
            elif isinstance(outcome, CancelledError) and self._cancelled[future.key] < _MOST_CANCELLED:
                self._cancelled[future.key] += 1
                # by the same name: a worker that is still at it goes on, and knows what it has ended
                self._send(future.key, children, replace(given, body=self._body))
            elif isinstance(outcome, CancelledError):
                return children, MLRunRuntimeError("its task was cancelled by Dask again and again")
            else:
                return children, outcome

    def cancel(self) -> list[Run]:
        """Gives the children that were with the scheduler."""
        if self._client.status == "running":
            self._client.cancel(list(self._sent), force=True)
        return [child for children, _ in self._sent.values() for child in children]

    def _send(self, key: str, children: list[Run], given: Slice) -> None:
        future = self._client.submit(run_slice, given, key=key, pure=False)
        self._sent[future] = children, given
        future.add_done_callback(self._ended.put)

    def _next(self) -> Any:
        """
        A task that has ended.

        Raises:
            MLRunServiceUnavailableError: The scheduler is gone, and the client has given it up.
        """
        while self._client.status in _HOLDS_ON:
            with contextlib.suppress(queue.Empty):
                return self._ended.get(timeout=_LOOK_EVERY_S)
        raise MLRunServiceUnavailableError(
            "the Dask scheduler is gone; mlrun run --resume takes the sweep up again"
        )


def _outcome(future: Any) -> Ended | BaseException:
    error: BaseException | None = future.exception()
    if isinstance(error, ModuleNotFoundError):
        return MLRunRuntimeError(
            f"the Dask workers can not import {error.name!r}: mlrun, and what the handler imports, have to be"
            " in their image or environment"
        )
    if error is not None:
        return error
    try:
        ended: Ended = future.result()
    except CancelledError as cancelled:
        return cancelled
    return ended


def _ended_in_spite(children: list[Run], error: BaseException, db: RunDB) -> list[Run]:
    """Those that had ended before *error* ended their task; of a task with one child it is the child's."""
    ended = [Run.from_dict(record) for record in ended_before([child.to_dict() for child in children], db)]
    return ended or ([ended_with(children[0], error, db)] if len(children) == 1 else [])
