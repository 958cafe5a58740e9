"""States of what operators run, from what they write."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.cluster.kubernetes.operators import (
    dask_autoscaler_state,
    dask_state,
    mpijob_state,
    spark_state,
    trainjob_state,
)


def resource(kind: str, status: Any) -> dict[str, Any]:
    metadata = {"name": "a", "labels": {"mlrun/uid": "3f2a"}, "creationTimestamp": "2026-11-26T14:30:20Z"}
    return {"kind": kind, "metadata": metadata} | ({"status": status} if status is not None else {})


def condition(name: str, **more: str) -> dict[str, str]:
    return {"type": name, "status": "True", **more}


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        (None, "pending"),
        ({"conditions": [condition("Created")]}, "pending"),
        ({"replicaStatuses": {"Launcher": {}, "Worker": {"active": 2}}}, "pending"),
        ({"replicaStatuses": {"Launcher": {"active": 1}}}, "running"),
        ({"replicaStatuses": {"Launcher": {"active": 1, "failed": 1}}}, "running"),
        (
            {"replicaStatuses": {"Launcher": {"failed": 1}}, "conditions": [condition("Restarting")]},
            "running",
        ),
        ({"replicaStatuses": {"Launcher": {"succeeded": 1}}}, "succeeded"),
        ({"replicaStatuses": {"Launcher": {"failed": 1}}}, "failed"),
        ({"replicaStatuses": {"Launcher": {}}, "conditions": [condition("Succeeded")]}, "succeeded"),
        ({"conditions": [condition("Failed", reason="MPIJobFailed", message="backoff limit")]}, "failed"),
        ({"conditions": [{"type": "Failed", "status": "False"}]}, "pending"),
    ],
)
def test_an_mpijob_is_as_its_launcher(status: Any, phase: str) -> None:
    assert mpijob_state(resource("MPIJob", status)).phase == phase


def test_an_mpijob_that_failed_says_why_and_when() -> None:
    failed = condition("Failed", reason="MPIJobFailed", message="MPIJob a is failed")
    times = {"startTime": "2026-11-26T14:31:00Z", "completionTime": "2026-11-26T14:32:00Z"}

    state = mpijob_state(resource("MPIJob", {"conditions": [failed], **times}))

    assert (state.name, state.kind, state.labels) == ("a", "MPIJob", {"mlrun/uid": "3f2a"})
    assert (state.reason, state.message) == ("MPIJobFailed", "MPIJob a is failed")
    assert (state.started, state.ended) == ("2026-11-26T14:31:00Z", "2026-11-26T14:32:00Z")


@pytest.mark.parametrize(
    ("word", "phase"),
    [
        ("", "pending"),
        ("NEW", "pending"),
        ("SUBMITTED", "running"),
        ("RUNNING", "running"),
        ("SUBMISSION_FAILED", "running"),
        ("PENDING_RERUN", "running"),
        ("INVALIDATING", "running"),
        ("SUCCEEDING", "running"),
        ("FAILING", "running"),
        ("COMPLETED", "succeeded"),
        ("FAILED", "failed"),
        ("UNKNOWN", "unknown"),
    ],
)
def test_a_spark_application_is_as_its_operator_says(word: str, phase: str) -> None:
    assert spark_state(resource("SparkApplication", {"applicationState": {"state": word}})).phase == phase


def test_a_spark_application_that_failed_says_why_and_when() -> None:
    status = {
        "applicationState": {"state": "FAILED", "errorMessage": "driver container failed with ExitCode: 1"},
        "lastSubmissionAttemptTime": "2026-11-26T14:31:00Z",
        "terminationTime": "2026-11-26T14:32:00Z",
    }

    state = spark_state(resource("SparkApplication", status))

    assert (state.reason, state.message) == ("FAILED", "driver container failed with ExitCode: 1")
    assert (state.started, state.ended) == ("2026-11-26T14:31:00Z", "2026-11-26T14:32:00Z")


def test_a_spark_application_that_its_operator_has_not_seen_is_pending() -> None:
    state = spark_state(resource("SparkApplication", None))

    assert (state.phase, state.is_scheduled, state.ended) == ("pending", False, "")


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ({}, "pending"),
        ({"jobsStatus": [{"name": "node", "ready": 1}, {"name": "launcher", "ready": 0}]}, "pending"),
        ({"jobsStatus": [{"name": "node", "ready": 1}, {"name": "launcher", "ready": 1}]}, "running"),
        ({"jobsStatus": [{"name": "node", "ready": 1}]}, "running"),
        ({"conditions": [condition("Suspended", reason="Suspended")]}, "pending"),
        (
            {"conditions": [condition("Complete")], "jobsStatus": [{"name": "launcher", "ready": 1}]},
            "succeeded",
        ),
        ({"conditions": [condition("Failed", reason="JobsFailed", message="no")]}, "failed"),
    ],
)
def test_a_train_job_is_as_its_launcher(status: Any, phase: str) -> None:
    assert trainjob_state(resource("TrainJob", status)).phase == phase


def test_a_train_job_that_failed_says_why_and_when() -> None:
    failed = {
        **condition("Failed", reason="JobsFailed", message="jobset failed"),
        "lastTransitionTime": "2026-11-01T10:00:00Z",
    }

    state = trainjob_state(resource("TrainJob", {"conditions": [failed]}))

    assert (state.kind, state.reason, state.message) == ("TrainJob", "JobsFailed", "jobset failed")
    assert state.ended == "2026-11-01T10:00:00Z"


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        (None, "pending"),
        ({"phase": "Created"}, "pending"),
        ({"phase": "Pending"}, "pending"),
        ({"phase": "Running"}, "running"),
        ({"phase": "Error"}, "failed"),
    ],
)
def test_a_dask_cluster_is_as_its_operator_says(status: Any, phase: str) -> None:
    assert dask_state(resource("DaskCluster", status)).phase == phase


@pytest.mark.parametrize(("phase", "is_made"), [("Created", False), ("Pending", True), ("Running", True)])
def test_the_parts_of_a_dask_cluster_are_made_before_its_operator_says_pending(
    phase: str, is_made: bool
) -> None:
    assert dask_state(resource("DaskCluster", {"phase": phase})).is_scheduled == is_made


def test_a_dask_cluster_that_is_to_go_runs_no_more() -> None:
    cluster = resource("DaskCluster", {"phase": "Running"})
    cluster["metadata"]["deletionTimestamp"] = "2026-11-26T14:31:20Z"

    state = dask_state(cluster)

    assert (state.phase, state.reason) == ("pending", "Terminating")


def test_an_autoscaler_is_there() -> None:
    assert dask_autoscaler_state(resource("DaskAutoscaler", None)).phase == "running"
