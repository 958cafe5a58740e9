"""Places where pods run: one port, and its adapters by word."""

from __future__ import annotations

import functools
from typing import Any

from mlrun.cluster.base import Cluster as Cluster
from mlrun.config import mlconf
from mlrun.registry import Registry, Target

clusters: Registry[Any] = Registry(
    "cluster",
    "mlrun.clusters",
    {
        "process": "mlrun.cluster.process:ProcessCluster",
        "podman": "mlrun.cluster.podman:PodmanCluster",
        "kubernetes": Target("mlrun.cluster.kubernetes:KubernetesCluster", "kubernetes"),
    },
)


def get_cluster(kind: str = "") -> Cluster:
    """
    The cluster *kind*, set up as the settings ``cluster.<kind>.*`` say; the same object each time.

    Args:
        kind: ``process``, ``podman``, ``kubernetes`` or that of another package; empty is the setting
            ``cluster.kind``.

    Raises:
        MLRunInvalidArgumentError: There is no such kind.
        MLRunMissingDependencyError: It needs a package that is not installed.
    """
    return _open(kind or str(mlconf.cluster.kind))


@functools.cache
def _open(kind: str) -> Cluster:
    cluster: Cluster = clusters.get(kind)()
    return cluster
