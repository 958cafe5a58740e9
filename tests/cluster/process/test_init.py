"""Pods are processes of this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlrun.cluster.base import Cluster, Resource
from mlrun.cluster.process import ProcessCluster
from mlrun.errors import MLRunNotFoundError
from mlrun.testing.clusters import ClusterContract


class TestProcessCluster(ClusterContract):
    mounts_volumes = False
    pulls_images = False
    limits_memory = ProcessCluster().limits_memory

    @pytest.fixture
    def cluster(self, tmp_path: Path) -> Cluster:
        return ProcessCluster(str(tmp_path / "pods"))

    @pytest.fixture
    def again(self, tmp_path: Path) -> Callable[[], Cluster]:
        return lambda: ProcessCluster(str(tmp_path / "pods"))

    @pytest.fixture
    def base_pod(self) -> Resource:
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "spec": {"restartPolicy": "Never", "containers": [{"name": "base", "image": "mlrun/mlrun"}]},
        }


def test_pods_are_in_the_home(home: Path) -> None:
    assert ProcessCluster().folder == str(home / "pods")


def test_a_folder_may_be_named_from_here(tmp_path: Path) -> None:
    assert ProcessCluster("here").folder == str(tmp_path / "here")


@pytest.mark.parametrize("name", ["../pods", ".", "..", "a/b", ""])
def test_no_name_leaves_the_folder(cluster: ProcessCluster, name: str) -> None:
    with pytest.raises(MLRunNotFoundError, match="no pod"):
        cluster.read(name)
    cluster.delete(name)
