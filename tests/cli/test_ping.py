"""``mlrun db ping``: a container's health is its exit code."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from mlrun.cli import cli


def ping(*words: str) -> Result:
    return CliRunner().invoke(cli, ["db", "ping", *words])


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with other work answers later than a container's."""
    monkeypatch.setattr("mlrun.cli.ping.LONGEST_S", 60.0)


@pytest.fixture
def url() -> Iterator[str]:
    """A server that is ready at /good and not at /bad."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/good/healthz/ready" else 503)
            self.end_headers()
            self.wfile.write(b'{"version": "1", "status": "ok"}')

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_server_that_is_ready_is_0(url: str) -> None:
    result = ping(f"{url}/good/")

    assert (result.exit_code, result.stdout) == (0, f"{url}/good is ready: version 1\n")


def test_a_server_whose_database_is_away_is_1(url: str) -> None:
    result = ping(f"{url}/bad")

    assert result.exit_code == 1 and "is not ready: 503" in result.stderr


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "ftp://x", "http://"])
def test_nobody_is_1(url: str) -> None:
    result = ping(url)

    assert result.exit_code == 1 and result.stderr.count("\n") == 1
