"""What is too much is answered, and not read; over a socket, for a test client has no streams."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

import pytest

from mlrun.api.limits import MOST_BYTES, MOST_DEPTH, MOST_HEAD, MOST_KEY, MOST_URL
from mlrun.api.openapi import document

PATH = "/api/v1/projects/p1/logs/u1"
HUGE = 200 << 20
PIECE = b"x" * (1 << 20)
LONGEST_S = 60


class Server:
    """``mlrun db`` as a process; *port* is where it is."""

    def __init__(self, folder: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "mlrun", "db", "-p", "0", "-d", folder],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr
        self.port = urlsplit(self.process.stderr.readline().split()[-3]).port

    def most_memory(self) -> int:
        """Bytes of memory that it ever had."""
        with open(f"/proc/{self.process.pid}/status") as status:
            (line,) = [line for line in status if line.startswith("VmHWM")]
        return int(line.split()[1]) << 10

    def send(self, head: str, pieces: Iterable[bytes] = ()) -> bytes:
        """What it answers to *head* and all of *pieces*."""
        with socket.create_connection(("127.0.0.1", self.port or 0), LONGEST_S) as connection:
            connection.sendall(f"{head}\r\nhost: localhost\r\n\r\n".encode())
            for piece in pieces:
                connection.sendall(piece)
            with connection.makefile("rb") as answer:
                head_of_it = b"".join(iter(answer.readline, b"\r\n"))
                (length,) = [line.split()[1] for line in head_of_it.splitlines() if b"content-length" in line]
                return head_of_it + answer.read(int(length))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(str(tmp_path_factory.mktemp("limits")))
    yield started
    started.process.terminate()
    started.process.communicate(timeout=LONGEST_S)


def test_a_huge_body_that_says_so_is_refused_before_it_comes(server: Server) -> None:
    answer = server.send(f"POST {PATH} HTTP/1.1\r\ncontent-length: {HUGE}")

    assert answer.startswith(b"HTTP/1.1 413 ") and b"67108864 are taken at once" in answer


def test_a_huge_body_that_comes_all_the_same_is_not_kept(server: Server) -> None:
    """It is let go by, so that a client which sends first and listens then hears what was wrong."""
    before = server.most_memory()

    answer = server.send(
        f"POST {PATH} HTTP/1.1\r\ncontent-length: {HUGE}", (PIECE for _ in range(HUGE // len(PIECE)))
    )

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert server.most_memory() - before < 16 << 20


def test_a_huge_body_in_chunks_is_kept_up_to_the_limit(server: Server) -> None:
    before = server.most_memory()
    chunk = f"{len(PIECE):x}\r\n".encode() + PIECE + b"\r\n"

    answer = server.send(
        f"POST {PATH} HTTP/1.1\r\ntransfer-encoding: chunked", (chunk for _ in range(HUGE // len(PIECE)))
    )

    assert answer.startswith(b"HTTP/1.1 413 ") and b"more than 67108864 bytes" in answer
    assert server.most_memory() - before < 2 * MOST_BYTES


def test_a_head_is_only_so_long(server: Server) -> None:
    fits = server.send(f"GET /healthz HTTP/1.1\r\nx: {'x' * (MOST_HEAD - 1000)}")
    does_not = server.send(f"GET /healthz HTTP/1.1\r\nx: {'x' * (MOST_HEAD + 1000)}")

    assert fits.startswith(b"HTTP/1.1 200 ")
    assert does_not.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))  # 400 where it came in pieces


def test_an_address_is_only_so_long(server: Server) -> None:
    answer = server.send(f"GET /healthz?{'x' * MOST_URL} HTTP/1.1")

    assert answer.startswith(b"HTTP/1.1 414 ")


def test_the_limits_are_documented() -> None:
    found = document((), (), "0")
    about = found["info"]["description"]

    assert f"{MOST_BYTES >> 20} MB" in about and f"{MOST_HEAD >> 10} KB" in about
    assert f"{MOST_URL >> 10} KB" in about and f"{MOST_DEPTH} objects" in about
    assert found["components"]["parameters"]["IdempotencyKey"]["schema"]["maxLength"] == MOST_KEY
