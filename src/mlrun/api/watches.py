"""Watched runs: one look at each for all who watch it, at once after a write of this process."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from starlette.concurrency import run_in_threadpool

from mlrun.backports import timeout
from mlrun.db.base import Record, RunDB
from mlrun.errors import MLRunBaseError, MLRunNotFoundError
from mlrun.log import logger
from mlrun.model.run import RunState

LOOK_S = 0.1  # between two looks whether other processes have written
PAUSE_S = 0.02  # between two looks at all, however often is written
PIECE = 256 << 10  # bytes of a log, read at once
ROWS = 10_000  # of metrics, read at once
_TOLD = ("start_time", "last_update", "end_time", "error", "status_text", "results")

Found = TypeVar("Found")


class Key(NamedTuple):
    """A watched run, or child."""

    project: str
    uid: str
    iteration: int = 0


class Look(NamedTuple):
    """How far a run was when it was looked at; its state was read before the rest."""

    status: Record  # what watchers are told of it
    log: int  # bytes
    rows: int  # of metrics

    @property
    def is_final(self) -> bool:
        state = self.status["state"]
        return not state or RunState(state).is_final


def look_at(db: RunDB, key: Key) -> Look:
    """
    Raises:
        MLRunNotFoundError: No such run.
    """
    project, uid, iteration = key
    status = db.read_run(uid, project, iteration).get("status") or {}
    told = {"state": str(status.get("state") or RunState.CREATED)}
    told |= {name: status[name] for name in _TOLD if status.get(name)}
    return Look(told, db.get_log_size(uid, project), db.count_metrics(uid, project, iteration))


class Feed:
    """
    One watched run: the newest look at it, and what is read of it, once for all who are equally far.

    It lives on the event loop, as long as somebody watches.
    """

    def __init__(self, db: RunDB, key: Key, look: Look) -> None:
        self.key = key
        self.look = look
        self.is_open = True
        self.watchers = 0
        self._db = db
        self._changed = asyncio.Event()
        self._shared: dict[tuple[str, int], asyncio.Task[Any]] = {}

    def show(self, look: Look) -> None:
        if look != self.look:
            self.look = look
            self._wake()

    def close(self) -> None:
        """Nothing more will be seen here."""
        self.is_open = False
        self._wake()

    async def changed(self, seen: Look, timeout_s: float) -> bool:
        """Whether there is something newer than *seen* within *timeout_s*."""
        changed = self._changed
        if self.is_open and self.look is seen:
            with contextlib.suppress(asyncio.TimeoutError):
                async with timeout(timeout_s):
                    await changed.wait()
        return self.look is not seen or not self.is_open

    async def log_from(self, offset: int) -> bytes:
        """At most :data:`PIECE` bytes."""
        project, uid, _ = self.key
        is_shared = self.look.log - offset <= PIECE
        _, body = await self._read(
            "log" if is_shared else "", offset, lambda: self._db.get_log(uid, project, offset, PIECE)
        )
        return body

    async def rows_from(self, offset: int) -> list[Record]:
        """At most :data:`ROWS` rows."""
        project, uid, iteration = self.key
        is_shared = self.look.rows - offset <= ROWS
        return await self._read(
            "rows" if is_shared else "",
            offset,
            lambda: self._db.list_metrics(uid, project, iteration, offset=offset, limit=ROWS),
        )

    async def _read(self, what: str, offset: int, work: Callable[[], Found]) -> Found:
        if not what:
            return await run_in_threadpool(work)
        task = self._shared.get((what, offset))
        if task is None:
            task = self._shared[what, offset] = asyncio.create_task(run_in_threadpool(work))
        found: Found = await asyncio.shield(task)  # who leaves takes nothing from the others
        return found

    def _wake(self) -> None:
        self._shared.clear()
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class Watches:
    """
    The watched runs of a server: nothing is looked at that nobody watches.

    Everything but the looks themselves happens on the event loop.

    Example::

        async with watches.feed(Key("iris", "3f2a"), look) as feed:
            await feed.changed(feed.look, timeout_s=15)
    """

    def __init__(self, db: RunDB) -> None:
        self._db = db
        self._feeds: dict[Key, Feed] = {}
        self._stale: set[Key] = set()
        self._woken: asyncio.Event  # of the loop, made when somebody begins to watch
        self._looking: asyncio.Task[None] | None = None
        self._is_closed = False

    @contextlib.asynccontextmanager
    async def feed(self, key: Key, look: Look) -> AsyncIterator[Feed]:
        """The feed of *key*, shared with whoever watches it now; *look* is the first one, if nobody does."""
        feed = self._feeds.setdefault(key, Feed(self._db, key, look))
        feed.watchers += 1
        if self._is_closed:
            feed.close()
        if self._looking is None:
            self._woken = asyncio.Event()  # of this loop
            self._looking = asyncio.create_task(self._look_on())
        try:
            yield feed
        finally:
            feed.watchers -= 1
            if not feed.watchers and self._feeds.get(key) is feed:
                del self._feeds[key]
            if not self._feeds and self._looking:
                self._looking.cancel()
                self._looking = None

    def wrote(self, uid: str = "") -> None:
        """This process has written something of the runs *uid* (of any, if empty)."""
        stale = [key for key in self._feeds if uid in ("", key.uid)]
        if stale:
            self._stale.update(stale)
            self._woken.set()

    def close(self) -> None:
        """End every watch, also those that are still to come: the server stops."""
        self._is_closed = True
        self._end_all()

    def _end_all(self) -> None:
        for feed in list(self._feeds.values()):
            feed.close()

    async def _look_on(self) -> None:
        count: int | None = None
        due_s = 0.0
        while True:
            with contextlib.suppress(asyncio.TimeoutError):
                async with timeout(max(due_s - time.monotonic(), 0)):
                    await self._woken.wait()
            self._woken.clear()
            keys, self._stale = self._stale & self._feeds.keys(), set()
            try:
                if time.monotonic() >= due_s:
                    before, count = count, await run_in_threadpool(self._db.changes)
                    due_s = time.monotonic() + LOOK_S
                    keys = set(self._feeds) if count is None or count != before else keys
                if keys:
                    self._show(await run_in_threadpool(_looks, self._db, keys))
            except MLRunBaseError as error:
                logger.warning(f"the watched runs can not be looked at, their streams end: {error}")
                self._end_all()
            await asyncio.sleep(PAUSE_S)

    def _show(self, looks: dict[Key, Look]) -> None:
        for key, look in looks.items():
            if feed := self._feeds.get(key):
                feed.show(look)


def _looks(db: RunDB, keys: Iterable[Key]) -> dict[Key, Look]:
    """A run that is gone has the state ``""``."""
    looks = {}
    for key in keys:
        try:
            looks[key] = look_at(db, key)
        except MLRunNotFoundError:
            looks[key] = Look({"state": ""}, 0, 0)
    return looks
