"""A Kubernetes that can run this very package, and a server of the records that its pods reach."""

from __future__ import annotations

import os
import re
import site
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun.testing.kubernetes import host_for_pods
from mlrun.testing.servers import held_port

SCRIPT = '#!/bin/sh\nexec python3 -m mlrun "$@"\n'
SOURCE = Path(mlrun.__file__).parent.parent


def serve(kubernetes: Any, port: int, *words: str, **env: str) -> tuple[subprocess.Popen[bytes], str]:
    """A server of records, and its address, where pods reach it; port 0 is one that it finds itself."""
    host = host_for_pods(kubernetes.kubeconfig)
    command = [sys.executable, "-m", "mlrun", "db", "--host", host, "--port", str(port), "--insecure", *words]
    process = subprocess.Popen(command, env=os.environ | env, stderr=subprocess.PIPE)
    said = b""
    while not (found := re.search(rb"serving .* at (http://\S+)", said)):
        line = process.stderr.readline()  # type: ignore[union-attr]
        assert line, said.decode()
        said += line
    return process, found[1].decode()


@pytest.fixture
def on_kubernetes(kubernetes: Any, db: Any) -> Iterator[None]:
    """Functions run on Kubernetes, and record in *db*, which a server gives to their pods."""
    server, address = serve(kubernetes, 0, "--dbpath", db.url)
    with server:
        for name, value in kubernetes.settings.items():
            os.environ[name] = value
        os.environ["MLRUN_CLUSTER__DBPATH"] = address
        mlrun.mlconf.reload()
        yield
        server.terminate()


@pytest.fixture
def server_on_kubernetes(kubernetes: Any, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts (again) a server that starts pods there, at an address that they reach."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        process, address = serve(kubernetes, port, "-d", str(tmp_path / "server"), **kubernetes.settings)
        started.append(process)
        os.environ["MLRUN_DBPATH"] = address
        mlrun.mlconf.reload()
        return process

    with held_port(host_for_pods(kubernetes.kubeconfig)) as port:
        yield start
        for process in started:
            process.kill()
            process.communicate()


@pytest.fixture
def with_package(tmp_path: Path) -> Any:
    """A modifier: the image of a function has this package, as if it had been installed there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "mlrun").write_text(SCRIPT)
    (folder / "mlrun").chmod(0o755)
    tmp_path.chmod(0o755)
    folders = {"source": SOURCE, "site": Path(site.getsitepackages()[0]), "bin": folder}

    def modify(function: Any) -> Any:
        for name, path in folders.items():
            function.apply(mlrun.platforms.mount_hostpath(str(path), f"/opt/{name}", name))
        function.set_env("PYTHONPATH", "/opt/source:/opt/site").set_env(
            "PATH", "/opt/bin:/usr/local/bin:/usr/bin:/bin"
        )
        return function

    return modify
