"""One background thread a process that writes what waits: captured logs, and results of long runs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

Job = Callable[[], None]


class Flusher:
    """
    Calls each waiting job once, when its time has come; asking again while it waits changes nothing.

    The thread starts with the first job and is a daemon: what must not be lost is written by its owner's
    own last flush, not here. Threads may share an instance, and a forked child starts afresh.
    """

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._waiting: dict[Job, float] = {}
        self._wakeup = threading.Condition()
        self._thread: threading.Thread | None = None

    def later(self, job: Job, delay_s: float) -> None:
        """Call *job* within *delay_s* from now."""
        with self._wakeup:
            if job in self._waiting:
                return
            self._waiting[job] = time.monotonic() + delay_s
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mlrun-flusher", daemon=True)
                self._thread.start()
            self._wakeup.notify()

    def cancel(self, job: Job) -> None:
        with self._wakeup:
            self._waiting.pop(job, None)

    def _run(self) -> None:
        while True:
            for job in self._due():
                job()

    def _due(self) -> list[Job]:
        """Wait until something is due, and take it out."""
        with self._wakeup:
            while True:
                now = time.monotonic()
                if due := [job for job, when in self._waiting.items() if when <= now]:
                    for job in due:
                        del self._waiting[job]
                    return due
                self._wakeup.wait(min(self._waiting.values()) - now if self._waiting else None)


flusher = Flusher()
