"""Clients that are slow on purpose, over real sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from mlrun.api import app, protocol
from mlrun.api.app import create_app
from mlrun.api.server import config_of

LONGEST_S = 60
SHORT_S = 0.3
HEAD = b"GET /api/v1/healthz HTTP/1.1\r\nhost: localhost\r\n"
POST = b"POST /api/v1/projects/p/runs/u HTTP/1.1\r\nhost: localhost\r\n"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that no client of a busy machine runs into."""
    for module, name in ((protocol, "HEAD_S"), (app, "BODY_S"), (protocol, "READ_S")):
        monkeypatch.setattr(module, name, LONGEST_S)


@pytest.fixture
def impatience(patience: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short limits, for tests whose client is cut off."""
    for module, name in ((protocol, "HEAD_S"), (app, "BODY_S"), (protocol, "READ_S")):
        monkeypatch.setattr(module, name, SHORT_S)


@pytest.fixture
def server(db: Any, patience: None) -> uvicorn.Server:
    return uvicorn.Server(config_of(create_app(db)))


@pytest.fixture
def address(server: uvicorn.Server) -> Iterator[tuple[str, int]]:
    """Of the server, in this process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        yield listener.getsockname()
        server.should_exit = True
        thread.join()


@pytest.fixture
def client(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=LONGEST_S) as client:
        yield client


def until_closed(client: socket.socket) -> bytes:
    got = b""
    with contextlib.suppress(ConnectionResetError):  # where the other side has not read everything
        while part := client.recv(1 << 16):
            got += part
    return got


def received(client: socket.socket) -> bytes:
    """What comes next."""
    part = client.recv(1 << 16)
    assert part, "the connection was closed"
    return part


def answer(client: socket.socket) -> bytes:
    """One answer that says its length."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += received(client)
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(
        int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    )
    while len(body) < length:
        body += received(client)
    return head + body


def is_cut_off(client: socket.socket, part: bytes = b"x-a: b\r\n") -> bool:
    """Whether the other side has had enough of *part*, again and again."""
    pause = threading.Event()
    for _ in range(LONGEST_S * 100):
        try:
            client.sendall(part)
        except OSError:
            return True
        pause.wait(0.01)
    return False


def test_a_connection_that_says_nothing_is_closed(impatience: None, client: socket.socket) -> None:
    assert until_closed(client) == b""


def test_a_head_that_trickles_in_is_cut_off(impatience: None, client: socket.socket) -> None:
    client.sendall(HEAD)

    assert is_cut_off(client)


def test_a_second_head_has_no_more_time_than_the_first(
    client: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.sendall(HEAD + b"\r\n")
    assert answer(client).startswith(b"HTTP/1.1 200")
    monkeypatch.setattr(protocol, "HEAD_S", SHORT_S)
    client.sendall(HEAD)

    assert is_cut_off(client)


def test_a_connection_that_is_used_stays(server: uvicorn.Server, client: socket.socket) -> None:
    for _ in range(5):
        client.sendall(HEAD)
        client.sendall(b"\r\n")

        assert answer(client).startswith(b"HTTP/1.1 200")
        (connection,) = server.server_state.connections
        assert connection._head is None  # its time does not run on


def test_a_body_that_trickles_in_is_answered_and_cut_off(impatience: None, client: socket.socket) -> None:
    client.sendall(POST + b"content-length: 99999\r\n\r\n")

    assert is_cut_off(client, b" ")


def test_a_body_that_stops_is_answered(client: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "BODY_S", SHORT_S)
    client.sendall(POST + b"content-length: 9\r\n\r\n{")

    assert b"408" in answer(client).partition(b"\r\n")[0]


def test_a_client_that_reads_nothing_is_cut_off(
    address: tuple[str, int], db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, plain = threading.Event(), protocol.PatientProtocol.connection_lost

    def lose(connection: protocol.PatientProtocol, error: Exception | None) -> None:
        plain(connection, error)
        lost.set()

    monkeypatch.setattr(protocol.PatientProtocol, "connection_lost", lose)
    monkeypatch.setattr(protocol, "READ_S", SHORT_S)
    db.store_log("u", "p", b"x" * (32 << 20))
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(LONGEST_S)
        client.connect(address)
        client.sendall(b"GET /api/v1/projects/p/logs/u HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert lost.wait(LONGEST_S)

        assert len(until_closed(client)) < 32 << 20


@pytest.mark.parametrize("many", [b"x-a: b\r\n" * 200, b"x-a: " + b"b" * (80 << 10) + b"\r\n"])
def test_heads_without_end_are_refused(client: socket.socket, many: bytes) -> None:
    client.sendall(HEAD + many + b"\r\n")

    assert until_closed(client).split()[1] in (b"400", b"431")


@pytest.mark.parametrize("wrong", [b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n"])
def test_what_is_no_http_is_answered_without_a_trace(client: socket.socket, wrong: bytes) -> None:
    client.sendall(wrong)

    said = until_closed(client)
    assert said.startswith(b"HTTP/1.1 400") and b"Traceback" not in said


def test_the_server_does_not_say_what_it_is(client: socket.socket) -> None:
    client.sendall(HEAD + b"\r\n")

    said = answer(client).lower()

    assert b"\r\nserver:" not in said and b"uvicorn" not in said
    assert b"x-content-type-options: nosniff" in said


def test_the_health_of_many_requests_at_once_is_one_answer_each(client: socket.socket) -> None:
    client.sendall((HEAD + b"\r\n") * 3)  # sent before the first answer has come

    got = b""
    while got.count(b"HTTP/1.1 200") < 3:
        got += received(client)


def test_what_follows_a_body_is_no_header(client: socket.socket) -> None:
    client.sendall(POST + b"transfer-encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\norigin: http://evil\r\n\r\n")

    assert b"evil" not in answer(client)


@pytest.mark.parametrize(("start", "part"), [(b"0\r\n", b"x-a: b\r\n"), (b"2;a=", b"bbbbbbbb")])
def test_what_follows_a_body_ends(client: socket.socket, start: bytes, part: bytes) -> None:
    client.sendall(POST + b"transfer-encoding: chunked\r\n\r\n" + start)

    assert is_cut_off(client, part * 2000)


def test_a_body_of_many_small_chunks_is_taken(client: socket.socket) -> None:
    client.sendall(
        POST + b"transfer-encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 50_000 + b"2\r\n{}\r\n0\r\n\r\n"
    )

    assert answer(client).startswith(b"HTTP/1.1 200")


def test_who_offers_another_protocol_is_answered_in_this_one(client: socket.socket) -> None:
    client.sendall(HEAD + b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n\r\n")

    assert until_closed(client).startswith(b"HTTP/1.1 200")


def test_a_body_is_not_taken_for_another_protocol(client: socket.socket) -> None:
    client.sendall(POST + b"content-length: 2\r\nconnection: Upgrade\r\nupgrade: h2c\r\n\r\n{}")

    assert until_closed(client).startswith(b"HTTP/1.1 400")


def test_a_request_names_one_host(client: socket.socket) -> None:
    client.sendall(HEAD + b"host: evil\r\n\r\n")

    assert until_closed(client).startswith(b"HTTP/1.1 400")


def test_a_request_without_a_host_is_refused(client: socket.socket) -> None:
    client.sendall(HEAD.partition(b"host")[0] + b"\r\n")

    assert answer(client).startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    "lines",
    [
        b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"content-length : 2\r\n\r\n{}",
        b"x-a: b\r\n continued\r\n\r\n",
        b"x-a: b\x00c\r\n\r\n",
    ],
)
def test_a_head_that_two_servers_would_read_differently_is_refused(
    client: socket.socket, lines: bytes
) -> None:
    client.sendall(POST + lines)

    assert until_closed(client).startswith(b"HTTP/1.1 400")
