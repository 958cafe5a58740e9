"""An end to all waiting: each step on a connection gets what is left of the whole call's time."""

from __future__ import annotations

import io
import ipaddress
import os
import socket
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

PIECE = 1 << 18  # bytes that are written before the time is looked at again
_lookups: dict[tuple[str, int], Future[list[str]]] = {}
_lookups_lock = threading.Lock()


class HeldSocket:
    """
    A connected socket of which no step goes on after ``end``, in monotonic seconds.

    A socket's own time limit begins anew with each byte that comes; a server that sends one now and then
    would hold a caller up for ever. It is for one thread at a time.

    Example::

        held = HeldSocket(connect("mlrun", 8080, end), end)
        held.sendall(b"GET / HTTP/1.1\r\n\r\n")
        held.makefile("rb").readline()
    """

    def __init__(self, connected: socket.socket, end: float) -> None:
        self.socket = connected
        self.end = end

    def sendall(self, data: bytes) -> None:
        """
        Raises:
            OSError: The other side has gone, or it takes too long.
        """
        view = memoryview(data)
        for at in range(0, len(view), PIECE):
            self.socket.settimeout(left_until(self.end, "the request is not taken in time"))
            self.socket.sendall(view[at : at + PIECE])

    def makefile(self, mode: str) -> io.BufferedReader:
        """What comes, as a file; closing it leaves the socket open."""
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        self.socket.close()


class _Incoming(io.RawIOBase):
    """What comes on a socket."""

    def __init__(self, held: HeldSocket) -> None:
        self._held = held

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._held.socket.settimeout(left_until(self._held.end, "the answer is not complete in time"))
        return self._held.socket.recv_into(buffer)


def left_until(end: float, what: str) -> float:
    """
    Seconds.

    Raises:
        TimeoutError: There are none, which is *what*.
    """
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError(what)
    return left


def connect(host: str, port: int, end: float) -> socket.socket:
    """
    A connection to the first address of *host* that takes it.

    Raises:
        OSError: None does, or not in time.
    """
    addresses = addresses_of(host, port, end)
    for number, address in enumerate(addresses):
        # each of the others gets its share, so that one that is silent does not use up all
        share = max(end - time.monotonic(), 1e-3) / (len(addresses) - number)
        try:
            connected = socket.create_connection((address, port), share)
        except OSError:
            if number == len(addresses) - 1:
                raise
        else:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connected
    raise ConnectionError(f"{host} has no address")


def addresses_of(host: str, port: int, end: float) -> list[str]:
    """
    The addresses of *host*, looked up by a thread of its own: the system's look-up knows no time limit.

    Raises:
        OSError: There are none, or none came in time.
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
    except FutureTimeoutError as error:
        raise TimeoutError(f"the name {host} is not found in time") from error
    except (OSError, UnicodeError) as error:
        raise ConnectionError(f"{host}: {error}") from error


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
