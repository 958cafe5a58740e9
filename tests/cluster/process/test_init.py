"""Pods are processes of this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mlrun.cluster.base import Cluster, Resource
from mlrun.cluster.process import ProcessCluster
from mlrun.errors import MLRunNotFoundError
from mlrun.testing.cluster_pods import Pods
from mlrun.testing.clusters import ClusterContract


class TestProcessCluster(ClusterContract):
    mounts_volumes = False
    pulls_images = False
    limits_memory = ProcessCluster().limits_memory

    @pytest.fixture
    def cluster(self, tmp_path: Path) -> Cluster:
        return ProcessCluster(str(tmp_path / "pods"))

    @pytest.fixture
    def again(self, tmp_path: Path) -> Callable[[], Cluster]:
        return lambda: ProcessCluster(str(tmp_path / "pods"))

    @pytest.fixture
    def base_pod(self) -> Resource:
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "spec": {"restartPolicy": "Never", "containers": [{"name": "base", "image": "mlrun/mlrun"}]},
        }


def test_pods_are_in_the_home(home: Path) -> None:
    assert ProcessCluster().folder == str(home / "pods")


def test_a_folder_may_be_named_from_here(tmp_path: Path) -> None:
    assert ProcessCluster("here").folder == str(tmp_path / "here")


@pytest.mark.parametrize("name", ["../pods", ".", "..", "a/b", ""])
def test_no_name_leaves_the_folder(cluster: ProcessCluster, name: str) -> None:
    with pytest.raises(MLRunNotFoundError, match="no pod"):
        cluster.read(name)
    cluster.delete(name)


def test_a_pod_that_is_asked_twice_to_end_hears_it_once(
    cluster: ProcessCluster, pods: Pods, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    name = pods.start(f"trap 'echo told >> {told}' TERM; echo ready; while :; do sleep 0.1; done")
    pods.printed(name, "ready")
    first = threading.Thread(target=cluster.delete, args=[name], kwargs={"grace_s": 600})
    first.start()
    pods.until(lambda: told.exists() and told.read_text() != "", "it was asked to end")

    cluster.delete(name, grace_s=1)

    first.join(120)
    pods.gone(name)
    assert told.read_text() == "told\n"
