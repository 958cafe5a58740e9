"""Who makes the images that functions run in: one port, and its adapters by word."""

from __future__ import annotations

from typing import Any

from mlrun.builders.base import Builder as Builder
from mlrun.config import mlconf
from mlrun.registry import Registry, Target

builders: Registry[Any] = Registry(
    "builder",
    "mlrun.builders",
    {
        "process": "mlrun.builders.environment:EnvironmentBuilder",
        "podman": "mlrun.builders.podman:PodmanBuilder",
        "kubernetes": Target("mlrun.builders.kubernetes:KubernetesBuilder", "kubernetes"),
    },
)


def get_builder(kind: str = "") -> Builder:
    """
    The builder *kind*; by default the setting ``builder.kind``, else the one of the cluster in use.

    Raises:
        MLRunInvalidArgumentError: There is no such kind.
        MLRunMissingDependencyError: It needs a package that is not installed.
    """
    builder: Builder = builders.get(kind or str(mlconf.builder.kind or mlconf.cluster.kind))()
    return builder
