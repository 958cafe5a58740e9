"""Secrets of projects, also as the cluster keeps them: pods may refer to those by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

from mlrun.cluster.base import Cluster
from mlrun.runtimes.variables import PROJECT_SECRET


@runtime_checkable
class KeepsSecrets(Protocol):
    """A cluster with secrets of its own, as Kubernetes is one."""

    def put_secret(self, name: str, values: Mapping[str, str], labels: Mapping[str, str]) -> None: ...
    def delete_secret_keys(self, name: str, keys: Iterable[str] | None = None) -> None: ...


def put_in_cluster(cluster: Cluster, project: str, values: Mapping[str, str]) -> None:
    """
    Set secrets of *project* in its Secret ``mlrun-project-secrets-<project>``, where the cluster has such.

    Raises:
        MLRunServiceUnavailableError: It can not be reached.
    """
    if values and isinstance(cluster, KeepsSecrets):
        cluster.put_secret(f"{PROJECT_SECRET}{project}", values, {"mlrun/project": project})


def delete_in_cluster(cluster: Cluster, project: str, keys: Iterable[str] | None) -> None:
    """
    Take secrets of *project* away there; None is every one.

    Raises:
        MLRunServiceUnavailableError: It can not be reached.
    """
    if isinstance(cluster, KeepsSecrets):
        cluster.delete_secret_keys(f"{PROJECT_SECRET}{project}", keys)
