"""Duties: each is done by a thread of one server at a time, round by round."""

from __future__ import annotations

import abc
import contextlib
import threading
import traceback

from mlrun.db.sql.leases import Leases
from mlrun.errors import MLRunBaseError, err_to_str
from mlrun.log import logger
from mlrun.service.lease import LASTS_S, RENEWED_S, Lease

AGAIN_S = 1.0  # after something was away, and between two looks whether the lease is free
ENDS_WITHIN_S = LASTS_S


class Duty(abc.ABC):
    """One thing that is done again and again; its methods are called by one thread."""

    name: str  # of the lease, and of the thread

    def begin(self, lease: Lease) -> None:  # noqa: B027 - most have nothing to find out
        """The lease is ours from now on; whoever had it before may have been in the middle of something."""

    @abc.abstractmethod
    def round(self, lease: Lease) -> float:
        """
        Do what there is to do now, and give the seconds until there may be more.

        What it does it can do twice: it may be interrupted anywhere, and another server does it again. What
        takes long asks ``lease.keep()`` on the way, and stops where that is false.
        """

    def end(self) -> None:  # noqa: B027 - most have nothing open
        """The lease is not ours any more, or the server stops."""


class Post:
    """
    The thread that does a duty while this server has its lease, and waits for the lease otherwise.

    Example::

        post = Post(db, Scheduler(db))
        post.start()
        post.wake()   # there is something to do
        post.stop()
    """

    def __init__(self, db: Leases, duty: Duty) -> None:
        self._duty = duty
        self._lease = Lease(db, duty.name)
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"mlrun-{duty.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Do a round at once."""
        self._woken.set()

    def stop(self) -> None:
        """Ask it to end; :meth:`join` waits."""
        self._stopping.set()
        self._woken.set()

    def join(self) -> None:
        self._thread.join(ENDS_WITHIN_S)

    def _run(self) -> None:
        is_on_duty = False
        while not self._stopping.is_set():
            pause_s = AGAIN_S
            try:
                if self._lease.keep():
                    if not is_on_duty:
                        self._duty.begin(self._lease)
                        is_on_duty = True
                    pause_s = min(self._duty.round(self._lease), RENEWED_S)
                elif is_on_duty:
                    is_on_duty = False
                    logger.warning(f"the lease {self._lease.name!r} was lost; another server has it now")
                    self._duty.end()
            except MLRunBaseError as error:  # a database or a cluster that is away comes back
                logger.warning(f"{self._duty.name}: {err_to_str(error)}; it goes on in {AGAIN_S:g} s")
            except Exception as error:  # of an adapter of somebody else's: one run must not end the thread
                logger.error(f"{self._duty.name} failed, and goes on: {_traceback(error)}")
            self._woken.wait(pause_s)
            self._woken.clear()
        self._duty.end()
        with contextlib.suppress(MLRunBaseError):  # it runs out by itself
            self._lease.release()


def _traceback(error: Exception) -> str:
    return "".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip()
