"""Pods are processes of this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlrun.cluster.base import Cluster, Resource
from mlrun.cluster.process import ProcessCluster
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
