"""Whatever a server does, a call ends in time, and says what happened."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mlrun.config import mlconf
from mlrun.db.http import HTTPRunDB
from mlrun.db.http.wire import Wire, checked
from mlrun.db.messages import Message
from mlrun.errors import (
    MLRunInternalServerError,
    MLRunInvalidArgumentError,
    MLRunServiceUnavailableError,
)
from mlrun.testing.run_records import a_run

TIMEOUT_S = 0.6
LONGEST_S = 60  # before a call that ends in time has surely not
JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


def answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    lines = (f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def says(text: bytes) -> Callable[..., None]:
    return lambda connection, request: connection.sendall(text)


def says_nothing(connection: socket.socket, request: bytes) -> None:
    connection.recv(1)


def trickles(text: bytes) -> Callable[..., None]:
    def behave(connection: socket.socket, request: bytes) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(0.05)
        for byte in text:
            connection.sendall(bytes([byte]))
            try:
                if not connection.recv(1):
                    return
            except socket.timeout:
                pass

    return behave


@pytest.fixture(autouse=True)
def short_pauses(home: Any) -> None:
    mlconf.set("httpdb.http.backoff", 0.01)


@pytest.fixture
def haste(short_pauses: None) -> None:
    mlconf.set("httpdb.http.timeout", TIMEOUT_S)


@pytest.fixture
def ends_in_time(haste: None) -> Iterator[None]:
    """Long before a server that holds calls up would let it go."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < LONGEST_S


def ask(url: str, method: str = "GET", path: str = "v1/x") -> Any:
    wire = Wire(url)
    try:
        return wire.send(Message(method, path))
    finally:
        wire.close()


def test_an_address_is_taken_as_it_is() -> None:
    assert checked("http://mlrun-api:8080").startswith("http://mlrun-api:8080")


@pytest.mark.parametrize("url", ["http://user:not-a-secret@host:8080", "http://", "http://host:port"])
def test_a_wrong_address_is_answered_without_its_secret(url: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError) as raised:
        checked(url)

    assert "not-a-secret" not in str(raised.value)


def test_a_server_that_is_away_is_named(server: Any, patience: None) -> None:
    with pytest.raises(MLRunServiceUnavailableError, match=str(server.port)):
        HTTPRunDB(server.url).list_runs()


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(says_nothing, id="accepts and never answers"),
        pytest.param(trickles(JSON.replace(b"OK", b"O" * 9999)), id="trickles its headers"),
        pytest.param(trickles(answer("200 OK", body=b"1" * 9999)), id="trickles its body"),
        pytest.param(says(answer("200 OK", body=b"1" * 99)[:-9]), id="closes in the middle"),
        pytest.param(says(b""), id="closes at once"),
        pytest.param(says(b"SSH-2.0-OpenSSH_9.2\r\n"), id="speaks something else"),
        pytest.param(says(answer("200 OK", "content-type: text/html", body=b"log in")), id="a login page"),
        pytest.param(says(answer("503 Busy")), id="503"),
        pytest.param(says(answer("429 Too Many", "retry-after: 3600")), id="429"),
        pytest.param(says(answer("502 Bad", body=b"<html>")), id="a proxy without a server"),
        pytest.param(says(answer("302 Found", "location: http://evil:1/")), id="redirects"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_server_holds_a_call_up(
    misbehaving: Any, ends_in_time: None, behave: Callable[..., None], method: str
) -> None:
    server = misbehaving(behave)

    with pytest.raises(MLRunServiceUnavailableError, match=str(server.port)):
        ask(server.url, method)


def test_a_run_goes_on_when_its_server_hangs(
    misbehaving: Any, haste: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlrun.db.http.delivery.FIRST_PAUSE_S", 3600.0)
    server = misbehaving(says_nothing)
    db = HTTPRunDB(server.url)
    db.store_run(a_run("1", "running"), "1")  # waits for the answer once

    for number in range(50):
        db.update_run({f"status.results.r{number}": number}, "1")
        db.store_log("1", body=b"line\n", append=True)

    assert server.requests < 2
    assert db.journal.waiting() == 101
    assert db.read_run("1")["status"]["results"]["r49"] == 49
    db.close()


def test_what_may_be_repeated_is_repeated(misbehaving: Any) -> None:
    server = misbehaving(lambda connection, _: connection.sendall(answers.pop(0)))
    answers = [answer("503 Busy"), b"", answer("500 Oh"), JSON]

    assert ask(server.url).body == b"{}"
    assert server.requests == 4


def test_what_may_not_be_repeated_is_sent_once(misbehaving: Any) -> None:
    server = misbehaving(says(b""))

    with pytest.raises(MLRunServiceUnavailableError):
        ask(server.url, "POST")

    assert server.requests == 1


def test_a_mistake_of_the_server_is_said(misbehaving: Any) -> None:
    reason = b'{"detail":{"reason":"MLRunInternalServerError(\'number 4711\')"}}'
    server = misbehaving(says(answer("500 Oh", body=reason)))

    with pytest.raises(MLRunInternalServerError, match="number 4711"):
        ask(server.url)


def test_a_server_that_asks_for_rest_gets_it(misbehaving: Any) -> None:
    server = misbehaving(says(answer("429 Too Many", "retry-after: 60")))
    db = HTTPRunDB(server.url)
    db.store_run(a_run("1", "running"), "1")
    asked = server.requests

    db.store_log("1", body=b"line\n", append=True)

    assert (asked, server.requests, db.journal.waiting()) == (1, 1, 2)


def test_nothing_follows_a_redirect(misbehaving: Any) -> None:
    other = misbehaving(says(JSON))
    server = misbehaving(says(answer("307 Elsewhere", f"location: {other.url}/api/v1/x")))

    with pytest.raises(MLRunServiceUnavailableError, match="leads to"):
        ask(server.url, "POST")

    assert other.requests == 0


def test_a_login_page_is_no_receipt(misbehaving: Any) -> None:
    page = answer("200 OK", "content-type: text/html", body=b"<html>log in</html>")
    db = HTTPRunDB(misbehaving(says(page)).url)

    db.store_run(a_run("1", "completed"), "1")

    assert db.journal.waiting() == 1


def test_a_name_that_is_not_found_in_time_ends_the_call(
    ends_in_time: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    found = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found.wait(2 * LONGEST_S) and [])

    with pytest.raises(MLRunServiceUnavailableError, match="not found in time"):
        ask("http://mlrun.test:8080")

    found.set()


def test_a_server_that_takes_no_connection_ends_the_call(ends_in_time: None) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())

        with pytest.raises(MLRunServiceUnavailableError):
            ask(f"http://127.0.0.1:{full.getsockname()[1]}")

        for one in waiting:
            one.close()


def test_https_on_a_server_without_it_is_said(misbehaving: Any, ends_in_time: None) -> None:
    server = misbehaving(says(answer("400 Bad Request")))

    with pytest.raises(MLRunServiceUnavailableError, match="can not be reached"):
        ask(server.url.replace("http:", "https:"))


def test_an_answer_that_is_too_slow_for_one_try_is_waited_for_once(misbehaving: Any, haste: None) -> None:
    server = misbehaving(trickles(JSON))

    with pytest.raises(MLRunServiceUnavailableError):
        ask(server.url)

    assert server.requests < 2


def test_a_connection_that_was_closed_meanwhile_is_opened_anew(misbehaving: Any) -> None:
    server = misbehaving(says(JSON))
    wire = Wire(server.url)

    for _ in range(3):
        assert wire.send(Message("POST", "v1/x"), is_safe=True).body == b"{}"

    wire.close()
