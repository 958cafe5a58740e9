"""HTTP on one connection: a request leaves in one piece, and its answer is read to its end."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from http.client import HTTPResponse
from typing import NamedTuple, cast

from mlrun.db.http.answers import Answer
from mlrun.db.http.deadlines import HeldSocket
from mlrun.db.http.route import Route


class Request(NamedTuple):
    """What is asked of a server."""

    method: str
    target: str  # path and query, as they are sent
    headers: bytes  # whole lines
    body: bytes = b""

    def encoded(self, start: str) -> bytes:
        """
        As it is sent.

        Args:
            start: Of the target, where a proxy has to know the server.
        """
        size = b"" if self.method == "GET" else b"content-length: %d\r\n" % len(self.body)
        head = f"{self.method} {start}{self.target} HTTP/1.1\r\n".encode("ascii")
        return b"".join((head, self.headers, size, b"\r\n", self.body))


class Connection:
    """
    A connection that is kept after an answer, for one request at a time.

    Example::

        connection = Connection(route_to("http://mlrun:8080"), end)
        answer = connection.ask(Request("GET", "/api/healthz", b"host: mlrun:8080\r\n"), end)
    """

    def __init__(self, route: Route, end: float) -> None:
        """
        Raises:
            OSError: The server is not reached until *end*, in monotonic seconds.
        """
        self._start = route.passed_on
        self._held: HeldSocket | None = route.connect(end)
        self.used_at = time.monotonic()

    @property
    def is_open(self) -> bool:
        return self._held is not None

    def is_fit(self, idle_s: float) -> bool:
        """Whether it was used in the last *idle_s* seconds, and the server has said nothing since."""
        if self._held is None or time.monotonic() - self.used_at > idle_s:
            return False
        poll = select.poll()
        poll.register(self._held.socket, select.POLLIN)
        return not poll.poll(0)  # what it says unasked is its good-bye

    def ask(self, request: Request, end: float) -> Answer:
        """
        The whole answer; the connection is closed where the server wants that, and after an error.

        Raises:
            OSError: The connection broke, or there is no whole answer until *end*.
            http.client.HTTPException: It is no answer of HTTP.
        """
        is_kept = False
        try:
            response = self._begun(request, end)
            body = response.read()
            is_kept = not response.will_close
        finally:
            self.used_at = time.monotonic()
            if not is_kept:
                self.close()
        return Answer(request.method, request.target, response.status, response.headers, body)

    def follow(self, request: Request, end: float) -> tuple[Answer, HTTPResponse]:
        """
        The head, until *end*, of an answer that comes over time; and where to read on.

        Raises:
            OSError, http.client.HTTPException: As :meth:`ask`.
        """
        response = self._begun(request, end)
        return Answer(request.method, request.target, response.status, response.headers, b""), response

    def lines(self, response: HTTPResponse, silence_s: float, end: float = float("inf")) -> Iterator[str]:
        """
        The lines of *response* as they come.

        Raises:
            OSError, http.client.HTTPException: As :meth:`ask`; that none came for *silence_s* seconds, or
                that it is *end*.
        """
        while True:
            self._hold_to(min(end, time.monotonic() + silence_s))
            if not (line := response.readline()):
                return
            yield line.decode("utf-8", "replace").rstrip("\r\n")

    def rest(self, response: HTTPResponse, end: float) -> bytes:
        """The whole body of *response*, read until *end*."""
        self._hold_to(end)
        return response.read()

    def close(self) -> None:
        held, self._held = self._held, None
        if held:
            held.close()

    def _begun(self, request: Request, end: float) -> HTTPResponse:
        held = self._hold_to(end)
        held.sendall(request.encoded(self._start))
        response = HTTPResponse(cast(socket.socket, held), method=request.method)
        response.begin()
        return response

    def _hold_to(self, end: float) -> HeldSocket:
        if self._held is None:
            raise ConnectionError("the connection is closed")
        self._held.end = end
        return self._held
