"""The MPI operator as far as a test needs it: its published fields, and pods that really run."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mlrun.errors import MLRunConflictError, MLRunNotFoundError
from mlrun.testing.kubernetes import KubernetesNamespace, one_at_a_time

NAME, GROUP, PLURAL = "mpijobs.kubeflow.org", "kubeflow.org", "mpijobs"
_LOOK_EVERY_S = 0.1
_MERGE = "application/merge-patch+json"
_ANYTHING: Mapping[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_NUMBER, _WORD = {"type": "integer", "format": "int32"}, {"type": "string"}
_CLEAN = {"type": "string", "enum": ["", "All", "Running", "None"]}
_REPLICA = {
    "type": "object",
    "properties": {
        "replicas": _NUMBER,
        "restartPolicy": {"type": "string", "enum": ["Always", "OnFailure", "Never", "ExitCode"]},
        "template": _ANYTHING,
    },
}
_POLICY = {
    "type": "object",
    "properties": {
        "activeDeadlineSeconds": {"type": "integer", "format": "int64"},
        "backoffLimit": _NUMBER,
        "cleanPodPolicy": _CLEAN,
        "managedBy": _WORD,
        "schedulingPolicy": _ANYTHING,
        "suspend": {"type": "boolean"},
        "ttlSecondsAfterFinished": _NUMBER,
    },
}
_SHARED = {
    "slotsPerWorker": _NUMBER,
    "runPolicy": _POLICY,
    "mpiReplicaSpecs": {"type": "object", "properties": {"Launcher": _REPLICA, "Worker": _REPLICA}},
}
# Source: the models of kubeflow-training 1.9 (v1), and the types of the MPI operator (v2beta1).
SPECS: Mapping[str, Mapping[str, Any]] = {
    "v1": {**_SHARED, "cleanPodPolicy": _CLEAN, "mainContainer": _WORD},
    "v2beta1": {
        **_SHARED,
        "launcherCreationPolicy": _WORD,
        "mpiImplementation": {"type": "string", "enum": ["OpenMPI", "Intel", "MPICH"]},
        "runLauncherAsWorker": {"type": "boolean"},
        "sshAuthMountPath": _WORD,
    },
}
# As the operator's v1 has it; what starts a daemon in another pod needs to be allowed that.
KUBEXEC = '#!/bin/sh\nPOD_NAME=$1\nshift\nexec kubectl exec ${POD_NAME} -- /bin/sh -c "$*"\n'
FOLDER = "/etc/mpi"


@contextmanager
def served(kubernetes: KubernetesNamespace) -> Iterator[None]:
    """MPIJobs are known to the cluster while the block runs, to one block of this machine at a time."""
    with one_at_a_time("mpijobs"):
        if not kubernetes.define(_definition()):  # there is an operator
            yield
            return
        try:
            for version in SPECS:
                path = f"/apis/{GROUP}/{version}/namespaces/{kubernetes.name}/{PLURAL}"
                kubernetes.wait(lambda path=path: kubernetes.serves(path), f"{path} is served")  # type: ignore[misc]
            yield
        finally:
            kubernetes.undefine(_definition())


def _definition() -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": NAME, "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"}},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"kind": "MPIJob", "plural": PLURAL},
            "versions": [_version(name, fields) for name, fields in SPECS.items()],
        },
    }


def _version(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    spec = {"type": "object", "properties": dict(fields), "required": ["mpiReplicaSpecs"]}
    properties = {"spec": spec, "status": _ANYTHING}
    return {
        "name": name,
        "served": True,
        "storage": name == "v1",
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
    }


class StandIn:
    """
    Does with the MPIJobs of one namespace what the operator's v1 does, until the block ends.

    The operator itself has an image, which no registry of a test has.
    """

    def __init__(self, kubernetes: KubernetesNamespace) -> None:
        self._kubernetes = kubernetes
        self._jobs = f"/apis/{GROUP}/v1/namespaces/{kubernetes.name}/{PLURAL}"
        self._core = f"/api/v1/namespaces/{kubernetes.name}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mpi-operator")

    def __enter__(self) -> StandIn:
        self._allow_exec()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            for job in self._kubernetes.ask("GET", self._jobs)["items"]:
                with contextlib.suppress(MLRunNotFoundError):  # it was deleted meanwhile
                    self._see(job)

    def _see(self, job: dict[str, Any]) -> None:
        """One step: workers, then a launcher when they run, then how that is, then their end."""
        name, spec = job["metadata"]["name"], job["spec"]
        workers = [f"{name}-worker-{at}" for at in range(spec["mpiReplicaSpecs"]["Worker"]["replicas"])]
        launcher = self._pod(f"{name}-launcher")
        if launcher is None:
            pods = [self._pod(worker) for worker in workers]
            for worker, pod in zip(workers, pods):
                if pod is None:
                    self._create_worker(job, worker)
            if all(pod and pod["status"]["phase"] == "Running" for pod in pods):
                self._create_launcher(job, workers)
            return
        phase = launcher["status"]["phase"]
        word = {"Succeeded": "succeeded", "Failed": "failed"}.get(phase, "active")
        status = {"replicaStatuses": {"Launcher": {word: 1}}}
        if job.get("status") != status:
            if word != "active":
                status["replicaStatuses"]["Launcher"] |= {"active": 0}
            self._kubernetes.ask("PATCH", f"{self._jobs}/{name}/status", {"status": status}, _MERGE)
        if word != "active" and spec.get("cleanPodPolicy") == "All":
            for worker in workers:
                with contextlib.suppress(MLRunNotFoundError):
                    self._kubernetes.ask("DELETE", f"{self._core}/pods/{worker}")

    def _create_worker(self, job: dict[str, Any], name: str) -> None:
        pod = self._made(job, "Worker", name)
        pod["spec"]["containers"][0]["command"] = ["sleep", "3600"]
        self._kubernetes.ask("POST", f"{self._core}/pods", pod)

    def _create_launcher(self, job: dict[str, Any], workers: list[str]) -> None:
        name, slots = job["metadata"]["name"], job["spec"]["slotsPerWorker"]
        hostfile = "".join(f"{worker} slots={slots}\n" for worker in workers)
        config = {
            "metadata": {"name": f"{name}-config", "ownerReferences": _owned_by(job)},
            "data": {"hostfile": hostfile, "kubexec.sh": KUBEXEC},
        }
        with contextlib.suppress(MLRunConflictError):
            self._kubernetes.ask("POST", f"{self._core}/configmaps", config)
        pod = self._made(job, "Launcher", f"{name}-launcher")
        container = pod["spec"]["containers"][0]
        volume = {"name": "mpi-job-config", "configMap": {"name": f"{name}-config", "defaultMode": 0o555}}
        pod["spec"].setdefault("volumes", []).append(volume)
        container.setdefault("volumeMounts", []).append({"name": "mpi-job-config", "mountPath": FOLDER})
        container["env"] += [
            {"name": "OMPI_MCA_plm_rsh_agent", "value": f"{FOLDER}/kubexec.sh"},
            {"name": "OMPI_MCA_orte_default_hostfile", "value": f"{FOLDER}/hostfile"},
        ]
        self._kubernetes.ask("POST", f"{self._core}/pods", pod)

    def _made(self, job: dict[str, Any], role: str, name: str) -> dict[str, Any]:
        template = job["spec"]["mpiReplicaSpecs"][role]["template"]
        labels = {**template["metadata"]["labels"], "mpi-job-name": job["metadata"]["name"]}
        metadata = {"name": name, "labels": labels, "ownerReferences": _owned_by(job)}
        spec = {**template["spec"], "restartPolicy": "Never", "terminationGracePeriodSeconds": 1}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    def _pod(self, name: str) -> dict[str, Any] | None:
        try:
            return self._kubernetes.ask("GET", f"{self._core}/pods/{name}")
        except MLRunNotFoundError:
            return None

    def _allow_exec(self) -> None:
        """To the account of the launcher's pod, as the operator does for each job."""
        path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{self._kubernetes.name}"
        rules = [
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
            {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]},
        ]
        role = {"kind": "Role", "apiGroup": "rbac.authorization.k8s.io", "name": "launcher"}
        account = {"kind": "ServiceAccount", "name": "default", "namespace": self._kubernetes.name}
        for kind, body in (
            ("roles", {"rules": rules}),
            ("rolebindings", {"roleRef": role, "subjects": [account]}),
        ):
            with contextlib.suppress(MLRunConflictError):
                self._kubernetes.ask("POST", f"{path}/{kind}", {"metadata": {"name": "launcher"}, **body})


def _owned_by(job: dict[str, Any]) -> list[dict[str, Any]]:
    owner = {"apiVersion": job["apiVersion"], "kind": job["kind"], "controller": True}
    return [owner | {name: job["metadata"][name] for name in ("name", "uid")}]
