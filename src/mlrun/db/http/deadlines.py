"""An end to all waiting: each step of a request gets what is left of the whole request's time."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import httpcore2

if TYPE_CHECKING:
    import httpx2

PIECE = 1 << 18  # bytes that are written before the time is looked at again
_lookups: dict[tuple[str, int], Future[list[str]]] = {}
_lookups_lock = threading.Lock()


class Clock(threading.local):
    """Until when the call of this thread may take; outside of one there is no end."""

    end = float("inf")  # monotonic seconds

    @contextlib.contextmanager
    def until(self, end: float) -> Iterator[None]:
        before, self.end = self.end, end
        try:
            yield
        finally:
            self.end = before

    def left(self, most: float | None) -> float:
        """Seconds; the least that a socket takes for a time where there is none left."""
        left = self.end - time.monotonic()
        return max(left if most is None else min(left, most), 1e-3)

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.end


def hold(client: httpx2.Client, clock: Clock) -> None:
    """
    Hold every connection that *client* opens to *clock*.

    A library's own time limits begin anew with each byte that comes; a server that sends
    one now and then would hold a caller up for ever.
    """
    given: Any = client
    for transport in (given._transport, *given._mounts.values()):
        if transport is not None:
            pool = transport._pool
            pool._network_backend = Network(pool._network_backend, clock)


class Network(httpcore2.NetworkBackend):
    """Connections whose every step ends with the clock."""

    def __init__(self, inner: httpcore2.NetworkBackend, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        end = time.monotonic() + self._clock.left(timeout)
        addresses = _addresses(host, port, end)
        for number, address in enumerate(addresses):
            # each of the others gets its share, so that one that is silent does not use up all
            share = max(end - time.monotonic(), 1e-3) / (len(addresses) - number)
            try:
                stream = self._inner.connect_tcp(address, port, share, local_address, socket_options)
                return _Stream(stream, self._clock)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if number == len(addresses) - 1:
                    raise
        raise httpcore2.ConnectError(f"{host} has no address")

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.NetworkStream:
        stream = self._inner.connect_unix_socket(path, self._clock.left(timeout), socket_options)
        return _Stream(stream, self._clock)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(self._clock.left(seconds))


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._clock.is_over:
            raise httpcore2.ReadTimeout("the answer is not complete")
        return self._inner.read(max_bytes, self._clock.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        view = memoryview(buffer)
        for at in range(0, len(buffer), PIECE):
            if self._clock.is_over:
                raise httpcore2.WriteTimeout("the request is not taken")
            self._inner.write(view[at : at + PIECE], self._clock.left(timeout))  # type: ignore[arg-type]

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        stream = self._inner.start_tls(ssl_context, server_hostname, self._clock.left(timeout))
        return _Stream(stream, self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _addresses(host: str, port: int, end: float) -> list[str]:
    """
    The addresses of *host*, looked up by a thread of its own: the system's look-up knows no time limit.

    Raises:
        httpcore2.ConnectError, httpcore2.ConnectTimeout: There are none; none came in time.
    """
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    with _lookups_lock:
        found = _lookups.get((host, port))
        if found is None:
            found = _lookups[host, port] = Future()
            threading.Thread(target=_look_up, args=(host, port, found), daemon=True).start()
    try:
        return found.result(timeout=max(end - time.monotonic(), 1e-3))
    except TimeoutError as error:
        raise httpcore2.ConnectTimeout(f"the name {host} is not found in time") from error
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(f"{host}: {error}") from error


def _look_up(host: str, port: int, found: Future[list[str]]) -> None:
    try:
        lines = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        found.set_result(list(dict.fromkeys(str(line[4][0]) for line in lines)))
    except BaseException as error:
        found.set_exception(error)
    finally:
        with _lookups_lock:
            _lookups.pop((host, port), None)


def _forget_lookups() -> None:
    """The threads that were at it are not in a forked child."""
    global _lookups_lock
    _lookups_lock = threading.Lock()
    _lookups.clear()


os.register_at_fork(after_in_child=_forget_lookups)
