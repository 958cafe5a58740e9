"""Real servers of data stores for a session of tests, each on a free port of this machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

START_S = 120


@contextlib.contextmanager
def held_port(host: str = "127.0.0.1") -> Iterator[int]:
    """
    A port for a server that is started, and perhaps started again, while the block runs; else nobody answers.

    The system gives it to nobody by itself meanwhile, neither who listens nor who connects; a server that
    names it, and asks for ``SO_REUSEADDR`` as servers do, may listen there. So it is on Linux; elsewhere the
    port is only free when the block begins.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((host, 0))
        port = int(holder.getsockname()[1])
        if sys.platform != "linux":
            holder.close()
        yield port


@contextlib.contextmanager
def running(command: list[str], port: int, env: dict[str, str] | None = None) -> Iterator[int]:
    """
    The program *command* while the block runs; the block begins when *port* answers.

    Raises:
        RuntimeError: It ended, or did not answer in two minutes; the message is what it printed.
    """
    folder = tempfile.mkdtemp(prefix="mlrun-server-")
    with open(f"{folder}/output", "w+b") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, cwd=folder, env={**os.environ, **(env or {})}
        )
        try:
            _wait(process, port, Path(folder, "output"))
            yield port
        finally:
            process.terminate()
            process.wait()
            shutil.rmtree(folder)


def _wait(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    end = time.monotonic() + START_S
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(
                f"{process.args!r} does not answer: {output.read_text(errors='replace')[-2000:]}"
            )
        threading.Event().wait(0.02)


@contextlib.contextmanager
def aws_server() -> Iterator[str]:
    """The endpoint of moto, which takes any key: S3, STS and Secrets Manager."""
    own = Path(sys.prefix, "moto", "bin", "moto_server")  # of scripts/environment.sh
    program = str(own) if own.exists() else shutil.which("moto_server")
    if not program:
        raise RuntimeError("moto_server is not here: scripts/check installs it")
    login = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    with held_port() as port, running([program, "-H", "127.0.0.1", "-p", str(port)], port, login):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def azure_server() -> Iterator[str]:
    """The connection string of Azurite, which checks keys."""
    program = npm_program("azurite-blob")
    options = ["--blobHost", "127.0.0.1", "--inMemoryPersistence", "--skipApiVersionCheck", "--silent"]
    key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
    with held_port() as port, running([program, *options, "--blobPort", str(port)], port):
        yield (
            f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={key};"
            f"BlobEndpoint=http://127.0.0.1:{port}/devstoreaccount1"
        )


def npm_program(name: str) -> str:
    """
    A program of npm that ``scripts/environment.sh`` has put beside this Python, or that is in PATH.

    Raises:
        RuntimeError: There is none.
    """
    own = Path(sys.prefix, "npm", "node_modules", ".bin", name)
    if found := str(own) if own.exists() else shutil.which(name):
        return found
    raise RuntimeError(f"{name} is not here: scripts/check installs it (it needs npm)")


@contextlib.contextmanager
def google_server() -> Iterator[str]:
    """The endpoint of an emulator of Google's storage, which takes anybody."""
    code = "from gcp_storage_emulator.__main__ import main; import sys; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "start", "--host", "127.0.0.1", "--in-memory"]
    with held_port() as port, running([*command, "--port", str(port)], port):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def redis_server(password: str = "") -> Iterator[str]:
    """
    The address of a Redis server.

    Raises:
        RuntimeError: It is not installed.
    """
    program = shutil.which("redis-server")
    if not program:
        raise RuntimeError("redis-server is not on this machine: apt install redis-server")
    options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    options += ["--requirepass", password] if password else []
    with held_port() as port, running([program, "--port", str(port), *options], port):
        yield f"redis://127.0.0.1:{port}"


@contextlib.contextmanager
def sftp_server(folder: str, user: str, password: str) -> Iterator[str]:
    """The address ``host:port`` of an SFTP server in this process, whose root is *folder*."""
    from mlrun.testing.sftp import serve

    with socket.create_server(("127.0.0.1", 0)) as listening, serve(listening, folder, user, password):
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@contextlib.contextmanager
def webhdfs_server(folder: str, user: str) -> Iterator[str]:
    """``host:port`` of a server in this process that speaks WebHDFS, whose root is *folder*."""
    from mlrun.testing.webhdfs import serve

    with serve(folder, user) as address:
        yield address


def make_bucket(filesystem: Any, name: str) -> str:
    """A bucket or container of fsspec's *filesystem*, once; its name."""
    if not filesystem.exists(name):
        filesystem.mkdir(name)
    return name
