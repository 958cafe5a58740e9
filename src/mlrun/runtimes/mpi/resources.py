"""An mpijob as the resource of an operator: MPIJob of the MPI operator, or TrainJob of Kubeflow Trainer."""

from __future__ import annotations

import copy
from typing import Any

from mlrun.cluster.base import Resource
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, nearest

V1, V2BETA1, TRAINER = "v1", "v2beta1", "trainer"
VERSIONS = (V1, V2BETA1, TRAINER)
ROLE = "mlrun/role"  # a label of ours, as operators' own differ by version; logs are found by it
_IPC_LOCK = {"capabilities": {"add": ["IPC_LOCK"]}}  # memory that the network card may read

_TRAINER_CONTAINER = "node"  # in launchers and workers of Trainer's runtimes
_PATCHED = (  # of a pod, what Trainer lets a job say
    "affinity",
    "imagePullSecrets",
    "nodeSelector",
    "securityContext",
    "serviceAccountName",
    "terminationGracePeriodSeconds",
    "tolerations",
    "volumes",
)


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
    policy = {"backoffLimit": 0}  # whether a run is tried again is not for the operator to say
    if version == V1:
        spec |= {"cleanPodPolicy": clean, "runPolicy": policy}
    else:
        spec["runPolicy"] = {"cleanPodPolicy": clean, **policy}
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
    template = _template(pod, "launcher")
    template["spec"]["containers"][0].pop("resources", None)
    return template


def _worker(pod: Resource) -> Resource:
    """The operator says what a worker runs until the launcher comes."""
    template = _template(pod, "worker")
    template["spec"]["containers"][0].pop("command", None)
    return template


def _template(pod: Resource, role: str) -> Resource:
    template = {
        "metadata": {"labels": {**pod["metadata"]["labels"], ROLE: role}},
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
    patched = [_patch(pod, job, role) for job, role in (("launcher", "launcher"), ("node", "worker"))]
    return {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "TrainJob",
        "metadata": copy.deepcopy(pod["metadata"]),
        "spec": {
            "runtimeRef": {"name": str(mlconf.mpi.training_runtime)},
            "trainer": {**trainer, "numNodes": workers, "numProcPerNode": slots},
            "runtimePatches": [
                {
                    "manager": "mlrun.org/mpijob",
                    "trainingRuntimeSpec": {"template": {"spec": {"replicatedJobs": patched}}},
                }
            ],
        },
    }


def _patch(pod: Resource, job: str, role: str) -> Resource:
    """What the pods of *job*, one of the runtime, have beside what the runtime says."""
    spec, container = pod["spec"], pod["spec"]["containers"][0]
    own = {name: copy.deepcopy(container[name]) for name in ("volumeMounts",) if container.get(name)}
    if role == "worker":  # the launcher's are those of the trainer
        own |= {"env": copy.deepcopy(container["env"])} if container.get("env") else {}
    patch = {name: copy.deepcopy(spec[name]) for name in _PATCHED if spec.get(name)}
    if own:
        patch["containers"] = [{"name": _TRAINER_CONTAINER, **own}]
    labels = {**pod["metadata"]["labels"], ROLE: role}
    template: Resource = {"metadata": {"labels": labels}, **({"spec": patch} if patch else {})}
    return {"name": job, "template": {"spec": {"template": template}}}
