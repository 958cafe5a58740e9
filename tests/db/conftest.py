"""An API server as a process of its own, which a test may stop, kill and start again."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from mlrun.config import mlconf
from mlrun.testing.servers import held_port

HAS_API = all(importlib.util.find_spec(name) for name in ("starlette", "uvicorn"))

_PROGRAM = """
import sys, uvicorn
from mlrun.api.app import create_app
from mlrun.db import get_run_db

app = create_app(get_run_db(sys.argv[2]))

async def as_mlrun(scope, receive, send):
    # without what MLRun's servers do not have
    if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].endswith("/projects/*/runs"):
        await send({"type": "http.response.start", "status": 405, "headers": []})
        await send({"type": "http.response.body", "body": b""})
    else:
        await app(scope, receive, send)

uvicorn.run(as_mlrun if "mlrun" in sys.argv[3:] else app, fd=int(sys.argv[1]), log_level="error")
"""


class Server:
    """One address; what answers there comes and goes."""

    def __init__(self, folder: Path, database: str = "") -> None:
        self.database = database or f"{folder}/server.db"
        self.manners: list[str] = []  # "mlrun": without what MLRun's servers do not have
        self.home = folder / "server"
        self._held = contextlib.ExitStack()
        self.port = self._held.enter_context(held_port())
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.port))
            listener.listen(128)  # who connects from now on is answered as soon as the server is up
            environment = {**os.environ, "MLRUN_HOME": str(self.home)}
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, str(listener.fileno()), self.database, *self.manners],
                pass_fds=[listener.fileno()],
                env=environment,
            )
        httpx2.get(f"{self.url}/api/v1/client-spec", timeout=120, trust_env=False)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """It comes back no more."""
        self.kill()
        self._held.close()


@pytest.fixture
def slowness(home: Path) -> None:
    """Calls wait for as long as a busy machine may take; a server that is away refuses them at once."""
    mlconf.set("httpdb.http.timeout", 120)


@pytest.fixture
def server(tmp_path: Path, slowness: None) -> Iterator[Server]:
    """Not started yet."""
    if not HAS_API:
        pytest.skip("needs the API server: pip install 'mlrun[server]'")
    server = Server(tmp_path)
    yield server
    server.close()


@pytest.fixture
def up(server: Server) -> Server:
    server.start()
    return server


@pytest.fixture
def patience() -> None:
    """Few and short retries."""
    mlconf.set("httpdb.http.retries", 0)


@pytest.fixture(scope="module")
def over_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that the tests of a module share."""
    server = Server(tmp_path_factory.mktemp("served"))
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def over_postgres(tmp_path_factory: pytest.TempPathFactory, _emptied: str) -> Iterator[Server]:
    """The same, over the database that ``postgres_db`` empties."""
    server = Server(tmp_path_factory.mktemp("served"), _emptied)
    server.start()
    yield server
    server.close()


@pytest.fixture
def emptied(over_sqlite: Server, slowness: None) -> Server:
    """The shared server, with no records."""
    with contextlib.closing(sqlite3.connect(over_sqlite.database)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        for (name,) in names:
            if name != "schema_version" and not name.startswith("sqlite_"):
                connection.execute(f"DELETE FROM {name}")
    return over_sqlite


class Misbehaving:
    """
    A server that does to each connection what ``behave`` says, in a thread of its own.

    ``behave(connection, request)`` gets what has come of the first request; ``requests`` counts connections
    that have sent one.
    """

    def __init__(self, behave: Callable[[socket.socket, bytes], None]) -> None:
        self.requests = 0
        self.is_over = threading.Event()
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._answer, args=(connection,))
            self._connections.append(connection)
            self._threads.append(thread)
            thread.start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(600)  # it leaves nobody by itself
            if request := connection.recv(1 << 16):
                self.requests += 1
                self._behave(connection, request)

    def close(self) -> None:
        self.is_over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()
        for connection in self._connections:
            with contextlib.suppress(OSError):  # it has ended
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()


@pytest.fixture
def misbehaving() -> Iterator[Callable[..., Misbehaving]]:
    """Makes servers that misbehave."""
    servers: list[Misbehaving] = []

    def make(behave: Callable[..., None]) -> Misbehaving:
        servers.append(Misbehaving(behave))
        return servers[-1]

    yield make
    for server in servers:
        server.close()
