"""What every cluster promises about ending pods before they end by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.cluster.base import Cluster
from mlrun.errors import MLRunNotFoundError
from mlrun.testing.cluster_pods import Pods, seeing
from mlrun.testing.cluster_setup import ClusterSetup

WAITS = "while :; do sleep 0.1; done"


class DeletionContract(ClusterSetup):
    """A pod that is deleted is asked to end, then killed, then forgotten."""

    def test_a_pod_may_end_in_good_order(self, cluster: Cluster, pods: Pods, tmp_path: Path) -> None:
        name = pods.start(
            f"trap 'echo bye > {tmp_path}/last; exit 0' TERM; echo ready; {WAITS}", **seeing(tmp_path)
        )
        pods.printed(name, "ready")

        cluster.delete(name, grace_s=20)

        pods.gone(name)
        assert (tmp_path / "last").read_text() == "bye\n"

    def test_a_pod_that_does_not_end_is_killed_after_its_time_of_grace(
        self, cluster: Cluster, pods: Pods
    ) -> None:
        name = pods.start(f"trap '' TERM; echo ready; {WAITS}")
        pods.printed(name, "ready")

        cluster.delete(name, grace_s=1)

        pods.gone(name)

    def test_the_time_of_grace_may_stand_in_the_pod(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start(f"trap '' TERM; echo ready; {WAITS}", spec={"terminationGracePeriodSeconds": 1})
        pods.printed(name, "ready")

        cluster.delete(name)

        pods.gone(name)

    def test_a_pod_and_its_log_are_forgotten(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start("echo all")
        pods.ended(name)

        cluster.delete(name)

        pods.gone(name)
        assert cluster.list(pods.selector) == []
        with pytest.raises(MLRunNotFoundError, match=name):
            list(cluster.logs(name))

    def test_deleting_nothing_is_nothing(self, cluster: Cluster) -> None:
        cluster.delete("nowhere")

    def test_deleting_twice_is_deleting_once(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start("sleep 600")

        cluster.delete(name, grace_s=0)
        cluster.delete(name, grace_s=0)

        pods.gone(name)

    def test_a_name_may_be_given_again(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start("echo first; sleep 600")
        pods.printed(name, "first")
        cluster.delete(name, grace_s=0)
        pods.gone(name)

        state, log = pods.run("echo second; exit 5", name=name)

        assert (state.exit_code, log) == (5, "second\n")
