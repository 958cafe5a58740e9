"""Requests to an API server that misbehaves."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import urllib3

from mlrun.cluster.kubernetes import KubernetesCluster, connection
from mlrun.cluster.kubernetes.account import open_account
from mlrun.cluster.kubernetes.connection import (
    Connection,
    ExpiredError,
    InterruptedRequestError,
    NoSuchKindError,
    Pauses,
    refusal,
)
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunMissingDependencyError,
    MLRunNotFoundError,
    MLRunRuntimeError,
    MLRunServiceUnavailableError,
    MLRunUnauthorizedError,
)
from mlrun.testing.kubernetes_api import Reply, Request, ScriptedApiServer, kubeconfig, pod, status
from mlrun.testing.servers import held_port

BUSY = Reply(429, status(429, "too many requests"), {"Retry-After": "7"})
BROKEN = Reply(500, status(500, "etcd has no leader"))


@pytest.fixture
def to_server(server: ScriptedApiServer, tmp_path: Path) -> Connection:
    file = server.kubeconfig(tmp_path, token="secret")
    return Connection(lambda: open_account(file))


def test_an_answer_is_what_stands_in_its_json(server: ScriptedApiServer, to_server: Connection) -> None:
    server.on("GET", "/pods/a", Reply(body=pod("a")))

    assert to_server.ask("GET", "/pods/a") == pod("a")


def test_a_urllib3_that_is_too_old_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for found in (urllib3.HTTPResponse, urllib3.BaseHTTPResponse):
        monkeypatch.delattr(found, "shutdown")

    with pytest.raises(MLRunMissingDependencyError, match=r"needs urllib3 2\.3 or newer, and here is 2\."):
        Connection(lambda: open_account("no file"))


def test_a_busy_server_is_asked_again_when_it_says(
    server: ScriptedApiServer, to_server: Connection, pauses: list[float]
) -> None:
    server.on("GET", "/pods/a", BUSY, BUSY, Reply(body=pod("a")))

    to_server.ask("GET", "/pods/a")

    assert len(pauses) == 2
    assert all(7 <= pause_s < 8 for pause_s in pauses)


@pytest.mark.parametrize(
    "trouble", [BROKEN, Reply(503, b""), Reply(is_dropped=True)], ids=["500", "503", "dropped"]
)
def test_trouble_that_passes_is_not_seen(
    server: ScriptedApiServer, to_server: Connection, pauses: list[float], trouble: Reply
) -> None:
    server.on("GET", "/pods/a", trouble, trouble, Reply(body=pod("a")))

    to_server.ask("GET", "/pods/a")

    assert len(pauses) == 2


@pytest.mark.parametrize(
    ("trouble", "error", "message"),
    [
        (BROKEN, MLRunRuntimeError, "^etcd has no leader$"),
        (Reply(503, b"overloaded"), MLRunServiceUnavailableError, "127.0.0.1.* says: overloaded"),
        (BUSY, MLRunServiceUnavailableError, "127.0.0.1.* says: too many requests"),
        (Reply(is_dropped=True), MLRunServiceUnavailableError, "127.0.0.1.* can not be reached: "),
    ],
    ids=["500", "503", "429", "dropped"],
)
def test_trouble_that_stays_is_told(
    server: ScriptedApiServer,
    to_server: Connection,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
    trouble: Reply,
    error: type[MLRunBaseError],
    message: str,
) -> None:
    monkeypatch.setattr(connection, "PATIENCE_S", 0.5)
    monkeypatch.setattr(connection, "BUSY_PATIENCE_S", 5)
    server.on("GET", "/pods/a", trouble)

    with pytest.raises(error, match=message):
        to_server.ask("GET", "/pods/a")


def test_a_server_that_is_not_there_is_named(tmp_path: Path, pauses: list[float]) -> None:
    with held_port() as port:
        url = f"http://127.0.0.1:{port}"
        cluster = KubernetesCluster(kubeconfig=kubeconfig(tmp_path, url))

        with pytest.raises(MLRunServiceUnavailableError) as caught:
            cluster.read("a")

    assert str(caught.value).startswith(f"the cluster {url} (context 'scripted' of ")
    assert str(caught.value).endswith(
        "can not be reached: Failed to establish a new connection: [Errno 111] Connection refused"
    )


def test_a_token_that_has_expired_is_read_anew(server: ScriptedApiServer, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    file = server.kubeconfig(tmp_path, tokenFile=str(token))
    to_server = Connection(lambda: open_account(file))

    def answer(request: Request) -> Reply:
        token.write_text("new")  # as a cluster does with that of a pod
        is_new = request.headers["authorization"] == "Bearer new"
        return Reply(body=pod("a")) if is_new else Reply(401, status(401, "Unauthorized"))

    server.on("GET", "/pods/a", answer)

    to_server.ask("GET", "/pods/a")

    assert [one.headers["authorization"] for one in server.requests] == ["Bearer old", "Bearer new"]


def test_a_program_that_gives_tokens_is_asked_again(server: ScriptedApiServer, tmp_path: Path) -> None:
    program = tmp_path / "login.py"
    program.write_text(
        "import json, pathlib\n"
        f"count = pathlib.Path({str(tmp_path / 'count')!r})\n"
        "count.write_text(count.read_text() + '1' if count.exists() else '1')\n"
        "status = {'token': 'token-' + count.read_text()}\n"
        "api = 'client.authentication.k8s.io/v1'\n"
        "print(json.dumps({'apiVersion': api, 'kind': 'ExecCredential', 'status': status}))\n"
    )
    api = "client.authentication.k8s.io/v1"
    login = {"apiVersion": api, "command": sys.executable, "args": [str(program)], "interactiveMode": "Never"}
    file = server.kubeconfig(tmp_path, exec=login)
    to_server = Connection(lambda: open_account(file))
    server.on("GET", "/pods/a", Reply(401, status(401, "Unauthorized")), Reply(body=pod("a")))

    to_server.ask("GET", "/pods/a")

    assert [one.headers["authorization"] for one in server.requests] == ["Bearer token-1", "Bearer token-11"]


def test_an_account_that_is_not_let_in_is_named(server: ScriptedApiServer, to_server: Connection) -> None:
    server.on("GET", "/pods/a", Reply(401, status(401, "Unauthorized")))

    with pytest.raises(MLRunUnauthorizedError, match=r"context 'scripted' of .* says: Unauthorized"):
        to_server.ask("GET", "/pods/a")

    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("code", "content", "error", "message"),
    [
        (403, status(403, "pods is forbidden"), MLRunAccessDeniedError, "^pods is forbidden$"),
        (404, status(404, 'pods "a" not found'), MLRunNotFoundError, '^pods "a" not found$'),
        (404, b"404 page not found\n", NoSuchKindError, "says: 404 page not found$"),
        (409, status(409, "already exists"), MLRunConflictError, "^already exists$"),
        (410, status(410, "too old resource version"), ExpiredError, "^too old"),
        (422, status(422, "Pod a is invalid"), MLRunInvalidArgumentError, "^Pod a is invalid$"),
        (418, b"", MLRunRuntimeError, "^status 418$"),
    ],
)
def test_a_refusal_is_one_of_our_errors(
    server: ScriptedApiServer,
    to_server: Connection,
    code: int,
    content: object,
    error: type[MLRunBaseError],
    message: str,
) -> None:
    server.on("GET", "/pods/a", Reply(code, content))

    with pytest.raises(error, match=message):
        to_server.ask("GET", "/pods/a")


def test_an_answer_that_is_no_json_is_told(server: ScriptedApiServer, to_server: Connection) -> None:
    server.on("GET", "/pods/a", Reply(body=b"<html>a proxy"))

    with pytest.raises(MLRunRuntimeError, match=r"the answer of http://127.0.0.1:.* to GET /pods/a: JSON"):
        to_server.ask("GET", "/pods/a")


def test_an_answer_that_breaks_off_is_an_interruption(
    server: ScriptedApiServer, to_server: Connection
) -> None:
    server.on("GET", "/log", Reply(parts=[b"one\ntw"], then="drop"))
    found = []

    with to_server.open("/log") as stream, pytest.raises(InterruptedRequestError):
        for line in stream.lines():
            found.append(line)

    assert found == [b"one"]


def test_an_answer_that_is_being_read_can_be_ended(server: ScriptedApiServer, to_server: Connection) -> None:
    server.on("GET", "/log", Reply(parts=[b"one\n"], then="hold"))
    found = []

    with to_server.open("/log") as stream, pytest.raises(InterruptedRequestError):
        for line in stream.lines():
            found.append(line)
            stream.stop()

    assert found == [b"one"]


@pytest.mark.parametrize(("minor", "version"), [("20", (1, 20)), ("31+", (1, 31))])
def test_the_version_is_known(
    server: ScriptedApiServer, to_server: Connection, minor: str, version: tuple[int, int]
) -> None:
    server.on("GET", "/version", Reply(body={"major": "1", "minor": minor}))

    assert (to_server.version, to_server.version) == (version, version)
    assert len(server.requests) == 1


def test_pauses_grow_and_end_growing_and_are_not_alike() -> None:
    pauses = Pauses(first_s=1)

    waited = [pauses.next() for _ in range(20)]

    assert all(0.5 * 2**n <= waited[n] <= 2**n for n in range(4))
    assert max(waited) <= 30
    assert len(set(waited)) > 10
    pauses.reset()
    assert pauses.next() <= 1


def test_what_a_refusal_says_is_short() -> None:
    assert len(str(refusal(500, b"x" * 10_000, "the cluster"))) < 400


def test_a_server_that_says_not_now_is_not_there_now() -> None:
    said = b'{"kind": "Status", "reason": "ServerTimeout", "message": "please try again"}'

    assert isinstance(refusal(500, said, "the cluster"), MLRunServiceUnavailableError)
