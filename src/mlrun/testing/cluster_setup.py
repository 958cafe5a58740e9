"""What the tests of a cluster are given by whoever inherits them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mlrun.cluster.base import Cluster, Resource
from mlrun.testing.cluster_pods import Pods


class ClusterSetup:
    """Fixtures to give, and what the cluster is able to do."""

    patience_s = 300.0  # waiting longer for a pod fails a test
    limits_memory = True
    mounts_volumes = True  # at any path
    pulls_images = True  # and finds out that there is none; else a pod's image does not matter
    checks_secrets = (
        True  # finds a secret missing when a pod is created; else the pod waits, and says for what
    )

    @pytest.fixture
    def cluster(self) -> Cluster:
        raise NotImplementedError("a fixture 'cluster' gives the cluster to test")

    @pytest.fixture
    def again(self) -> Callable[[], Cluster]:
        """Opens the same cluster as another process would."""
        raise NotImplementedError("a fixture 'again' gives a function that opens the cluster anew")

    @pytest.fixture
    def base_pod(self) -> Resource:
        """A pod that the cluster can run, with a POSIX shell, but for its name and its command."""
        raise NotImplementedError("a fixture 'base_pod' gives a pod without a name and a command")

    @pytest.fixture
    def pods(self, cluster: Cluster, base_pod: Resource) -> Iterator[Pods]:
        pods = Pods(cluster, base_pod, self.patience_s)
        yield pods
        pods.clear()
