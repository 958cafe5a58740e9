"""A write that a client sends again, because the answer was lost, is not done again."""

from __future__ import annotations

import threading
from collections.abc import Callable

from starlette.responses import Response

MOST = 10_000  # keys remembered; the oldest is forgotten first
MOST_BYTES = 1024  # of an answer; the writes that add something (a log, metrics) have short ones


class Once:
    """
    Answers by the key that a client has made for the write; threads may share it.

    They are remembered by this process, while it lives: a second request gets the first one's answer, and
    waits for it while the first is still being worked on. After a restart, and in another process of the same
    server, the second request is done again. That adds nothing: additions to a log and to metrics are known
    to the database by their key; what replaces or deletes leaves the same records; and only what can be done
    no more than once (creating a project or a schedule, aborting a run) is then answered by 409.

    Example::

        once.answer("POST /api/v1/projects/p/logs/u 4f0c", lambda: store())
    """

    def __init__(self) -> None:
        self._slots: dict[str, _Slot] = {}
        self._lock = threading.Lock()

    def answer(self, key: str, work: Callable[[], Response]) -> Response:
        slot = self._slot(key)
        with slot.lock:
            answer = slot.answer or work()
            slot.keep(answer)
        return answer

    def known(self, key: str) -> Response | None:
        """The answer to *key*, of a write that may be done again while the first one is not answered."""
        slot = self._slots.get(key)
        return slot.answer if slot else None

    def keep(self, key: str, answer: Response) -> None:
        """Remember what was answered to *key*."""
        self._slot(key).keep(answer)

    def _slot(self, key: str) -> _Slot:
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            if len(self._slots) > MOST:
                del self._slots[next(iter(self._slots))]
        return slot


class _Slot:
    """One write, and its answer once there is one."""

    __slots__ = ("answer", "lock")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.answer: Response | None = None

    def keep(self, answer: Response) -> None:
        if answer.status_code < 400 and len(answer.body) <= MOST_BYTES:
            self.answer = answer
