"""Pods are containers of this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlrun.cluster.base import Cluster, Resource
from mlrun.cluster.podman import PodmanCluster
from mlrun.cluster.podman.engine import Engine
from mlrun.testing.clusters import ClusterContract


class TestPodmanCluster(ClusterContract):
    @pytest.fixture
    def cluster(self, engine: Engine, home: Path) -> Cluster:
        return PodmanCluster(engine)

    @pytest.fixture
    def again(self, engine: Engine) -> Callable[[], Cluster]:
        return lambda: PodmanCluster(Engine(engine.words))

    @pytest.fixture
    def base_pod(self, machine_pod: Resource) -> Resource:
        return machine_pod
