"""Whoever watches is told of what ends, comes, goes and comes again."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from mlrun.cluster.process import ProcessCluster
from mlrun.cluster.process.watching import Watch
from mlrun.testing.cluster_pods import Pods


def test_a_pod_whose_supervisor_is_killed_is_told(pods: Pods, kill_supervisor: Callable[[str], None]) -> None:
    name = pods.start("echo ready; sleep 600")
    pods.printed(name, "ready")

    with pods.watching() as seen:
        pods.until(lambda: bool(seen.of(name)), "it is told")
        kill_supervisor(name)
        pods.until(lambda: seen.of(name)[-1].is_final, "its end is told")

    assert seen.of(name)[-1].reason == "ContainerStatusUnknown"


def test_one_that_takes_the_name_of_a_deleted_one_is_another(cluster: ProcessCluster, pods: Pods) -> None:
    name = pods.start("sleep 600")
    pods.until(lambda: cluster.read(name).phase == "running", "it runs")
    watch = Watch(cluster.folder, pods.selector)
    stop = threading.Event()
    states = watch.states(stop)
    first = next(states)

    cluster.delete(name, grace_s=0)
    pods.start("sleep 600", name=name)
    second = next(states)
    third = next(states)
    states.close()

    assert (first.phase, second.phase, second.reason) == ("running", "failed", "Deleted")
    assert not third.is_final
    assert third.created > first.created


def test_a_watch_that_is_left_closes_what_it_has_open(
    folder: Path, cluster: ProcessCluster, pods: Pods
) -> None:
    name = pods.start("sleep 600")
    states = cluster.watch(pods.selector)
    next(states)
    during = _open_pipes(folder / name)

    states.close()

    assert (during, _open_pipes(folder / name)) == (1, 0)


def _open_pipes(pod: Path) -> int:
    own = [os.readlink(entry.path) for entry in os.scandir("/proc/self/fd") if os.path.lexists(entry.path)]
    return own.count(str(pod / "control"))
