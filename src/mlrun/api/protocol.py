"""HTTP on a connection, with limits for whoever sends without end, or sends or reads slowly on purpose."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mlrun.api.joined import Joined
from mlrun.api.limits import MOST_HEAD

HEAD_S = 20.0  # for the head of a request to arrive; the connection is closed then
READ_S = 120.0  # for the client to take the next part of an answer
_BODY = frozenset({b"content-length", b"transfer-encoding"})  # headers of a request that has one


class PatientProtocol(HttpToolsProtocol):
    """
    uvicorn's, which waits for ever for the head of a first request, for one that trickles in on a connection
    that was idle, for the rest of a body that is answered already, and for a client that reads nothing; and
    which takes heads, and what follows a body, of any length.
    """

    _untold = 0  # bytes that have come since a head, or a part of a body, was whole
    _is_in_head = False
    _head: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Joined(transport, self.loop))
        self._await_head()

    def data_received(self, data: bytes) -> None:
        self._untold += len(data)
        super().data_received(data)
        if self._untold > MOST_HEAD and not self.transport.is_closing():
            self.send_400_response(f"The head of a request has at most {MOST_HEAD} bytes.")
        self._await_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_in_head:  # what follows a body is none of the headers that were looked at
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._untold, self._is_in_head = 0, False
        if self.parser.should_upgrade() and _BODY & {name for name, _ in self.headers}:
            # the parser takes the body for the other protocol
            self.send_400_response(
                "A request with a body offers no other protocol here (the header upgrade)."
            )
        else:
            super().on_headers_complete()

    def on_chunk_header(self) -> None:
        self._untold = 0

    def on_body(self, body: bytes) -> None:
        self._untold = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._untold = 0
        if self.cycle is not None:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_working():  # the next request had come already
            self._stop_waiting()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading = self.loop.call_later(READ_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._reading:
            self._reading.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()
        if self._reading:
            self._reading.cancel()

    def _unsupported_upgrade_warning(self) -> None:
        """Another protocol was offered: the request is answered, and what follows is not read."""
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def _await_head(self) -> None:
        """From the first byte on, or where something comes that belongs to no request."""
        if self._is_working():
            self._stop_waiting()
        elif self._head is None and not self.transport.is_closing():
            self._head = self.loop.call_later(HEAD_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._head:
            self._head.cancel()
            self._head = None

    def _is_working(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete
