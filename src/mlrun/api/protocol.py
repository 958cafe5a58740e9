"""HTTP on a connection, with time limits for whoever sends or reads slowly on purpose."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 20.0  # for the head of a request to arrive; the connection is closed then
READ_S = 120.0  # for the client to take the next part of an answer


class PatientProtocol(H11Protocol):
    """
    uvicorn's, which waits for ever for the head of a first request, for one that trickles in on a connection
    that was idle, for the rest of a body that is answered already, and for a client that reads nothing.
    """

    _head: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._await_head()

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
