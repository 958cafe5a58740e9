"""Servers of a session of tests, each at a port that nobody else takes."""

from __future__ import annotations

import socket
import sys

import pytest

from mlrun.testing.servers import held_port


def test_a_held_port_is_for_the_server_that_names_it() -> None:
    with held_port() as port:
        address = ("127.0.0.1", port)
        for _ in range(2):  # it may start again
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(address)
            with socket.create_server(address), socket.create_connection(address):
                pass


@pytest.mark.skipif(sys.platform != "linux", reason="held on Linux only")
def test_a_held_port_is_for_nobody_who_takes_what_is_free() -> None:
    with held_port() as port, socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
