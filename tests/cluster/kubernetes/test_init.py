"""Pods on a real Kubernetes, where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mlrun.cluster.base import Cluster, Resource
from mlrun.testing.cluster_pods import Pods
from mlrun.testing.clusters import ClusterContract
from mlrun.testing.kubernetes import IMAGE


@pytest.fixture
def cluster(kubernetes: Any) -> Iterator[Cluster]:
    cluster = kubernetes.cluster()
    yield cluster
    cluster.close()


class TestKubernetesCluster(ClusterContract):
    checks_secrets = False  # the pod waits for it, and says so

    @pytest.fixture
    def cluster(self, cluster: Cluster) -> Cluster:
        return cluster

    @pytest.fixture
    def again(self, kubernetes: Any) -> Callable[[], Cluster]:
        opened: Callable[[], Cluster] = kubernetes.cluster
        return opened

    @pytest.fixture
    def base_pod(self) -> Resource:
        containers = [{"name": "base", "image": IMAGE}]
        spec = {"restartPolicy": "Never", "automountServiceAccountToken": False, "containers": containers}
        return {"apiVersion": "v1", "kind": "Pod", "spec": spec}

    def test_any_bytes_may_be_printed(self, cluster: Cluster, pods: Pods) -> None:
        """But for a carriage return before a new line, which containerd leaves out."""
        name = pods.start(r"printf '\377\376\001gr\303\274n\r\nno\rend'")
        pods.ended(name)

        assert b"".join(cluster.logs(name)) == b"\xff\xfe\x01gr\xc3\xbcn\nno\rend"
