"""An mpijob as the resource of an operator: MPIJob of the MPI operator, or TrainJob of Kubeflow Trainer."""

from __future__ import annotations

import copy
from typing import Any

from mlrun.cluster.base import Resource
from mlrun.errors import MLRunInvalidArgumentError, nearest

V1, V2BETA1, TRAINER = "v1", "v2beta1", "trainer"
VERSIONS = (V1, V2BETA1, TRAINER)
_IPC_LOCK = {"capabilities": {"add": ["IPC_LOCK"]}}  # memory that the network card may read


def resource_of(pod: Resource, version: str, workers: int, slots: int, clean: str = "All") -> Resource:
    """
    The resource that runs *pod* as its launcher, beside *workers* that each take *slots* ranks.

    Args:
        pod: The ``v1`` Pod of the run, whose container starts the ranks.
        version: ``v1`` or ``v2beta1`` of the MPI operator's MPIJob, or ``trainer``.
        clean: Which pods are deleted when it has ended: ``All``, ``Running`` or ``None``.

    Raises:
        MLRunInvalidArgumentError: *version* is none.
    """
    if version == TRAINER:
        return _train_job(pod, workers, slots)
    if version not in VERSIONS:
        raise MLRunInvalidArgumentError(
            f"mpijob_crd_version {version!r} is none: {', '.join(VERSIONS)}.{nearest(version, VERSIONS)}"
        )
    spec: dict[str, Any] = {"slotsPerWorker": slots}
    if version == V1:
        spec["cleanPodPolicy"] = clean
    else:
        spec["runPolicy"] = {"cleanPodPolicy": clean}
    spec["mpiReplicaSpecs"] = {
        "Launcher": {"replicas": 1, "restartPolicy": "Never", "template": _launcher(pod)},
        "Worker": {"replicas": workers, "restartPolicy": "Never", "template": _worker(pod)},
    }
    return {
        "apiVersion": f"kubeflow.org/{version}",
        "kind": "MPIJob",
        "metadata": copy.deepcopy(pod["metadata"]),
        "spec": spec,
    }


def _launcher(pod: Resource) -> Resource:
    """It only starts the others: what they need is theirs."""
    template = _template(pod)
    template["spec"]["containers"][0].pop("resources", None)
    return template


def _worker(pod: Resource) -> Resource:
    """The operator says what a worker runs until the launcher comes."""
    template = _template(pod)
    template["spec"]["containers"][0].pop("command", None)
    return template


def _template(pod: Resource) -> Resource:
    template = {
        "metadata": {"labels": dict(pod["metadata"]["labels"])},
        "spec": copy.deepcopy(pod["spec"]),
    }
    template["spec"].pop("restartPolicy", None)  # of the replicas
    container = template["spec"]["containers"][0]
    container["securityContext"] = {**_IPC_LOCK, **container.get("securityContext", {})}
    return template


def _train_job(pod: Resource, workers: int, slots: int) -> Resource:
    container = pod["spec"]["containers"][0]
    names = {"image": "image", "command": "command", "env": "env", "resourcesPerNode": "resources"}
    trainer = {
        ours: copy.deepcopy(container[theirs]) for ours, theirs in names.items() if container.get(theirs)
    }
    return {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "TrainJob",
        "metadata": copy.deepcopy(pod["metadata"]),
        "spec": {
            "runtimeRef": {"name": "mpi-distributed"},
            "trainer": {**trainer, "numNodes": workers, "numProcPerNode": slots},
        },
    }
