"""Secrets of projects go to a cluster that keeps such."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from tests.api.conftest import client_of

from mlrun.service.acting import Service
from mlrun.service.launcher import ServerLauncher
from mlrun.testing.memory_cluster import MemoryCluster

URL = "/api/v1/projects/iris/secrets"


class Keeping(MemoryCluster):
    """With secrets of its own, as Kubernetes has them."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, dict[str, str]] = {}

    def put_secret(self, name: str, values: Mapping[str, str], labels: Mapping[str, str]) -> None:
        assert labels == {"mlrun/project": "iris"}
        self.kept.setdefault(name, {}).update(values)

    def delete_secret_keys(self, name: str, keys: Iterable[str] | None = None) -> None:
        if keys is None:
            self.kept.pop(name, None)
        for key in keys or ():
            self.kept[name].pop(key, None)


@pytest.fixture
def cluster() -> Keeping:
    return Keeping()


def test_they_are_in_the_cluster_as_long_as_in_the_database(
    db: Any, launcher: ServerLauncher, cluster: Keeping
) -> None:
    client = client_of(db, service=Service(db, launcher))

    client.post(URL, json={"secrets": {"A": "1", "B": "2"}})
    assert cluster.kept == {"mlrun-project-secrets-iris": {"A": "1", "B": "2"}}
    client.delete(f"{URL}?secret=A")
    assert cluster.kept == {"mlrun-project-secrets-iris": {"B": "2"}}
    client.delete(URL)

    assert cluster.kept == {} and db.read_project_secrets("iris") == {}


def test_a_cluster_that_keeps_none_is_left_alone(db: Any) -> None:
    launcher = ServerLauncher(db, MemoryCluster(), "http://127.0.0.1:1")
    client = client_of(db, service=Service(db, launcher))

    assert client.post(URL, json={"secrets": {"A": "1"}}).status_code == 201
    assert client.delete(URL).status_code == 204
