"""An mpijob as the resource of an operator."""

from __future__ import annotations

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.runtimes.mpi.resources import resource_of

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "train-3f2a", "labels": {"mlrun/uid": "3f2a"}},
    "spec": {
        "restartPolicy": "Never",
        "nodeSelector": {"zone": "a"},
        "containers": [
            {
                "name": "base",
                "image": "mpi",
                "command": ["mlrun", "run"],
                "env": [{"name": "A", "value": "1"}],
                "resources": {"limits": {"cpu": 2}},
            }
        ],
    },
}


@pytest.mark.parametrize(
    ("version", "policy"),
    [
        ("v1", {"cleanPodPolicy": "All"}),
        ("v2beta1", {"runPolicy": {"cleanPodPolicy": "All", "backoffLimit": 0}}),
    ],
)
def test_an_mpijob_has_a_launcher_and_workers(version, policy):
    job = resource_of(POD, version, workers=3, slots=2)

    assert (job["apiVersion"], job["kind"], job["metadata"]) == (
        f"kubeflow.org/{version}",
        "MPIJob",
        POD["metadata"],
    )
    assert job["spec"] | policy == job["spec"]
    assert job["spec"]["slotsPerWorker"] == 2
    launcher, worker = (job["spec"]["mpiReplicaSpecs"][role] for role in ("Launcher", "Worker"))
    assert (launcher["replicas"], worker["replicas"]) == (1, 3)
    for role in (launcher, worker):
        container = role["template"]["spec"]["containers"][0]
        assert container["securityContext"]["capabilities"] == {"add": ["IPC_LOCK"]}
        assert role["template"]["spec"]["nodeSelector"] == {"zone": "a"}
    assert launcher["template"]["spec"]["containers"][0]["command"] == ["mlrun", "run"]
    assert "resources" not in launcher["template"]["spec"]["containers"][0]
    assert worker["template"]["spec"]["containers"][0]["resources"] == {"limits": {"cpu": 2}}


def test_a_train_job_has_a_trainer():
    job = resource_of(POD, "trainer", workers=3, slots=2)

    assert (job["apiVersion"], job["kind"]) == ("trainer.kubeflow.org/v1alpha1", "TrainJob")
    trainer = job["spec"]["trainer"]
    assert (trainer["numNodes"], trainer["numProcPerNode"]) == (3, 2)
    assert (trainer["image"], trainer["command"]) == ("mpi", ["mlrun", "run"])
    assert trainer["resourcesPerNode"] == {"limits": {"cpu": 2}}


def test_the_pod_stays_as_it_was():
    before = str(POD)

    resource_of(POD, "v1", 2, 1)

    assert str(POD) == before


def test_an_unknown_version_is_said():
    with pytest.raises(MLRunInvalidArgumentError, match="'v2' is none: v1, v2beta1, trainer"):
        resource_of(POD, "v2", 1, 1)
