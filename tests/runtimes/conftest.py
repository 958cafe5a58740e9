"""A Kubernetes that can run this very package, and a server of the records that its pods reach."""

from __future__ import annotations

import os
import site
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

import mlrun

SCRIPT = '#!/bin/sh\nexec python3 -m mlrun "$@"\n'
SOURCE = Path(mlrun.__file__).parent.parent


@pytest.fixture
def on_kubernetes(kubernetes: Any, db: Any) -> Iterator[None]:
    """Functions run on Kubernetes, and record in *db*, which a server gives to their pods."""
    config = yaml.safe_load(Path(kubernetes.kubeconfig).read_text())
    address = urlsplit(config["clusters"][0]["cluster"]["server"]).hostname  # its pods reach us there, too
    assert address
    with socket.socket() as free:
        free.bind((address, 0))
        port = free.getsockname()[1]
    words = ["db", "--host", address, "--port", str(port), "--insecure", "--dbpath", db.url]
    with subprocess.Popen([sys.executable, "-m", "mlrun", *words], stderr=subprocess.PIPE) as server:
        assert server.stderr and b"serving" in server.stderr.readline()
        for name, value in kubernetes.settings.items():
            os.environ[name] = value
        os.environ["MLRUN_CLUSTER__DBPATH"] = f"http://{address}:{port}"
        mlrun.mlconf.reload()
        yield
        server.terminate()


@pytest.fixture
def server_on_kubernetes(kubernetes: Any, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts (again) a server that starts pods there, at an address that they reach."""
    config = yaml.safe_load(Path(kubernetes.kubeconfig).read_text())
    address = urlsplit(config["clusters"][0]["cluster"]["server"]).hostname
    assert address
    with socket.socket() as free:
        free.bind((address, 0))
        port = free.getsockname()[1]
    started: list[subprocess.Popen[bytes]] = []
    words = ["db", "--host", address, "--port", str(port), "--insecure", "-d", str(tmp_path / "server")]

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlrun", *words],
            env=os.environ | kubernetes.settings,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        assert process.stderr and b"serving" in process.stderr.readline()
        return process

    os.environ["MLRUN_DBPATH"] = f"http://{address}:{port}"
    mlrun.mlconf.reload()
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
