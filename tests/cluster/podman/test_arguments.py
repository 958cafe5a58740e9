"""A plan becomes the words of a command, and none of them is a secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlrun import mlconf
from mlrun.cluster.base import Resource
from mlrun.cluster.manifest import PodPlan, read_pod
from mlrun.cluster.podman.arguments import check, run_words, split_env
from mlrun.errors import MLRunInvalidArgumentError

Make = Callable[..., Resource]


def plan_of(resource: Resource) -> PodPlan:
    return read_pod(resource, {"vault": {"key": "s3cr3t"}}, "here")


def text_of(pod: Resource, is_docker: bool = False) -> str:
    return " ".join(run_words(plan_of(pod), "t0ken", "/files", ["--env", "A"], is_docker))


def test_the_whole_command(manifest: Make) -> None:
    words = run_words(plan_of(manifest(image="py:1", args=["a b"])), "t0ken", "/files", ["--env", "A"], False)

    assert words == [
        *("run", "--detach", "--name", "train", "--pull", "missing", "--stop-timeout", "30"),
        *("--label", "app=test", "--label", "mlrun.pod=t0ken", "--env", "A"),
        *("--entrypoint", "true", "py:1", "a b"),
    ]


@pytest.mark.parametrize(
    ("container", "words"),
    [
        ({"imagePullPolicy": "Always"}, "--pull always"),
        ({"imagePullPolicy": "Never"}, "--pull never"),
        ({"resources": {"limits": {"memory": "1Ki"}}}, "--memory 1024 --memory-swap 1024"),
        ({"resources": {"limits": {"cpu": "250m"}}}, "--cpus 0.250"),
        (
            {"resources": {"limits": {"nvidia.com/gpu": 2}}},
            "--device nvidia.com/gpu=0 --device nvidia.com/gpu=1",
        ),
        ({"resources": {"limits": {"amd.com/gpu": 1}}}, "--device /dev/kfd --device /dev/dri"),
        ({"securityContext": {"runAsUser": 7}}, "--user 7 "),
        ({"securityContext": {"runAsUser": 7, "runAsGroup": 8}}, "--user 7:8"),
        ({"securityContext": {"readOnlyRootFilesystem": True}}, "--read-only"),
        ({"securityContext": {"allowPrivilegeEscalation": False}}, "--security-opt no-new-privileges"),
        ({"securityContext": {"capabilities": {"add": ["IPC_LOCK"]}}}, "--cap-add IPC_LOCK"),
        ({"securityContext": {"capabilities": {"drop": ["ALL"]}}}, "--cap-drop ALL"),
        ({"workingDir": "/code"}, "--workdir /code"),
        ({"command": ["sh", "-c"], "args": ["true"]}, "--entrypoint sh py:1 -c true"),
        ({"command": []}, "--env A py:1"),
    ],
)
def test_what_a_container_says_is_said(manifest: Make, container: dict[str, Any], words: str) -> None:
    assert words in text_of(manifest(image="py:1", **container))


def test_docker_counts_its_graphics_cards(manifest: Make) -> None:
    pod = manifest(image="py:1", resources={"limits": {"nvidia.com/gpu": 2}})

    assert "--gpus 2" in text_of(pod, is_docker=True)


@pytest.mark.parametrize(
    ("volume", "mount", "words"),
    [
        ({"emptyDir": {}}, {}, "--mount type=volume,destination=/data"),
        (
            {"emptyDir": {"medium": "Memory", "sizeLimit": "1Ki"}},
            {},
            "type=tmpfs,destination=/data,tmpfs-mode=1777,tmpfs-size=1024",
        ),
        (
            {"hostPath": {"path": "/usr"}},
            {},
            "label=disable --mount type=bind,source=/usr,destination=/data --entry",
        ),
        (
            {"hostPath": {"path": "/usr"}},
            {"readOnly": True, "subPath": "bin"},
            "type=bind,source=/usr/bin,destination=/data,readonly",
        ),
        ({"secret": {"secretName": "vault"}}, {}, "type=bind,source=/files/v,destination=/data,readonly"),
    ],
)
def test_a_volume_is_mounted(manifest: Make, volume: Any, mount: Any, words: str) -> None:
    pod = manifest(image="py:1", volumeMounts=[{"name": "v", "mountPath": "/data", **mount}])
    pod["spec"]["volumes"] = [{"name": "v", **volume}]

    assert words in text_of(pod)


def test_the_network_is_that_of_the_pod_or_of_the_setting(manifest: Make) -> None:
    with mlconf.override(cluster__podman__network="mine"):
        told = [text_of(manifest(image="py:1", spec=spec)) for spec in ({}, {"hostNetwork": True})]

    assert "--network mine" in told[0]
    assert "--network host" in told[1]
    assert "--network" not in text_of(manifest(image="py:1"))


def test_a_deadline_is_kept_by_podman_and_refused_with_docker(manifest: Make) -> None:
    pod = manifest(image="py:1", spec={"activeDeadlineSeconds": 60})

    assert "--timeout 60" in text_of(pod)
    with pytest.raises(
        MLRunInvalidArgumentError, match="activeDeadlineSeconds is known to podman, and not to"
    ):
        text_of(pod, is_docker=True)


@pytest.mark.parametrize(
    ("container", "message"),
    [
        ({"image": ""}, "container.image names the image to run"),
        ({"image": "--privileged"}, "container.image is the name of an image, not '--privileged'"),
        ({"image": "environment:3f2a"}, "container.image is the name of an image, not 'environment:3f2a'"),
        ({"securityContext": {"runAsNonRoot": True}}, "securityContext.runAsNonRoot needs runAsUser"),
        ({"resources": {"limits": {"intel.com/gpu": 1}}}, "nvidia.com/gpu and amd.com/gpu can be passed on"),
    ],
)
def test_what_a_container_can_not_have_is_refused(
    manifest: Make, container: dict[str, Any], message: str
) -> None:
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        check(plan_of(manifest(**{"image": "py:1", **container})), is_docker=False)

    assert message in str(caught.value)


def test_a_path_with_a_comma_is_refused(manifest: Make) -> None:
    pod = manifest(image="py:1", volumeMounts=[{"name": "v", "mountPath": "/a,readonly"}])
    pod["spec"]["volumes"] = [{"name": "v", "emptyDir": {}}]

    with pytest.raises(MLRunInvalidArgumentError, match="volume 'v': a path with a comma"):
        text_of(pod)


def test_variables_that_the_command_would_obey_come_in_a_file(manifest: Make) -> None:
    names = ("A", "KEY", "PATH", "HTTPS_PROXY", "DOCKER_HOST", "LD_PRELOAD", "MLRUN_DBPATH")
    pod = manifest(image="py:1", env=[{"name": name, "value": "1"} for name in names])

    passed, filed = split_env(plan_of(pod))

    assert set(passed) == {"A", "KEY", "MLRUN_DBPATH"}
    assert set(filed) == {"PATH", "HTTPS_PROXY", "DOCKER_HOST", "LD_PRELOAD"}


def test_a_variable_for_a_file_has_one_line(manifest: Make) -> None:
    pod = manifest(image="py:1", env=[{"name": "PATH", "value": "/a\nB=1"}])

    with pytest.raises(MLRunInvalidArgumentError, match="the variable PATH has one line only"):
        split_env(plan_of(pod))


def test_a_secret_is_in_no_word(manifest: Make) -> None:
    pod = manifest(
        image="py:1",
        env=[{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "vault", "key": "key"}}}],
        volumeMounts=[{"name": "v", "mountPath": "/data"}],
    )
    pod["spec"]["volumes"] = [{"name": "v", "secret": {"secretName": "vault"}}]

    assert "s3cr3t" not in text_of(pod)
