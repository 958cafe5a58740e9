"""What every cluster promises to those who watch its pods."""

from __future__ import annotations

import threading
from pathlib import Path

from mlrun.cluster.base import Cluster
from mlrun.testing.cluster_pods import Pods, seeing
from mlrun.testing.cluster_setup import ClusterSetup


class WatchContract(ClusterSetup):
    """Whoever watches is told how every pod is, and how it ends."""

    def test_pods_that_are_there_are_told_at_once(self, pods: Pods) -> None:
        over = pods.start("exit 2")
        pods.ended(over)
        alive = pods.start("sleep 600")

        with pods.watching() as seen:
            pods.until(lambda: bool(seen.of(over) and seen.of(alive)), "both are told")

        assert seen.of(over)[0].exit_code == 2
        assert not seen.of(alive)[0].is_final

    def test_a_pod_that_comes_later_is_told(self, pods: Pods) -> None:
        with pods.watching() as seen:
            name = pods.start("exit 4")
            pods.until(lambda: any(state.is_final for state in seen.of(name)), "its end is told")

        assert seen.of(name)[-1].exit_code == 4

    def test_phases_come_in_their_order_and_the_end_comes_once(self, pods: Pods, tmp_path: Path) -> None:
        with pods.watching() as seen:
            name = pods.start(f"until [ -e {tmp_path}/go ]; do sleep 0.05; done", **seeing(tmp_path))
            pods.until(lambda: "running" in [state.phase for state in seen.of(name)], "it is told as running")
            (tmp_path / "go").touch()
            pods.until(lambda: name in seen.ended(), "its end is told")
            last = pods.start("true")
            pods.until(lambda: last in seen.ended(), "that of a later one is told")

        phases = [state.phase for state in seen.of(name)]
        order = ["pending", "running", "succeeded"]
        assert phases == sorted(phases, key=order.index)
        assert phases[-2:] == ["running", "succeeded"]

    def test_only_pods_with_the_labels_are_told(self, cluster: Cluster, pods: Pods) -> None:
        other = pods.start("true", labels={"test": "of-somebody-else"})
        with pods.watching() as seen:
            name = pods.start("true")
            pods.until(lambda: any(state.is_final for state in seen.of(name)), "the end of the right one")

        assert seen.of(other) == []

    def test_a_pod_that_is_deleted_from_outside_is_told_as_failed(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start("echo ready; sleep 600")
        pods.printed(name, "ready")

        with pods.watching() as seen:
            pods.until(lambda: bool(seen.of(name)), "it is told")
            cluster.delete(name, grace_s=0)
            pods.until(lambda: seen.of(name)[-1].is_final, "its end is told")

        assert (seen.of(name)[-1].phase, seen.of(name)[-1].reason) == ("failed", "Deleted")

    def test_a_pod_that_had_ended_is_deleted_in_silence(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start("true")
        pods.ended(name)

        with pods.watching() as seen:
            pods.until(lambda: bool(seen.of(name)), "it is told")
            cluster.delete(name)
            pods.gone(name)
            later = pods.start("true")
            pods.until(lambda: any(state.is_final for state in seen.of(later)), "what comes after it is told")

        assert [state.phase for state in seen.of(name)] == ["succeeded"]

    def test_watching_nothing_stops_when_it_is_told_to(self, pods: Pods) -> None:
        with pods.watching() as seen:
            pass

        assert seen.states == []

    def test_a_watch_that_was_stopped_before_it_began_ends(self, cluster: Cluster, pods: Pods) -> None:
        stop = threading.Event()
        stop.set()

        assert list(cluster.watch(pods.selector, stop)) == []
