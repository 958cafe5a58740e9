"""Servers of tests have a port of their own."""

from __future__ import annotations

import socket

import pytest

from mlrun.testing.servers import port_of, reserve


def test_a_reserved_port_is_listened_on_again_and_again() -> None:
    with reserve() as reserved:
        for _ in range(3):
            address = ("127.0.0.1", port_of(reserved))
            with socket.create_server(address) as server, socket.create_connection(address):
                server.accept()[0].close()

            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(address)


def test_nobody_else_is_given_a_reserved_port() -> None:
    with reserve() as reserved, socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port_of(reserved)))
