"""What every cluster promises, as tests to inherit."""

from __future__ import annotations

from mlrun.testing.cluster_deletion import DeletionContract
from mlrun.testing.cluster_life import LifeContract
from mlrun.testing.cluster_logs import LogsContract
from mlrun.testing.cluster_manifests import ManifestsContract
from mlrun.testing.cluster_secrets import SecretsContract
from mlrun.testing.cluster_watch import WatchContract


class ClusterContract(
    LifeContract,
    ManifestsContract,
    SecretsContract,
    LogsContract,
    WatchContract,
    DeletionContract,
):
    """
    Inherit, and give a ``cluster``, ``again`` and a ``base_pod``::

        class TestMyCluster(ClusterContract):
            @pytest.fixture
            def cluster(self): return MyCluster()

            @pytest.fixture
            def again(self): return MyCluster

            @pytest.fixture
            def base_pod(self):
                return {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "spec": {"restartPolicy": "Never", "containers": [{"name": "base", "image": "busybox"}]},
                }

    What a cluster can not do is said by the flags of :class:`~mlrun.testing.cluster_setup.ClusterSetup`.
    """
