"""Work that takes its time, in threads that hold nobody up: a server that stops does not wait for them."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence

from mlrun.errors import MLRunBaseError, err_to_str
from mlrun.log import logger


def aside(work: Callable[..., None], *arguments: object) -> None:
    """
    Do it in a thread of its own; what a server that was killed has not done the next one does again.

    A database or a cluster that is away is said in the log.
    """
    threading.Thread(target=_safely, args=(work, *arguments), name="mlrun-ending", daemon=True).start()


def _safely(work: Callable[..., None], *arguments: object) -> None:
    try:
        work(*arguments)
    except MLRunBaseError as error:
        logger.warning(err_to_str(error))


def side_by_side(works: Sequence[Callable[[], None]], at_once: int, waits_s: float | None) -> None:
    """
    Do all of *works*, and return when they are done, or after a while, when they go on.

    Args:
        at_once: Threads at most.
        waits_s: For all of them together; None is until they are done.

    Raises:
        MLRunBaseError: The first error of what was done in time; each is logged.
    """
    waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    done: queue.SimpleQueue[MLRunBaseError | None] = queue.SimpleQueue()
    for work in works:
        waiting.put(work)
    for _ in works[:at_once]:
        aside(_work_off, waiting, done)
    end, errors = time.monotonic() + (waits_s or 0), list[MLRunBaseError]()
    for _ in works:
        try:
            error = done.get(timeout=None if waits_s is None else max(end - time.monotonic(), 0))
        except queue.Empty:
            break
        errors += [error] if error else []
    if errors:
        raise errors[0]


def _work_off(
    waiting: queue.SimpleQueue[Callable[[], None]], done: queue.SimpleQueue[MLRunBaseError | None]
) -> None:
    while True:
        try:
            work = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            work()
            done.put(None)
        except MLRunBaseError as error:
            logger.warning(err_to_str(error))
            done.put(error)
