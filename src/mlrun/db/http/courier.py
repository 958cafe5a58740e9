"""Delivers what waits for a server as soon as it is back, whether or not somebody writes then."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable

from mlrun.db import held

SOONEST_S = 1.0  # between a write that had to wait and the first try


class Courier:
    """
    A thread that tries again and again while something waits, and ends when nothing does.

    A run that has printed its last line, and trains for hours, has nobody else who would. The thread is a
    daemon, as a program may end before a server is back. Threads may share an instance; a forked child, where
    the thread is not, begins anew.

    Example::

        courier = Courier(db.deliver_now)
        journal.append(message)
        courier.call()

    Args:
        deliver: A method that tries once, raises nothing, and gives the seconds until another try is worth
            it; None where nothing waits. The thread ends with its object, too.
    """

    def __init__(self, deliver: Callable[[], float | None]) -> None:
        self._deliver = weakref.WeakMethod(deliver)
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._is_called = False

    def call(self) -> None:
        """Something waits."""
        with held.short:
            self._is_called = True
            if self._thread is not None and self._pid == os.getpid():
                return
            self._pid, self._ended = os.getpid(), threading.Event()
            thread = threading.Thread(target=self._go, args=[self._ended], name="mlrun-courier", daemon=True)
            self._thread = thread
        thread.start()

    def end(self, timeout_s: float) -> None:
        """Begin no more tries, and wait for one that is under way."""
        with held.short:
            thread = self._thread if self._pid == os.getpid() else None
            self._ended.set()
        if thread is not None:
            thread.join(max(timeout_s, 0))

    def _go(self, ended: threading.Event) -> None:
        pause_s: float | None = SOONEST_S
        while not ended.wait(pause_s):
            with held.short:
                self._is_called = False
            deliver = self._deliver()
            pause_s = deliver() if deliver else None
            del deliver
            with held.short:
                if pause_s is None and not self._is_called:
                    self._thread = None
                    return
            pause_s = SOONEST_S if pause_s is None else pause_s
