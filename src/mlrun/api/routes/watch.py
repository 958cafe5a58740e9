"""A run while it lives, as server-sent events: its state, its log, its metrics, its end."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import NamedTuple

from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from mlrun.api.codec import Call, Rule
from mlrun.api.parameters import number
from mlrun.api.watches import Feed, Key, Look, Watches, look_at
from mlrun.db.base import Record
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.base import dump_json

HEARTBEAT_S = 5  # proxies close what is silent for long; and so long a revoked login may go on watching
STILL_HERE = b":\n\n"
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
_MARK = re.compile(r"(\d{1,18})-(\d{1,18})")


class Mark(NamedTuple):
    """How much of a run a client has."""

    log: int  # bytes
    rows: int  # of metrics

    def __str__(self) -> str:
        return f"{self.log}-{self.rows}"


class Stream(StreamingResponse):
    """A stream whose generator has ended when the response has, however it went."""

    body_iterator: AsyncGenerator[bytes]

    async def stream_response(self, send: Send) -> None:
        try:
            await super().stream_response(send)
        finally:
            await self.body_iterator.aclose()


def watch(call: Call) -> Response:
    mark = mark_of(call)
    iteration = call.number("iter") or 0
    key = Key(call.project, call.path["uid"], iteration)
    look = look_at(call.db, key)
    stream = _while_let_in(call.is_still_let_in, _watched(call.house.watches, key, look, mark))
    return Stream(stream, headers=_HEADERS, media_type="text/event-stream")


def mark_of(call: Call) -> Mark:
    """
    Where a client goes on: after the last event that it has, else where its parameters say.

    Raises:
        MLRunInvalidArgumentError: A mark that this server has not given.
    """
    last = call.headers.get("last-event-id", "")
    if not last:
        return Mark(call.number("offset") or 0, call.number("metrics_offset") or 0)
    found = _MARK.fullmatch(last)
    if not found:
        raise MLRunInvalidArgumentError(
            f"last-event-id={last[:40]!r} is none of this server's: 12-2 would be one, after 12 bytes of the"
            " log and 2 rows of metrics"
        )
    return Mark(int(found[1]), int(found[2]))


async def _while_let_in(
    is_still_let_in: Callable[[], Awaitable[bool]], stream: AsyncGenerator[bytes]
) -> AsyncGenerator[bytes]:
    """*stream*, of which a piece comes at every heartbeat at least, until its caller's login is not valid."""
    asked_at = time.monotonic()
    try:
        async for piece in stream:
            if time.monotonic() - asked_at >= HEARTBEAT_S:
                if not await is_still_let_in():
                    return
                asked_at = time.monotonic()
            yield piece
    finally:
        await stream.aclose()


async def _watched(watches: Watches, key: Key, look: Look, mark: Mark) -> AsyncGenerator[bytes]:
    async with watches.feed(key, look) as feed:
        told: Record = {}
        while feed.is_open:
            look = feed.look
            if look.status != told and look.status["state"]:
                yield event("state", mark, look.status)
            told = look.status
            async for reached, text in _news(feed, look, mark):
                mark = reached
                yield text
            if look.is_final:
                yield event("end", mark, {"state": look.status["state"]})
                return
            while not await feed.changed(look, HEARTBEAT_S):
                yield STILL_HERE


async def _news(feed: Feed, look: Look, mark: Mark) -> AsyncGenerator[tuple[Mark, bytes]]:
    """Events from *mark* to *look*, each with the mark after it."""
    while mark.log < look.log and (piece := await feed.log_from(mark.log)):
        body, form = told_as(piece, look.is_final and mark.log + len(piece) >= look.log)
        if not body:
            break  # the rest of a character is to come
        data = {"offset": mark.log, "size": len(body), **form}
        mark = mark._replace(log=mark.log + len(body))
        yield mark, event("log", mark, data)
    while mark.rows < look.rows and (rows := await feed.rows_from(mark.rows)):
        data = {"offset": mark.rows, "metrics": rows}
        mark = mark._replace(rows=mark.rows + len(rows))
        yield mark, event("metrics", mark, data)


def told_as(piece: bytes, is_last: bool = False) -> tuple[bytes, dict[str, str]]:
    """
    The part of *piece* that is told now, and how: as text, or in base64 where it is none.

    A character at the end that is not whole yet is left for later, unless this *is_last*.
    """
    try:
        return piece, {"text": piece.decode()}
    except UnicodeDecodeError as error:
        is_begun = error.reason == "unexpected end of data" and not is_last
        if is_begun:
            return piece[: error.start], {"text": piece[: error.start].decode()}
    return piece, {"base64": base64.b64encode(piece).decode()}


def event(name: str, mark: Mark, data: Record) -> bytes:
    return b"event: %s\nid: %s\ndata: %s\n\n" % (name.encode(), str(mark).encode(), dump_json(data))


_WATCH = Rule(
    "GET",
    "/projects/{project}/runs/{uid}/watch",
    watch,
    "Watch a run: its state, log and metrics as server-sent events",
    (
        number("iter", "The child of a sweep; 0 is the run itself.", default=0),
        number("offset", "Bytes of the log that the client has; last-event-id says it too.", default=0),
        number("metrics_offset", "Rows of metrics that the client has.", default=0),
    ),
    gives="text/event-stream",
    errors=(404,),
)
RULES = (_WATCH,)
