"""An mpijob as the resource of an operator."""

from __future__ import annotations

import copy

import pytest

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.runtimes.mpi.resources import ROLE, resource_of

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


FULL = copy.deepcopy(POD)
FULL["spec"] |= {
    "serviceAccountName": "trainer",
    "tolerations": [{"key": "gpu", "operator": "Exists"}],
    "volumes": [{"name": "data", "hostPath": {"path": "/data"}}],
    "imagePullSecrets": [{"name": "registry"}],
}
FULL["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]


def test_a_train_job_is_one_of_the_published_model():
    from kubeflow_trainer_api.models.trainer_v1alpha1_train_job import TrainerV1alpha1TrainJob

    job = resource_of(FULL, "trainer", workers=3, slots=2)

    assert given(TrainerV1alpha1TrainJob.from_dict(job).to_dict()) == job


def given(value):
    """What a model has, without what nobody has said."""
    if isinstance(value, dict):
        return {name: given(item) for name, item in value.items() if item is not None}
    return [given(item) for item in value] if isinstance(value, list) else value


def test_a_train_job_patches_the_pods_of_its_runtime():
    mlconf.mpi.training_runtime = "deepspeed-distributed"

    spec = resource_of(FULL, "trainer", workers=3, slots=2)["spec"]

    assert spec["runtimeRef"] == {"name": "deepspeed-distributed"}
    jobs = spec["runtimePatches"][0]["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"]
    launcher, node = (job["template"]["spec"]["template"] for job in jobs)
    assert [job["name"] for job in jobs] == ["launcher", "node"]
    assert (launcher["metadata"]["labels"][ROLE], node["metadata"]["labels"][ROLE]) == ("launcher", "worker")
    for pod in (launcher, node):
        assert pod["spec"]["serviceAccountName"] == "trainer"
        assert pod["spec"]["containers"][0]["volumeMounts"] == [{"name": "data", "mountPath": "/data"}]
    assert node["spec"]["containers"][0]["env"] == POD["spec"]["containers"][0]["env"]


def test_the_pod_stays_as_it_was():
    before = str(POD)

    resource_of(POD, "v1", 2, 1)

    assert str(POD) == before


def test_an_unknown_version_is_said():
    with pytest.raises(MLRunInvalidArgumentError, match="'v2' is none: v1, v2beta1, trainer"):
        resource_of(POD, "v2", 1, 1)
