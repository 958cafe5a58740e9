"""A server that stops does not wait for streams that have no end."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx2
import pytest

LONGEST_S = 120


@pytest.fixture
def server() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "mlrun", "db", "-p", "0", "-d", "served"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_a_watched_run_does_not_hold_a_server_that_stops(server: subprocess.Popen[str]) -> None:
    assert server.stderr
    found = re.search(r"http://\S+", server.stderr.readline())
    assert found
    url = f"{found[0]}/api/v1/projects/p1/runs/u1"
    with httpx2.Client(timeout=LONGEST_S) as client:
        client.post(url, json={"status": {"state": "running"}})

        with client.stream("GET", f"{url}/watch") as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: state"
            server.send_signal(signal.SIGTERM)
            rest = list(lines)

    assert server.communicate(timeout=LONGEST_S)[1] == ""  # as there was nothing to cancel
    assert server.returncode == 0
    assert "event: end" not in rest
