"""Small writes of a server: those that wait at the same time are one transaction, on the disk at once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from starlette.responses import Response

from mlrun.api.answers import accident, refusal
from mlrun.db.base import RunDB
from mlrun.errors import MLRunBaseError

MOST = 64  # writes of one transaction
LONGEST_S = 0.02  # after which no more are taken into it


class _Job(NamedTuple):
    """One write, and who waits for its answer."""

    work: Callable[[], Response]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Response]

    def tell(self, answer: Response) -> None:
        """On the event loop, where somebody may have stopped waiting."""
        if not self.answer.done():
            self.answer.set_result(answer)


class Writer:
    """
    One thread that does small writes to *db*, whose writers take turns anyway.

    Nobody is answered before the transaction is on the disk; where that fails, all its writes have failed.

    Example::

        answer = await writer.do(lambda: rule.answer(call))
    """

    def __init__(self, db: RunDB) -> None:
        self._db = db
        self._thread = ThreadPoolExecutor(1, "mlrun-writer")
        self._waiting: deque[_Job] = deque()
        self._lock = threading.Lock()
        self._is_at_it = False

    async def do(self, work: Callable[[], Response]) -> Response:
        """The answer of *work*, which raises nothing, does one write, and is called in the thread."""
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, loop.create_future())
        with self._lock:
            self._waiting.append(job)
            is_first, self._is_at_it = not self._is_at_it, True
        if is_first:
            self._thread.submit(self._work_off)
        return await job.answer

    def _work_off(self) -> None:
        while job := self._next():
            for done, answer in self._together(job):
                done.loop.call_soon_threadsafe(done.tell, answer)

    def _next(self) -> _Job | None:
        with self._lock:
            self._is_at_it = bool(self._waiting)
            return self._waiting.popleft() if self._waiting else None

    def _together(self, first: _Job) -> list[tuple[_Job, Response]]:
        """*first* and those that come while it is worked on, in one transaction."""
        jobs, answers, end = [first], list[Response](), time.monotonic() + LONGEST_S
        try:
            with self._db.together():
                answers.append(first.work())
                while self._waiting and len(jobs) < MOST and time.monotonic() < end:
                    jobs.append(self._waiting.popleft())
                    answers.append(jobs[-1].work())
        except MLRunBaseError as error:
            answers = [refusal(error)] * len(jobs)
        except Exception as error:
            answers = [accident(error, "a transaction")] * len(jobs)
        return list(zip(jobs, answers))
