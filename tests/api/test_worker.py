"""A worker by itself; with its parent and the others it is in test_workers.py."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from mlrun.db import get_run_db

LONGEST_S = 120


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def started(listener: socket.socket) -> Iterator[tuple[subprocess.Popen[str], socket.socket]]:
    """A worker, and our end of the line to it."""
    line, end = socket.socketpair()
    line.settimeout(LONGEST_S)
    with line, end:
        worker = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "mlrun.api.worker"],
            stdin=end.fileno(),
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=[listener.fileno()],
        )
        end.close()
        yield worker, line
        worker.kill()
        worker.communicate()


def tell(line: socket.socket, listener: socket.socket, **more: Any) -> None:
    access = {"token": "t", "user": "", "password": "", "hosts": []}
    told = {"listener": listener.fileno(), "database": get_run_db("./served").address, "access": access}
    line.sendall(json.dumps({**told, "places": [], "number": 7, **more}).encode() + b"\n")


def test_it_serves_what_it_is_told_and_says_when(started: Any, listener: socket.socket) -> None:
    worker, line = started
    tell(line, listener)

    assert line.recv(1) == b"\n"
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1/projects"
    right = {"authorization": "Bearer t"}
    assert httpx2.get(url, timeout=LONGEST_S).status_code == 401
    assert httpx2.get(url, headers=right, timeout=LONGEST_S).status_code == 200
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(LONGEST_S) == 0


def test_it_ends_with_the_line_and_says_who_it_was(started: Any, listener: socket.socket) -> None:
    worker, line = started
    tell(line, listener)
    assert line.recv(1) == b"\n"

    line.close()

    _, said = worker.communicate(timeout=LONGEST_S)
    assert worker.returncode == 0
    assert "the parent of this worker is gone" in said and "'worker': 7" in said


def test_a_line_that_ends_before_it_is_ready_ends_it_too(started: Any, listener: socket.socket) -> None:
    worker, line = started
    tell(line, listener)

    line.close()  # what it says now is read by nobody, and the line breaks rather than ends

    assert worker.wait(LONGEST_S) == 0


def test_without_a_word_it_does_nothing(started: Any) -> None:
    worker, line = started

    line.close()

    assert worker.wait(LONGEST_S) == 0
