"""One connection serves request after request, for as long as its server keeps it."""

from __future__ import annotations

import socket
import time
from http.client import HTTPException
from typing import Any

import pytest

from mlrun.db.http.connection import Connection, Request
from mlrun.db.http.route import route_to

GET = Request("GET", "/api/x?a=1", b"host: h\r\n")
POST = Request("POST", "/api/x", b"host: h\r\n", b"{}")
LONGEST_S = 60.0
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def soon() -> float:
    return time.monotonic() + LONGEST_S


def connected(server: Any) -> Connection:
    return Connection(route_to(server.url), soon())


def test_a_request_is_sent_as_it_is_written() -> None:
    assert GET.encoded("") == b"GET /api/x?a=1 HTTP/1.1\r\nhost: h\r\n\r\n"
    assert POST.encoded("http://h").startswith(b"POST http://h/api/x HTTP/1.1\r\n")
    assert POST.encoded("").endswith(b"content-length: 2\r\n\r\n{}")


def test_a_connection_is_used_again(misbehaving: Any) -> None:
    asked: list[bytes] = []

    def behave(peer: socket.socket, request: bytes) -> None:
        while request:
            asked.append(request)
            peer.sendall(b"HTTP/1.1 200 OK\r\nX-Number: %d\r\ncontent-length: 1\r\n\r\n!" % len(asked))
            request = peer.recv(999)

    server = misbehaving(behave)
    connection = connected(server)

    answers = [connection.ask(request, soon()) for request in (GET, POST)]

    assert [(one.status, one.headers["x-number"], one.body) for one in answers] == [
        (200, "1", b"!"),
        (200, "2", b"!"),
    ]
    assert asked == [GET.encoded(""), POST.encoded("")]
    assert (server.requests, connection.is_fit(60), connection.is_fit(-1)) == (1, True, False)
    connection.close()
    assert not connection.is_fit(60)


def test_an_answer_in_chunks_is_whole(misbehaving: Any) -> None:
    text = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n4\r\n two\r\n0\r\n\r\n"
    connection = connected(misbehaving(lambda peer, _: peer.sendall(text)))

    assert connection.ask(GET, soon()).body == b"one two"
    connection.close()


def test_a_connection_that_the_server_ends_is_closed(misbehaving: Any) -> None:
    text = EMPTY.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    connection = connected(misbehaving(lambda peer, _: peer.sendall(text)))

    connection.ask(GET, soon())

    assert not connection.is_open


def test_a_connection_that_the_server_has_left_is_not_fit(misbehaving: Any) -> None:
    def behave(peer: socket.socket, _: bytes) -> None:
        peer.sendall(EMPTY)
        peer.shutdown(socket.SHUT_RDWR)

    connection = connected(misbehaving(behave))
    connection.ask(GET, soon())
    connection._hold_to(soon()).socket.recv(1)  # until it has gone

    assert connection.is_open and not connection.is_fit(60)
    connection.close()


@pytest.mark.parametrize("text", [b"SSH-2.0-OpenSSH_9.2\r\n", EMPTY.replace(b"0", b"9"), b""])
def test_what_is_no_whole_answer_closes_the_connection(misbehaving: Any, text: bytes) -> None:
    connection = connected(misbehaving(lambda peer, _: peer.sendall(text)))

    with pytest.raises((HTTPException, OSError)):
        connection.ask(GET, soon())

    assert not connection.is_open


def test_lines_are_read_as_they_come(misbehaving: Any) -> None:
    go_on = []

    def behave(peer: socket.socket, _: bytes) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\none\r\n\r\n")
        go_on.append(peer.recv(1))
        peer.sendall(b"4\r\nt\xffwo\r\n0\r\n\r\n")

    connection = connected(misbehaving(behave))

    head, response = connection.follow(GET, soon())
    lines = connection.lines(response, LONGEST_S)

    assert (head.status, next(lines)) == (200, "one")
    connection._hold_to(soon()).sendall(b"!")
    assert list(lines) == ["t\ufffdwo"]
    connection.close()


def test_a_silence_ends_the_lines(misbehaving: Any) -> None:
    def behave(peer: socket.socket, _: bytes) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        peer.recv(1)

    connection = connected(misbehaving(behave))
    _, response = connection.follow(GET, soon())

    with pytest.raises(socket.timeout):
        list(connection.lines(response, 0.2))
    connection.close()
