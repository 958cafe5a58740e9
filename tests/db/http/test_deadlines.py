"""What is left of a call's time is what each of its steps gets."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import httpcore2
import pytest

from mlrun.db.http.deadlines import PIECE, Clock, Network


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> Network:
    return Network(httpcore2.ConnectionPool()._network_backend, clock)


def test_outside_of_a_call_there_is_no_end(clock: Clock) -> None:
    assert not clock.is_over
    assert clock.left(5) == 5


def test_a_step_gets_no_more_than_is_left(clock: Clock) -> None:
    with clock.until(time.monotonic() + 1):
        assert 0.5 < clock.left(5) <= 1
        with clock.until(time.monotonic() - 1):
            assert clock.is_over and clock.left(5) == 1e-3
        assert not clock.is_over


def test_each_thread_has_its_own_time(clock: Clock) -> None:
    found: list[bool] = []

    with clock.until(time.monotonic() - 1):
        thread = threading.Thread(target=lambda: found.append(clock.is_over))
        thread.start()
        thread.join()

    assert found == [False]


def test_one_of_the_addresses_is_enough(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        known = socket.getaddrinfo
        lines = [
            line for name in ("127.0.0.2", "127.0.0.1") for line in known(name, port, type=socket.SOCK_STREAM)
        ]

        def look_up(name: str, *rest: Any, **named: Any) -> Any:
            return lines if name == "mlrun.test" else known(name, *rest, **named)

        monkeypatch.setattr(socket, "getaddrinfo", look_up)

        stream = network.connect_tcp("mlrun.test", port, timeout=5)

        assert stream.get_extra_info("server_addr") == ("127.0.0.1", port)
        stream.close()


def test_a_name_that_means_nothing_is_said(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(httpcore2.ConnectError, match=r"mlrun\.test.*not known"):
        network.connect_tcp("mlrun.test", 8080, timeout=5)


def test_a_server_that_takes_a_body_slowly_does_not_hold_it_up(network: Network, clock: Clock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stream = network.connect_tcp("127.0.0.1", listener.getsockname()[1], timeout=5)
        begun = time.monotonic()

        with clock.until(begun + 0.3), pytest.raises(httpcore2.WriteTimeout):
            stream.write(b"0" * PIECE * 100, timeout=60)

        assert time.monotonic() - begun < 2
        stream.close()
