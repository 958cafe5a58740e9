"""A pod that a process can not be is refused; what it gets of the machine is known."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlrun import mlconf
from mlrun.cluster.base import Resource
from mlrun.cluster.manifest import PodPlan, read_pod
from mlrun.cluster.process import ProcessCluster
from mlrun.cluster.process.creation import check, environment, programs
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.testing.cluster_pods import Pods

Make = Callable[..., Resource]


def plan_of(resource: Resource) -> PodPlan:
    return read_pod(resource, {}, "here")


@pytest.mark.parametrize(
    ("container", "spec", "message"),
    [
        ({"command": []}, {}, "container.command says what to run, as no image does"),
        ({"resources": {"limits": {"amd.com/gpu": 1}}}, {}, "it asks for 1 amd.com/gpu"),
        (
            {"securityContext": {"runAsUser": 4711}},
            {},
            "securityContext.runAsUser is 4711, and processes run as",
        ),
        (
            {"volumeMounts": [{"name": "v", "mountPath": "/data"}]},
            {"volumes": [{"name": "v", "hostPath": {"path": "/usr"}}]},
            "volume 'v' (hostPath /usr) can not be at /data: processes have no mounts",
        ),
        (
            {"volumeMounts": [{"name": "v", "mountPath": "/usr"}]},
            {"volumes": [{"name": "v", "emptyDir": {}}]},
            "volume 'v' (emptyDir) can not be at /usr",
        ),
    ],
)
def test_what_a_process_can_not_have_is_refused(
    manifest: Make, container: dict[str, Any], spec: dict[str, Any], message: str
) -> None:
    pod = manifest(**container)
    pod["spec"] |= spec

    with pytest.raises(MLRunInvalidArgumentError) as caught:
        check(plan_of(pod))

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("mount", "volume"),
    [
        ({"mountPath": "/usr/bin"}, {"hostPath": {"path": "/usr/bin"}}),
        ({"mountPath": "/usr/bin", "subPath": "bin"}, {"hostPath": {"path": "/usr"}}),
        ({"mountPath": "/dev/shm"}, {"emptyDir": {"medium": "Memory"}}),
    ],
)
def test_what_is_there_without_a_mount_is_fine(
    manifest: Make, mount: dict[str, Any], volume: dict[str, Any]
) -> None:
    pod = manifest(volumeMounts=[{"name": "v", **mount}])
    pod["spec"]["volumes"] = [{"name": "v", **volume}]

    check(plan_of(pod))


def test_a_folder_to_start_in_has_to_be_there(manifest: Make) -> None:
    with pytest.raises(MLRunNotFoundError, match=r"workingDir: no folder /no/such here"):
        check(plan_of(manifest(workingDir="/no/such")))


def test_nobody_asks_to_be_another_than_root_of_root(manifest: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)

    with pytest.raises(MLRunInvalidArgumentError, match=r"runAsNonRoot is set, and processes run as .* root"):
        check(plan_of(manifest(securityContext={"runAsNonRoot": True})))


def test_a_pod_has_few_variables_of_who_creates_it(manifest: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLRUN_HTTPDB__TOKEN", "s3cr3t")
    monkeypatch.setenv("LC_TIME", "de_DE.UTF-8")
    monkeypatch.setenv("TZ", "UTC")

    env = environment(plan_of(manifest(env=[{"name": "TZ", "value": "Asia/Tokyo"}])), "/pods/train")

    assert "MLRUN_HTTPDB__TOKEN" not in env
    assert (env["LC_TIME"], env["TZ"]) == ("de_DE.UTF-8", "Asia/Tokyo")
    assert env["MLRUN_EXEC_POD"] == "/pods/train"


def test_a_setting_says_which_variables_those_are(manifest: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_LICENCE", "1")

    with mlconf.override(cluster__process__environment="MY_*, HOME"):
        env = environment(plan_of(manifest()), "/pods/train")

    assert set(env) == {"MY_LICENCE", "HOME", "PATH", "MLRUN_EXEC_POD"}


def test_python_is_that_of_this_interpreter(pods: Pods) -> None:
    _, log = pods.run("command -v python")

    assert os.path.samefile(os.path.dirname(log.strip()), os.path.join(sys.prefix, "bin"))


def test_a_path_of_its_own_comes_after_that_of_its_image(manifest: Make) -> None:
    env = environment(plan_of(manifest(env=[{"name": "PATH", "value": "/opt/bin"}])), "/pods/train")

    assert env["PATH"] == f"{sys.prefix}/bin:/opt/bin"


def test_an_image_may_be_an_environment_that_was_built(tmp_path: Path) -> None:
    folder = tmp_path / "environments" / "3f2a" / "bin"
    folder.mkdir(parents=True)

    with mlconf.override(home=str(tmp_path)):
        assert programs("environment:3f2a") == str(folder)


@pytest.mark.parametrize("image", ["environment:", "environment:3f2a", "environment:../../bin"])
def test_an_environment_that_is_not_there_is_answered_with_how_to_build_it(
    tmp_path: Path, image: str
) -> None:
    (tmp_path / "bin").mkdir()

    with mlconf.override(home=str(tmp_path)), pytest.raises(MLRunNotFoundError, match="mlrun build"):
        programs(image)


def test_a_name_that_is_taken_leaves_nothing(folder: Path, cluster: ProcessCluster, pods: Pods) -> None:
    limits = {"limits": {"memory": "1Gi"}}
    name = pods.start("sleep 600")

    with pytest.raises(MLRunConflictError, match=f"pod {name} exists"):
        cluster.create(pods.make("true", name, resources=limits))

    assert [path.name for path in folder.iterdir()] == [name]


def test_no_variable_is_in_a_file(folder: Path, pods: Pods) -> None:
    name = pods.start("echo ready", env=[{"name": "TOKEN", "value": "s3cr3t"}])
    pods.ended(name)

    files = [path for path in (folder / name).rglob("*") if path.is_file()]

    assert len(files) >= 4
    assert not [path for path in files if "s3cr3t" in path.read_text()]


def test_a_pod_starts_in_a_folder_of_its_own(folder: Path, pods: Pods) -> None:
    name = pods.start("pwd")
    pods.ended(name)

    assert pods.log(name).strip() == str(folder / name / "work")


def test_what_is_not_kept_is_said_once_and_with_each_pod(
    cluster: ProcessCluster, pods: Pods, capsys: pytest.CaptureFixture[str]
) -> None:
    volumes = {"volumes": [{"name": "v", "hostPath": {"path": "/usr"}}]}
    mounts = [{"name": "v", "mountPath": "/usr", "readOnly": True}]

    names = [pods.start("true", volumeMounts=mounts, spec=dict(volumes)) for _ in range(2)]

    assert capsys.readouterr().err.count("volume 'v' can be written") == 1
    assert [cluster.events(name)[0].reason for name in names] == ["NotKept", "NotKept"]


def test_variables_and_words_may_be_long(pods: Pods) -> None:
    _, log = pods.run('printf "%s" "$LONG" | wc -c', env=[{"name": "LONG", "value": "x" * 131_066}])

    assert log.strip() == "131066"
