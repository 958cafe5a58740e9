"""What is left of a call's time is what each of its steps gets."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mlrun.db.http.deadlines import PIECE, HeldSocket, connect, left_until

LONGEST_S = 60.0


@pytest.fixture
def pair() -> Iterator[tuple[HeldSocket, socket.socket]]:
    """A connection, seen from here and from the other side."""
    here, there = socket.socketpair()
    with here, there:
        yield HeldSocket(here, time.monotonic() + LONGEST_S), there


def soon() -> float:
    return time.monotonic() + 0.3


def test_a_step_gets_what_is_left() -> None:
    assert 0.5 * LONGEST_S < left_until(time.monotonic() + LONGEST_S, "it is late") <= LONGEST_S
    with pytest.raises(TimeoutError, match="it is late"):
        left_until(time.monotonic() - 1, "it is late")


def test_what_comes_is_read_as_a_file(pair: tuple[HeldSocket, socket.socket]) -> None:
    held, there = pair
    there.sendall(b"one\ntwo")

    with held.makefile("rb") as file:
        assert file.readline() == b"one\n"

    held.sendall(b"still open")
    assert there.recv(99) == b"still open"


def test_bytes_that_trickle_in_do_not_hold_a_reader_up(pair: tuple[HeldSocket, socket.socket]) -> None:
    held, there = pair
    there.sendall(b"no end of a line")
    held.end = soon()

    with pytest.raises(socket.timeout):
        held.makefile("rb").readline()


def test_one_that_takes_a_body_slowly_does_not_hold_it_up(pair: tuple[HeldSocket, socket.socket]) -> None:
    held, _ = pair
    held.end = soon()

    with pytest.raises(socket.timeout):
        held.sendall(b"0" * PIECE * 100)


def test_one_of_the_addresses_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        known = socket.getaddrinfo
        lines = [
            line for name in ("127.0.0.2", "127.0.0.1") for line in known(name, port, type=socket.SOCK_STREAM)
        ]

        def look_up(name: str, *rest: Any, **named: Any) -> Any:
            return lines if name == "mlrun.test" else known(name, *rest, **named)

        monkeypatch.setattr(socket, "getaddrinfo", look_up)

        with connect("mlrun.test", port, time.monotonic() + LONGEST_S) as connected:
            assert connected.getpeername() == ("127.0.0.1", port)


def test_a_name_that_means_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(OSError, match=r"mlrun\.test.*not known"):
        connect("mlrun.test", 8080, time.monotonic() + LONGEST_S)
