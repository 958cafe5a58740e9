"""A client of the API over the empty database of the test."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from mlrun.api.app import create_app

Run = dict[str, Any]
LONGEST_S = 120


class Server:
    """``mlrun db`` as a process; *url* is where it is."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", *command], stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr
        self.line = self.process.stderr.readline()
        found = re.search(r"http://\S+", self.line)
        self.url = found[0] if found else ""

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Exit code, and what was printed after the first line; once more, it is empty."""
        if self.process.stderr is None or self.process.stderr.closed:
            return self.process.returncode, ""
        self.process.send_signal(number)  # nothing where it has ended already
        _, rest = self.process.communicate(timeout=LONGEST_S)
        return self.process.returncode, rest


@pytest.fixture
def client(db: Any) -> TestClient:
    return client_of(db)


@pytest.fixture
def store_runs(db: Any) -> Callable[..., None]:
    """Store so many runs in project p1, one a minute."""

    def store(count: int, **status: Any) -> None:
        db.store_runs(
            {
                "metadata": {"name": f"run{number}", "uid": f"u{number}", "project": "p1"},
                "status": {
                    "state": "completed",
                    "start_time": f"2026-01-01T{number // 60:02}:{number % 60:02}:00+00:00",
                    **status,
                },
            }
            for number in range(count)
        )

    return store


def client_of(db: Any, **options: Any) -> TestClient:
    return TestClient(create_app(db, **options), base_url="http://localhost")


@pytest.fixture
def start_server() -> Iterator[Callable[..., Server]]:
    """Start a server as a process; it has ended when the test has."""
    started: list[Server] = []

    def start(*command: str) -> Server:
        started.append(Server(*command))
        return started[-1]

    yield start
    for server in started:
        _, said = server.end(signal.SIGKILL)
        sys.stderr.write(said)  # for whoever asks why a test has failed
