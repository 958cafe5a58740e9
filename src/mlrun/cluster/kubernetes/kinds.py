"""The kinds of resources that can be run, and where an API server has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mlrun.cluster.base import Resource
from mlrun.cluster.kubernetes.operators import dask_autoscaler_state, dask_state, mpijob_state, spark_state
from mlrun.cluster.kubernetes.states import pod_state
from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.model.pod import PodState


class Kind(NamedTuple):
    """What is known of one kind; another operator is one more row of :data:`TABLE`."""

    name: str
    api: str  # apiVersion
    plural: str
    state: Callable[[Resource], PodState]
    pod_labels: Mapping[str, str] = {}  # of the pod that has its log; "{name}" is that of the resource

    def path(self, namespace: str, name: str = "") -> str:
        root = f"/apis/{self.api}" if "/" in self.api else f"/api/{self.api}"
        return f"{root}/namespaces/{namespace}/{self.plural}{f'/{name}' if name else ''}"

    def selector(self, name: str) -> str:
        return selector_of({key: value.format(name=name) for key, value in self.pod_labels.items()})


POD = Kind("Pod", "v1", "pods", pod_state)
TABLE = (
    POD,
    Kind(
        "MPIJob",
        "kubeflow.org/v1",
        "mpijobs",
        mpijob_state,
        {"mpi-job-name": "{name}", "mpi-job-role": "launcher"},
    ),
    Kind(
        "SparkApplication",
        "sparkoperator.k8s.io/v1beta2",
        "sparkapplications",
        spark_state,
        {"sparkoperator.k8s.io/app-name": "{name}", "spark-role": "driver"},
    ),
    Kind(
        "DaskCluster",
        "kubernetes.dask.org/v1",
        "daskclusters",
        dask_state,
        {"dask.org/cluster-name": "{name}", "dask.org/component": "scheduler"},
    ),
    Kind("DaskAutoscaler", "kubernetes.dask.org/v1", "daskautoscalers", dask_autoscaler_state),
)
KINDS = {kind.name: kind for kind in TABLE}
OPERATED = tuple(kind for kind in TABLE if kind.pod_labels)  # they have a log


def kind_named(name: str) -> Kind:
    """
    Raises:
        MLRunInvalidArgumentError: There is no such row; the message lists those there are.
    """
    if name not in KINDS:
        known = ", ".join(KINDS)
        raise MLRunInvalidArgumentError(
            f"kind: cluster 'kubernetes' runs no {name!r}: {known}.{nearest(name, KINDS)}"
        )
    return KINDS[name]


def kind_of(resource: Resource) -> Kind:
    """
    Raises:
        MLRunInvalidArgumentError: A kind or an ``apiVersion`` that is none of the table's.
    """
    kind = kind_named(str(resource.get("kind", "")))
    if resource.get("apiVersion") != kind.api:
        raise MLRunInvalidArgumentError(
            f"apiVersion: that of kind {kind.name} is {kind.api}, not {resource.get('apiVersion')!r}"
        )
    return kind


def selector_of(labels: Mapping[str, Any] | None) -> str:
    """As a query has it: ``mlrun/uid=3f2a,mlrun/project=iris``."""
    return ",".join(f"{key}={value}" for key, value in (labels or {}).items())
