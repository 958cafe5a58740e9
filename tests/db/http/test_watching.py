"""A log is followed by events, over broken connections too, and by asking where there are none."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from mlrun.config import mlconf
from mlrun.db.http import HTTPRunDB, watching
from mlrun.errors import MLRunNotFoundError, MLRunServiceUnavailableError
from mlrun.testing.run_records import a_run

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
KNOWN = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n%b"


def event(kind: str, **data: Any) -> bytes:
    return b"event: %s\nid: 0-0\ndata: %s\n\n" % (kind.encode(), msgspec.json.encode(data))


def log(offset: int, text: str) -> bytes:
    return event("log", offset=offset, size=len(text.encode()), text=text)


def answers(*bodies: bytes) -> tuple[Callable[..., None], list[bytes]]:
    """Each connection gets the next one; and what they asked for."""
    asked: list[bytes] = []

    def behave(connection: socket.socket, request: bytes) -> None:
        asked.append(request.split(b" ")[1])
        connection.sendall(bodies[len(asked) - 1])

    return behave, asked


def test_a_log_is_printed_as_it_comes(misbehaving: Any, capsys: pytest.CaptureFixture[str]) -> None:
    end = event("state", state="completed") + event("end", state="completed")
    behave, asked = answers(HEAD + event("state", state="running") + log(3, "zwölf\n") + b":\n\n" + end)

    found = HTTPRunDB(misbehaving(behave).url).watch_log("1", "p", offset=3)

    assert found == ("completed", 10)
    assert capsys.readouterr().out == "zwölf\n"
    assert asked == [b"/api/v1/projects/p/runs/1/watch?offset=3"]


def test_a_broken_connection_goes_on_where_it_was(
    misbehaving: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    behave, asked = answers(
        HEAD + log(0, "one\n") + log(4, "half")[:-9],
        b"",
        HEAD + log(4, "two\n") + event("end", state="error"),
    )

    found = HTTPRunDB(misbehaving(behave).url).watch_log("1", "p")

    assert found == ("error", 8)
    assert capsys.readouterr().out == "one\ntwo\n"
    assert asked[-1].endswith(b"offset=4")


def test_bytes_that_are_no_text_are_shown_as_well_as_can_be(
    misbehaving: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = event("log", offset=0, size=2, base64="/0E=")
    behave, _ = answers(HEAD + data + event("end", state="completed"))

    HTTPRunDB(misbehaving(behave).url).watch_log("1", "p")

    assert capsys.readouterr().out == "\ufffdA"


def test_a_server_that_does_not_come_back_is_given_up(
    misbehaving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "AWAY_S", 0.2)
    mlconf.set("httpdb.http.timeout", 1)

    with pytest.raises(MLRunServiceUnavailableError):
        HTTPRunDB(misbehaving(lambda connection, _: None).url).watch_log("1", "p")


def test_a_run_that_has_ended_is_printed_to_its_end(db: Any, capsys: pytest.CaptureFixture[str]) -> None:
    db.store_run(a_run("1", "completed"), "1")
    db.store_log("1", body=b"one\ntwo\n")

    assert db.watch_log("1", offset=4) == ("completed", 8)
    assert capsys.readouterr().out == "two\n"


def test_a_run_that_is_not_there_is_said(db: Any) -> None:
    with pytest.raises(MLRunNotFoundError, match="no run"):
        db.watch_log("nobody")


def test_the_end_of_a_run_is_heard_of(misbehaving: Any) -> None:
    end = event("state", state="error") + event("end", state="error")
    behave, asked = answers(
        HEAD + event("state", state="running"), HEAD + event("state", state="running") + end
    )

    assert HTTPRunDB(misbehaving(behave).url).wait_for_run("1", "p", 2) == "error"
    everything = str((1 << 63) - 1).encode()
    path = b"/api/v1/projects/p/runs/1/watch?iter=2&offset=%b&metrics_offset=%b"
    assert asked == [path % (everything, everything)] * 2


def test_waiting_for_a_run_ends_in_time(misbehaving: Any) -> None:
    """With the state that was told, or else with the one that is read."""

    def behave(connection: socket.socket, request: bytes) -> None:
        if b"/watch" in request:
            connection.sendall(HEAD + event("state", state="running"))
            connection.recv(1)
            return
        connection.sendall(KNOWN % b'{"data": {"status": {"state": "running"}}}')

    db = HTTPRunDB(misbehaving(behave).url)

    assert db.wait_for_run("1", "p", timeout_s=0.3) == "running"


def test_waiting_for_a_run_that_is_not_told_of_in_time_gives_its_state(misbehaving: Any) -> None:
    def behave(connection: socket.socket, request: bytes) -> None:
        if b"/watch" in request:
            connection.sendall(HEAD)
            connection.recv(1)
            return
        connection.sendall(KNOWN % b'{"data": {"status": {"state": "pending"}}}')

    assert HTTPRunDB(misbehaving(behave).url).wait_for_run("1", "p", timeout_s=0.1) == "pending"


def test_a_server_without_events_is_asked_again(misbehaving: Any) -> None:
    def behave(connection: socket.socket, request: bytes) -> None:
        is_watch = b"/watch" in request
        told = KNOWN % b'{"data": {"status": {"state": "completed"}}}'
        connection.sendall(told.replace(b"200 OK", b"404 Not Found") if is_watch else told)

    assert HTTPRunDB(misbehaving(behave).url).wait_for_run("1", "p") == "completed"
