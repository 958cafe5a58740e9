"""A manifest becomes a plan, or a sentence about all that is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.cluster.manifest import Limits, PodPlan, read_pod
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError


def plan_of(resource: dict[str, Any], **secrets: dict[str, str]) -> PodPlan:
    return read_pod(resource, secrets, "here")


def test_a_plan_has_what_the_manifest_says(manifest) -> None:
    pod = manifest(
        image="mlrun/mlrun:1.0",
        command=["python", "-u"],
        args=["train.py"],
        workingDir="/code",
        imagePullPolicy="Always",
        spec={
            "terminationGracePeriodSeconds": 5,
            "activeDeadlineSeconds": 60,
            "imagePullSecrets": [{"name": "registry"}],
            "securityContext": {"runAsUser": 1000},
            "hostNetwork": True,
        },
    )

    plan = plan_of(pod)

    assert (plan.name, plan.labels) == ("train", {"app": "test"})
    assert (plan.image, plan.pull_policy, plan.pull_secrets) == ("mlrun/mlrun:1.0", "Always", ["registry"])
    assert (plan.command, plan.args, plan.workdir) == (["python", "-u"], ["train.py"], "/code")
    assert (plan.grace_s, plan.deadline_s, plan.host_network) == (5, 60, True)
    assert plan.security.runAsUser == 1000


def test_a_plan_has_the_defaults_of_kubernetes(manifest) -> None:
    plan = plan_of(manifest())

    assert (plan.grace_s, plan.deadline_s, plan.workdir) == (30, None, "")
    assert (plan.env, plan.mounts, plan.limits) == ({}, [], Limits())


def test_words_may_name_variables(manifest) -> None:
    pod = manifest(
        command=["sh", "$(FILE)"], args=["$$(FILE)", "$(OTHER)"], env=[{"name": "FILE", "value": "a.sh"}]
    )

    plan = plan_of(pod)

    assert (plan.command, plan.args) == (["sh", "a.sh"], ["$(FILE)", "$(OTHER)"])


def test_what_a_container_says_of_its_user_wins(manifest) -> None:
    pod = manifest(
        securityContext={"runAsUser": 2}, spec={"securityContext": {"runAsUser": 1, "runAsGroup": 3}}
    )

    security = plan_of(pod).security

    assert (security.runAsUser, security.runAsGroup) == (2, 3)


@pytest.mark.parametrize(
    ("limits", "read"),
    [
        ({"memory": "1Gi"}, Limits(memory=1024**3)),
        ({"cpu": "1500m"}, Limits(cpus=1.5)),
        ({"nvidia.com/gpu": 2}, Limits(gpus=2, gpu_type="nvidia.com/gpu")),
        ({"amd.com/gpu": "1", "cpu": 1}, Limits(cpus=1.0, gpus=1, gpu_type="amd.com/gpu")),
        ({"ephemeral-storage": "1Gi"}, Limits()),
        ({}, Limits()),
    ],
)
def test_limits_are_read(manifest, limits: dict[str, Any], read: Limits) -> None:
    pod = manifest(resources={"limits": limits, "requests": {"memory": "5Gi", "cpu": 4}})

    assert plan_of(pod).limits == read


@pytest.mark.parametrize(
    ("container", "message"),
    [
        ({"resources": {"limits": {"memory": "1Gb"}}}, "limits.memory: '1Gb' is not a quantity; 1Gi is"),
        ({"resources": {"requests": {"memory": "lots"}}}, "requests.memory: 'lots' is not a quantity"),
        ({"resources": {"limits": {"nvidia.com/gpu": "500m"}}}, "nvidia.com/gpu is a whole number, not 500m"),
        ({"resources": {"limits": {"hugepages-2Mi": "4Mi"}}}, "limits.hugepages-2Mi: a container of one"),
        ({"imagePullPolicy": "Sometimes"}, "Always, IfNotPresent or Never, not 'Sometimes'"),
        ({"workingDir": "code"}, "container.workingDir is an absolute path, not 'code'"),
        ({"comand": ["true"]}, "container.comand is no field of a pod. Did you mean 'command'?"),
        ({"command": "true"}, "container: Container: Expected `array | null`, got `str`"),
        ({"livenessProbe": {"exec": {}}}, "container.livenessProbe is only understood by the cluster"),
    ],
)
def test_what_is_wrong_with_a_container_is_said(manifest, container: dict[str, Any], message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        plan_of(manifest(**container))

    assert message in str(caught.value)
    assert str(caught.value).startswith("pod train: ")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"containers": []}, "spec.containers has one container, 'base', not 0"),
        ({"containers": [{}, {}]}, "spec.containers has one container, 'base', not 2"),
        ({"containers": ["base"]}, "container is a mapping, not 'base'"),
        ({"initContainers": [{"name": "first"}]}, "spec.initContainers is only understood by the cluster"),
        (
            {"nodeselector": {"a": "b"}},
            "spec.nodeselector is no field of a pod. Did you mean 'nodeSelector'?",
        ),
        ({"restartPolicy": "Always"}, "spec.restartPolicy is 'Never' where pods run once, not 'Always'"),
        ({"terminationGracePeriodSeconds": -1}, "is 0 or more seconds, not -1"),
        ({"securityContext": {"privileged": True}}, "securityContext.privileged is only understood"),
    ],
)
def test_what_is_wrong_with_a_spec_is_said(manifest, spec: dict[str, Any], message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        plan_of(manifest(spec=spec))

    assert message in str(caught.value)


@pytest.mark.parametrize(
    "spec",
    [
        {
            "nodeSelector": {"gpu": "yes"},
            "tolerations": [{"key": "a"}],
            "affinity": {},
            "priorityClassName": "p",
        },
        {"serviceAccountName": "me", "automountServiceAccountToken": True, "schedulerName": "other"},
        {"initContainers": [], "hostPID": False},
    ],
)
def test_what_chooses_among_machines_means_nothing_on_one(manifest, spec: dict[str, Any]) -> None:
    assert plan_of(manifest(spec=spec)).name == "train"


@pytest.mark.parametrize("name", ["", "Train", "-a", "a-", "a_b", "a/b", "..", "a" * 254, "grün"])
def test_a_name_that_is_none_is_refused(manifest, name: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"metadata\.name is at most 253"):
        plan_of(manifest(name))


def test_the_resource_of_an_operator_is_refused(manifest) -> None:
    job = {**manifest(), "kind": "MPIJob", "apiVersion": "kubeflow.org/v1"}

    with pytest.raises(MLRunInvalidArgumentError, match=r"a MPIJob of kubeflow\.org/v1 needs an operator"):
        plan_of(job)


def test_all_that_is_wrong_is_said_at_once(manifest) -> None:
    pod = manifest("No", comand=[], resources={"limits": {"cpu": "x", "memory": "1Gb"}})

    with pytest.raises(MLRunInvalidArgumentError) as caught:
        plan_of(pod)

    assert all(
        word in str(caught.value) for word in ("metadata.name", "comand", "limits.cpu", "limits.memory")
    )


def test_every_secret_that_is_missing_is_named(manifest) -> None:
    env = [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": "vault", "key": name.lower()}}} for name in "AB"
    ]

    with pytest.raises(MLRunNotFoundError) as caught:
        plan_of(manifest(env=env), vault={"a": "1"})

    assert str(caught.value) == "pod train: no secret 'vault' with a key 'b'"


@pytest.mark.parametrize("word", ["$(KEY)", "--url=$(URL)", "$(ALL_key)"])
def test_no_word_has_a_secret_in_it(manifest, word: str) -> None:
    pod = manifest(
        args=[word],
        env=[
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "vault", "key": "key"}}},
            {"name": "URL", "value": "db://$(KEY)@host"},
        ],
        envFrom=[{"prefix": "ALL_", "secretRef": {"name": "vault"}}],
    )

    with pytest.raises(MLRunInvalidArgumentError, match=r"container\.args has the secret") as caught:
        plan_of(pod, vault={"key": "s3cr3t"})

    assert "s3cr3t" not in str(caught.value)
