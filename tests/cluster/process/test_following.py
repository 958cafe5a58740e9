"""A log is read as it is, and followed as it grows."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.cluster.process import ProcessCluster
from mlrun.cluster.process.folder import PodFolder
from mlrun.cluster.process.following import follow_log, read_log
from mlrun.errors import MLRunNotFoundError
from mlrun.testing.cluster_pods import Pods


def test_a_log_comes_in_parts(folder: Path, pods: Pods) -> None:
    name = pods.start("head -c 200000 /dev/zero")
    pods.ended(name)

    parts = list(read_log(PodFolder(f"{folder}/{name}"), 0))

    assert sum(map(len, parts)) == 200_000
    assert max(map(len, parts)) <= 1 << 16


def test_following_ends_when_the_pod_is_deleted(folder: Path, cluster: ProcessCluster, pods: Pods) -> None:
    name = pods.start("echo ready; sleep 600")
    followed = follow_log(PodFolder(f"{folder}/{name}"), 0)
    first = next(followed)

    cluster.delete(name, grace_s=0)

    assert first == b"ready\n"
    assert list(followed) == []


@pytest.mark.parametrize("read", [read_log, follow_log])
def test_the_log_of_nothing_is_not_found(tmp_path: Path, read: object) -> None:
    assert callable(read)
    with pytest.raises(MLRunNotFoundError, match="no pod 'a'"):
        list(read(PodFolder(str(tmp_path / "a")), 0))
