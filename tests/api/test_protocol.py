"""Clients that are slow on purpose, over real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from mlrun.api import app, protocol
from mlrun.api.app import create_app
from mlrun.api.server import config_of

LONGEST_S = 30
SHORT_S = 0.3
HEAD = b"GET /api/v1/healthz HTTP/1.1\r\nhost: localhost\r\n"
POST = b"POST /api/v1/projects/p/runs/u HTTP/1.1\r\nhost: localhost\r\n"


@pytest.fixture
def address(db: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """Of a server in this process whose limits are short."""
    monkeypatch.setattr(protocol, "HEAD_S", SHORT_S)
    monkeypatch.setattr(app, "BODY_S", SHORT_S)
    monkeypatch.setattr(protocol, "READ_S", SHORT_S)
    server = uvicorn.Server(config_of(create_app(db)))
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
    while part := client.recv(1 << 16):
        got += part
    return got


def answer(client: socket.socket) -> bytes:
    """One answer that says its length."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += client.recv(1 << 16)
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(
        int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    )
    while len(body) < length:
        body += client.recv(1 << 16)
    return head + body


def trickle(client: socket.socket, part: bytes = b"x-a: b\r\n") -> int:
    """Send *part* again and again until the other side has had enough; how often."""
    pause, count = threading.Event(), 0
    while True:
        try:
            client.sendall(part)
        except OSError:
            return count
        count += 1
        assert count < 10_000
        pause.wait(0.01)


def test_a_connection_that_says_nothing_is_closed(client: socket.socket) -> None:
    assert until_closed(client) == b""


def test_a_head_that_trickles_in_is_cut_off(client: socket.socket) -> None:
    client.sendall(HEAD)

    assert trickle(client) > 2


def test_a_second_head_has_no_more_time_than_the_first(client: socket.socket) -> None:
    client.sendall(HEAD + b"\r\n")
    assert answer(client).startswith(b"HTTP/1.1 200")
    client.sendall(HEAD)

    assert trickle(client) > 2


def test_a_connection_that_is_used_stays(client: socket.socket) -> None:
    pause = threading.Event()
    for _ in range(5):
        client.sendall(HEAD)
        client.sendall(b"\r\n")

        assert answer(client).startswith(b"HTTP/1.1 200")
        pause.wait(SHORT_S / 3)  # longer in all than a head may take


def test_a_body_that_trickles_in_is_answered_and_cut_off(client: socket.socket) -> None:
    client.sendall(POST + b"content-length: 99999\r\n\r\n")

    assert trickle(client, b" ") > 2


def test_a_body_that_stops_is_answered(client: socket.socket) -> None:
    client.sendall(POST + b"content-length: 9\r\n\r\n{")

    assert b"408" in answer(client).partition(b"\r\n")[0]


def test_a_client_that_reads_nothing_is_cut_off(address: tuple[str, int], db: Any) -> None:
    db.store_log("u", "p", b"x" * (32 << 20))
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(LONGEST_S)
        client.connect(address)
        client.sendall(b"GET /api/v1/projects/p/logs/u HTTP/1.1\r\nhost: localhost\r\n\r\n")
        threading.Event().wait(SHORT_S * 3)  # what it does is nothing

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
        got += client.recv(1 << 16)


def test_what_follows_a_body_is_no_header(client: socket.socket) -> None:
    client.sendall(POST + b"transfer-encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\norigin: http://evil\r\n\r\n")

    assert b"evil" not in answer(client)


@pytest.mark.parametrize(("start", "part"), [(b"0\r\n", b"x-a: b\r\n"), (b"2;a=", b"bbbbbbbb")])
def test_what_follows_a_body_ends(
    client: socket.socket, monkeypatch: pytest.MonkeyPatch, start: bytes, part: bytes
) -> None:
    monkeypatch.setattr(app, "BODY_S", LONGEST_S)
    client.sendall(POST + b"transfer-encoding: chunked\r\n\r\n" + start)

    assert trickle(client, part * 2000) > 2


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
