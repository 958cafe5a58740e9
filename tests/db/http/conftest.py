"""An API server as a process of its own, which a test may stop, kill and start again."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from mlrun.config import mlconf
from mlrun.db.http import HTTPRunDB

HAS_API = all(importlib.util.find_spec(name) for name in ("starlette", "uvicorn"))

_PROGRAM = """
import sys, uvicorn
from mlrun.api.app import create_app
from mlrun.db.sql import SQLiteRunDB

app = create_app(SQLiteRunDB("sqlite:///" + sys.argv[2]).connect())
uvicorn.run(app, fd=int(sys.argv[1]), log_level="error")
"""


class Server:
    """One address; what answers there comes and goes."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "server.db"
        self.home = folder / "server"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.port))
            listener.listen(128)  # who connects from now on is answered as soon as the server is up
            environment = {**os.environ, "MLRUN_HOME": str(self.home)}
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, str(listener.fileno()), str(self.file)],
                pass_fds=[listener.fileno()],
                env=environment,
            )
        httpx2.get(f"{self.url}/api/v1/client-spec", timeout=30, trust_env=False)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Not started yet."""
    if not HAS_API:
        pytest.skip("needs the API server: pip install 'mlrun[server]'")
    server = Server(tmp_path)
    yield server
    server.kill()


@pytest.fixture
def up(server: Server) -> Server:
    server.start()
    return server


@pytest.fixture
def patience() -> None:
    """Few and short retries."""
    mlconf.set("httpdb.http.retries", 0)


@pytest.fixture
def db(up: Server) -> Iterator[HTTPRunDB]:
    db = HTTPRunDB(up.url).connect()
    yield db
    db.close()
