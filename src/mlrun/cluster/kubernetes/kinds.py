"""The kinds of resources that can be run, and where an API server has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mlrun.cluster.base import Resource
from mlrun.cluster.kubernetes.operators import (
    dask_autoscaler_state,
    dask_state,
    mpijob_state,
    spark_state,
    trainjob_state,
)
from mlrun.cluster.kubernetes.states import pod_state
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.model.pod import PodState


class Kind(NamedTuple):
    """What is known of one kind; another operator is one more row of :data:`TABLE`."""

    name: str
    api: str  # apiVersion
    plural: str
    state: Callable[[Resource], PodState]
    pod_labels: Mapping[str, str] = {}  # of the pod that has its log; "{name}" is that of the resource
    is_run: bool = True  # else it outlives the runs that use it

    def path(self, namespace: str, name: str = "") -> str:
        root = f"/apis/{self.api}" if "/" in self.api else f"/api/{self.api}"
        return f"{root}/namespaces/{namespace}/{self.plural}{f'/{name}' if name else ''}"

    def selector(self, name: str) -> str:
        return selector_of({key: value.format(name=name) for key, value in self.pod_labels.items()})


POD = Kind("Pod", "v1", "pods", pod_state)
_LAUNCHER = {"mlrun/job": "{name}", "mlrun/role": "launcher"}  # by us: operators' own differ by version
TABLE = (
    POD,
    Kind("MPIJob", "kubeflow.org/v1", "mpijobs", mpijob_state, _LAUNCHER),
    Kind("MPIJob", "kubeflow.org/v2beta1", "mpijobs", mpijob_state, _LAUNCHER),
    Kind("TrainJob", "trainer.kubeflow.org/v1alpha1", "trainjobs", trainjob_state, _LAUNCHER),
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
        is_run=False,
    ),
    Kind("DaskAutoscaler", "kubernetes.dask.org/v1", "daskautoscalers", dask_autoscaler_state, is_run=False),
)
KINDS = tuple(dict.fromkeys(kind.name for kind in TABLE))


def operated() -> tuple[Kind, ...]:
    """Those that an operator runs in place of a pod, each in one version: a cluster has one of an MPIJob."""
    return tuple(kind for kind in logged() if kind.is_run)


def logged() -> tuple[Kind, ...]:
    """Those of operators that have the log of a pod."""
    return tuple(kind for kind in map(kind_named, KINDS) if kind.pod_labels)


def kind_named(name: str) -> Kind:
    """
    The row of that name; of an MPIJob that of the setting's version.

    Raises:
        MLRunInvalidArgumentError: There is no such row; the message lists those there are.
    """
    rows = _rows(name)
    version = f"/{mlconf.mpijob_crd_version}"
    return next((row for row in rows if row.api.endswith(version)), rows[0])


def kind_of(resource: Resource) -> Kind:
    """
    Raises:
        MLRunInvalidArgumentError: A kind or an ``apiVersion`` that is none of the table's.
    """
    rows, api = _rows(str(resource.get("kind", ""))), resource.get("apiVersion")
    for row in rows:
        if row.api == api:
            return row
    known = " or ".join(row.api for row in rows)
    raise MLRunInvalidArgumentError(f"apiVersion: that of kind {rows[0].name} is {known}, not {api!r}")


def _rows(name: str) -> list[Kind]:
    if rows := [kind for kind in TABLE if kind.name == name]:
        return rows
    known = ", ".join(KINDS)
    raise MLRunInvalidArgumentError(
        f"kind: cluster 'kubernetes' runs no {name!r}: {known}.{nearest(name, KINDS)}"
    )


def selector_of(labels: Mapping[str, Any] | None) -> str:
    """As a query has it: ``mlrun/uid=3f2a,mlrun/project=iris``."""
    return ",".join(f"{key}={value}" for key, value in (labels or {}).items())
