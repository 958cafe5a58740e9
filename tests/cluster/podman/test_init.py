"""Pods are containers of this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mlrun.cluster.base import Cluster, Resource
from mlrun.cluster.podman import PodmanCluster
from mlrun.cluster.podman.engine import Engine
from mlrun.errors import MLRunConflictError, MLRunNotFoundError, MLRunRuntimeError
from mlrun.testing.cluster_life import HOG
from mlrun.testing.cluster_pods import Pods
from mlrun.testing.clusters import ClusterContract

IMAGE = "localhost/machine"


class TestPodmanCluster(ClusterContract):
    @pytest.fixture
    def cluster(self, engine: Engine, home: Path) -> Cluster:
        return PodmanCluster(engine)

    @pytest.fixture
    def again(self, engine: Engine) -> Callable[[], Cluster]:
        return lambda: PodmanCluster(Engine(engine.words))

    @pytest.fixture
    def base_pod(self, machine_pod: Resource) -> Resource:
        return machine_pod


def test_a_container_that_is_no_pod_is_not_touched(cluster: PodmanCluster, engine: Engine) -> None:
    engine.tell("create", "--name", "somebody", IMAGE, "true")

    with pytest.raises(MLRunNotFoundError, match="no pod 'somebody'"):
        cluster.read("somebody")
    cluster.delete("somebody")

    assert "somebody" not in [state.name for state in cluster.list()]
    assert engine.ask("container", "exists", "somebody").code == 0


def test_secrets_that_were_written_go_when_nothing_is_created(
    cluster: PodmanCluster, pods: Pods, home: Path
) -> None:
    pod = pods.make(
        "true",
        image="localhost/none",
        imagePullPolicy="Never",
        volumeMounts=[{"name": "s", "mountPath": "/secrets"}],
        spec={"volumes": [{"name": "s", "secret": {"secretName": "vault"}}]},
    )

    with pytest.raises(MLRunNotFoundError, match="localhost/none is not here"):
        cluster.create(pod, {"vault": {"key": "s3cr3t"}})

    assert list((home / "podman").iterdir()) == []


def test_a_failed_creation_leaves_the_pod_that_has_its_name(cluster: PodmanCluster, pods: Pods) -> None:
    name = pods.start("sleep 600")

    with pytest.raises(MLRunConflictError):
        cluster.create(pods.make("true", name))

    assert cluster.read(name).phase == "running"


def test_an_image_without_this_package_is_told_how_it_gets_it(cluster: PodmanCluster, pods: Pods) -> None:
    pod = pods.make("true", command=["mlrun", "pod"])

    with pytest.raises(
        MLRunRuntimeError, match=r"can not be started: .*; its image has no mlrun: `mlrun build`"
    ):
        pods.create(pod)

    assert cluster.list(pods.selector) == []


def test_a_pod_runs_as_the_user_that_it_names(pods: Pods) -> None:
    _, log = pods.run(
        "id -u; id -g; touch /scratch/a && echo written; cat /secrets/key",
        {"vault": {"key": "s3cr3t"}},
        securityContext={"runAsUser": 1234, "runAsGroup": 567},
        volumeMounts=[{"name": "e", "mountPath": "/scratch"}, {"name": "s", "mountPath": "/secrets"}],
        spec={"volumes": [{"name": "e", "emptyDir": {}}, {"name": "s", "secret": {"secretName": "vault"}}]},
    )

    assert log == "1234\n567\nwritten\ns3cr3t"


def test_a_pod_that_runs_too_long_is_ended(pods: Pods) -> None:
    state, _ = pods.run("echo ready; sleep 600", spec={"activeDeadlineSeconds": 1})

    assert (state.phase, state.reason) == ("failed", "DeadlineExceeded")


def test_limits_reach_the_container(cluster: PodmanCluster, engine: Engine, pods: Pods) -> None:
    name = pods.start("sleep 600", resources={"limits": {"cpu": "250m", "memory": "64Mi"}})

    host = json.loads(engine.tell("inspect", name))[0]["HostConfig"]

    assert (host["NanoCpus"], host["Memory"], host["MemorySwap"]) == (250_000_000, 64 << 20, 64 << 20)


def test_a_pod_that_is_killed_for_memory_leaves_nothing_in_the_folder_of_who_created_it(
    pods: Pods, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")

    state, _ = pods.run(HOG, resources={"limits": {"memory": "64Mi"}})

    assert state.reason == "OOMKilled"
    assert list((tmp_path / "project").iterdir()) == []


def test_what_has_happened_to_a_container_is_told(cluster: PodmanCluster, pods: Pods) -> None:
    name = pods.start("exit 1")
    pods.ended(name)

    reasons = [event.reason for event in cluster.events(name)]

    assert reasons[:1] == ["Create"]
    assert {"Start", "Died"} <= set(reasons)
