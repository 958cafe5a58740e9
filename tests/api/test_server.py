"""Starting and ending: as a process, on a free port."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mlrun import mlconf
from mlrun.api.access import Access
from mlrun.api.server import (
    PROBED,
    Options,
    access_of_settings,
    allowed_paths,
    listen,
    place_of,
    refuse_open_doors,
    serve,
)
from mlrun.db import get_run_db
from mlrun.errors import MLRunAccessDeniedError, MLRunInvalidArgumentError, MLRunUnauthorizedError

LONGEST_S = 120


@pytest.fixture(params=[1, 2], ids=["alone", "workers"])
def server(start_server: Any, request: pytest.FixtureRequest) -> Any:
    return start_server("mlrun", "db", "-p", "0", "-d", "served", "--workers", str(request.param))


def test_a_server_keeps_what_it_is_given(server: Any, tmp_path: Path) -> None:
    with httpx2.Client(base_url=server.url, timeout=LONGEST_S) as client:
        assert client.get("/api/v1/healthz").json()["status"] == "ok"
        client.post("/api/v1/projects/p1/runs/u1", json={"metadata": {"name": "a"}})

        assert client.get("/api/v1/projects/p1/runs/u1").json()["data"]["metadata"]["name"] == "a"
    assert f"serving sqlite:///{tmp_path}/served/mlrun.db" in server.line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(server: Any, number: int) -> None:
    httpx2.get(f"{server.url}/api/v1/healthz", timeout=LONGEST_S)

    assert server.end(number) == (0, "")


def test_what_was_accepted_is_finished(server: Any) -> None:
    """The body of a request is asked for, and comes after the signal."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), LONGEST_S) as client, client.makefile("rb") as answer:
        client.sendall(
            b"POST /api/v1/projects/p1/runs/u1 HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n"
            b"content-length: 16\r\n\r\n"
        )
        assert answer.readline() == b"HTTP/1.1 100 Continue\r\n"
        server.process.send_signal(signal.SIGTERM)
        while _is_taken(server.url):
            pass

        client.sendall(b'{"metadata": {}}')

        assert answer.readline() == b"\r\n" and answer.readline() == b"HTTP/1.1 200 OK\r\n"
    assert server.end() == (0, "")


def test_the_module_of_old_days_starts_it_too(start_server: Any) -> None:
    os.environ |= {"MLRUN_httpdb__port": "0", "MLRUN_httpdb__dirpath": "elsewhere"}

    server = start_server("mlrun.api.main", "--workers", "1")

    assert httpx2.get(f"{server.url}/api/healthz", timeout=LONGEST_S).status_code == 200
    assert "/elsewhere/mlrun.db" in server.line
    assert server.end() == (0, "")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_machines_are_not_let_in_without_a_login(host: str) -> None:
    with pytest.raises(MLRunAccessDeniedError, match="say --insecure"):
        serve(Options(0, host=host))


def test_a_login_or_a_word_opens_it_to_other_machines() -> None:
    assert access_of_settings(Options(host="0.0.0.0", insecure=True)).hosts == ("*",)
    with mlconf.override(**{"httpdb.token": "t", "httpdb.allowed_hosts": "A.com, b.com"}):
        access = access_of_settings(Options(host="0.0.0.0"))

    assert (access.token, access.hosts) == ("t", ("a.com", "b.com"))


def test_on_loopback_nobody_logs_in() -> None:
    assert access_of_settings(Options()) == access_of_settings(Options(host="localhost")) == ("", "", "", ())


def test_the_database_is_the_one_that_was_named(home: Path) -> None:
    assert place_of(Options()) == str(home)
    with mlconf.override(**{"dbpath": "http://localhost:8080", "httpdb.dirpath": "/data"}):
        assert place_of(Options()) == "/data"
        assert place_of(Options(folder="./x")) == "./x"
        assert place_of(Options(dbpath="./x.db")) == "./x.db"


@pytest.mark.parametrize(
    "options", [Options(dbpath="http://localhost:8080"), Options(dbpath="./x.db", folder="./y")]
)
def test_a_database_that_can_not_be_served_is_answered(options: Options) -> None:
    with pytest.raises(MLRunInvalidArgumentError):
        place_of(options)


def test_files_come_from_the_artifact_path_and_what_the_setting_names() -> None:
    assert allowed_paths() == ()
    settings = {"artifact_path": "/arts/{{project}}", "httpdb.allowed_file_paths": "/data, s3://bucket/"}
    with mlconf.override(**settings):
        assert allowed_paths() == ("/data", "s3://bucket/", "/arts/{{project}}")


def test_a_port_that_is_taken_is_answered() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(MLRunInvalidArgumentError, match=f"can not listen on 127.0.0.1:{port}: .*in use"):
            listen("127.0.0.1", port)


def test_a_connection_on_which_nothing_is_said_is_probed() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            is_probed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            probes = {option: connection.getsockopt(socket.IPPROTO_TCP, option) for option in PROBED}

    assert is_probed and probes == PROBED


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_a_host_that_is_not_this_machine_is_answered(host: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="--host another address"):
        listen(host, 0)


def _is_taken(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=LONGEST_S).close()
    except OSError:
        return False
    return True


def test_a_token_of_the_database_opens_it_to_other_machines(db: Any) -> None:
    everywhere = Options(host="0.0.0.0")
    with pytest.raises(MLRunAccessDeniedError, match="mlrun db token create"):
        refuse_open_doors(everywhere, Access(), db)

    db.create_token()

    refuse_open_doors(everywhere, Access(), db)


def test_a_client_logs_in_with_what_its_settings_say(start_server: Any) -> None:
    """From one end to the other: a token of the database, and the client as a program has it."""
    db: Any = get_run_db("./served")
    _, viewer = db.create_token(role="viewer")
    _, editor = db.create_token(projects=["iris"])
    server = start_server("mlrun", "db", "-p", "0", "-d", "served")

    def client(token: str) -> Any:
        with mlconf.override(**{"httpdb.token": token}):
            found = get_run_db(server.url, force_reconnect=True)
            found.list_projects()
            return found

    with mlconf.override(**{"httpdb.token": editor}):
        client(editor).store_run({"metadata": {"name": "train"}}, "1", "iris")
        with pytest.raises(MLRunAccessDeniedError, match="limited to the project iris"):
            client(editor).read_run("1", "wine")
    with mlconf.override(**{"httpdb.token": viewer}):
        assert client(viewer).read_run("1", "iris")["metadata"]["name"] == "train"
        with pytest.raises(MLRunAccessDeniedError, match="needs the role editor"):
            client(viewer).del_run("1", "iris")
    with mlconf.override(**{"httpdb.token": "wrong"}), pytest.raises(MLRunUnauthorizedError):
        get_run_db(server.url, force_reconnect=True).list_projects()
