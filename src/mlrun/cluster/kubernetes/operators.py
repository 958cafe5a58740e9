"""How the resources of operators are, from what their operators write into them."""

from __future__ import annotations

from typing import Any

from mlrun.cluster.base import Resource
from mlrun.model.pod import PodPhase, PodState

# https://github.com/kubeflow/spark-operator: the states of an application
_SPARK_PHASES = {
    "": PodPhase.PENDING,
    "NEW": PodPhase.PENDING,
    "COMPLETED": PodPhase.SUCCEEDED,
    "FAILED": PodPhase.FAILED,
    "UNKNOWN": PodPhase.UNKNOWN,
}

# https://kubernetes.dask.org/en/latest/operator_resources.html: the phases of a cluster
_DASK_PHASES = {"Running": PodPhase.RUNNING, "Error": PodPhase.FAILED}


def mpijob_state(job: Resource) -> PodState:
    """Of an MPIJob, v1 or v2beta1: what its conditions say of its end, else how its launcher is."""
    status = job.get("status") or {}
    conditions = {one["type"]: one for one in status.get("conditions") or [] if one.get("status") == "True"}
    launcher = (status.get("replicaStatuses") or {}).get("Launcher") or {}
    phase = _mpijob_phase(conditions, launcher)
    about = conditions.get({PodPhase.FAILED: "Failed", PodPhase.PENDING: "Suspended"}.get(phase, ""), {})
    return _state(
        job,
        phase=phase.value,
        reason=about.get("reason", ""),
        message=about.get("message", ""),
        is_scheduled=phase is not PodPhase.PENDING,
        started=status.get("startTime") or "",
        ended=status.get("completionTime") or "",
    )


def _mpijob_phase(conditions: dict[str, Any], launcher: dict[str, int]) -> PodPhase:
    if "Succeeded" in conditions:
        return PodPhase.SUCCEEDED
    if "Failed" in conditions:
        return PodPhase.FAILED
    if launcher.get("active") or "Restarting" in conditions:
        return PodPhase.RUNNING
    if launcher.get("succeeded"):
        return PodPhase.SUCCEEDED
    return PodPhase.FAILED if launcher.get("failed") else PodPhase.PENDING


def trainjob_state(job: Resource) -> PodState:
    """Of a ``trainer.kubeflow.org/v1alpha1`` TrainJob; where it has a launcher, that does the work."""
    status = job.get("status") or {}
    conditions = {one["type"]: one for one in status.get("conditions") or [] if one.get("status") == "True"}
    jobs = {one.get("name"): one for one in status.get("jobsStatus") or []}
    phase, about = PodPhase.PENDING, conditions.get("Suspended", {})
    if "Complete" in conditions:
        phase, about = PodPhase.SUCCEEDED, {}
    elif "Failed" in conditions:
        phase, about = PodPhase.FAILED, conditions["Failed"]
    elif (jobs.get("launcher") or jobs.get("node") or {}).get("ready"):
        phase, about = PodPhase.RUNNING, {}
    ended = conditions.get("Complete") or conditions.get("Failed") or {}
    return _state(
        job,
        phase=phase.value,
        reason=about.get("reason", ""),
        message=about.get("message", ""),
        is_scheduled=phase is not PodPhase.PENDING,
        ended=ended.get("lastTransitionTime") or "",
    )


def spark_state(application: Resource) -> PodState:
    """Of a ``sparkoperator.k8s.io/v1beta2`` SparkApplication; one that will be tried again is running."""
    status = application.get("status") or {}
    said = status.get("applicationState") or {}
    word = said.get("state") or ""
    phase = _SPARK_PHASES.get(word, PodPhase.RUNNING)
    return _state(
        application,
        phase=phase.value,
        reason="" if phase in (PodPhase.PENDING, PodPhase.SUCCEEDED) else word,
        message=said.get("errorMessage") or "",
        is_scheduled=phase is not PodPhase.PENDING,
        started=status.get("lastSubmissionAttemptTime") or "",
        ended=status.get("terminationTime") or "",
    )


def dask_state(cluster: Resource) -> PodState:
    """
    Of a ``kubernetes.dask.org/v1`` DaskCluster: running once its scheduler has an address, until it is to go.

    Two handlers of its operator write "Pending" (its parts are made) and "Running" (the service has an
    address); where the second is first, "Pending" stays for ever. So it is scheduled with either word.
    """
    phase = (cluster.get("status") or {}).get("phase") or ""
    if cluster["metadata"].get("deletionTimestamp"):  # its operator may take a minute
        return _state(cluster, phase=PodPhase.PENDING.value, reason="Terminating")
    return _state(
        cluster,
        phase=_DASK_PHASES.get(phase, PodPhase.PENDING).value,
        reason=phase if phase == "Error" else "",
        is_scheduled=phase in ("Pending", "Running"),
    )


def dask_autoscaler_state(autoscaler: Resource) -> PodState:
    """It is there; its operator says nothing of it."""
    return _state(autoscaler, phase=PodPhase.RUNNING.value)


def _state(resource: Resource, **told: Any) -> PodState:
    metadata = resource["metadata"]
    return PodState(
        name=metadata["name"],
        kind=resource["kind"],
        labels=metadata.get("labels") or {},
        created=metadata.get("creationTimestamp", ""),
        **told,
    )
