"""A server that misbehaves as a test tells it to, and a cluster on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlrun.testing.kubernetes_api import ScriptedApiServer


@pytest.fixture
def server() -> Iterator[ScriptedApiServer]:
    with ScriptedApiServer() as server:
        yield server


@pytest.fixture
def scripted(server: ScriptedApiServer, tmp_path: Path) -> Iterator[Any]:
    """A cluster on ``server``."""
    from mlrun.cluster.kubernetes import KubernetesCluster

    cluster = KubernetesCluster(kubeconfig=server.kubeconfig(tmp_path, token="secret"))
    yield cluster
    cluster.close()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long this thread has waited before each new try; nothing waits for long."""
    from mlrun.cluster.kubernetes import connection

    waited: list[float] = []
    sleep = connection.time.sleep

    def hardly_sleep(wait_s: float) -> None:
        if threading.current_thread() is threading.main_thread():
            waited.append(wait_s)
        else:  # of a watch, which may be of an earlier test
            sleep(0.001)

    monkeypatch.setattr(connection.time, "sleep", hardly_sleep)
    return waited
