"""What every cluster promises about what its pods print."""

from __future__ import annotations

import threading

import pytest

from mlrun.cluster.base import Cluster
from mlrun.errors import MLRunNotFoundError
from mlrun.testing.cluster_pods import Pods
from mlrun.testing.cluster_setup import ClusterSetup


class LogsContract(ClusterSetup):
    """What a pod prints is kept until it is deleted, byte for byte."""

    def test_both_streams_are_in_the_log(self, pods: Pods) -> None:
        _, log = pods.run("echo out; echo err >&2")

        assert sorted(log.splitlines()) == ["err", "out"]

    def test_a_log_is_read_from_an_offset(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start("echo 0123456789")
        pods.ended(name)

        parts = [b"".join(cluster.logs(name, offset)) for offset in (0, 4, 11, 50)]

        assert parts == [b"0123456789\n", b"456789\n", b"", b""]

    def test_a_log_is_followed_to_its_end(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start("echo first; sleep 1; echo last; exit 1")

        log = b"".join(cluster.logs(name, follow=True))

        assert log == b"first\nlast\n"

    def test_a_log_is_followed_from_an_offset(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start("echo first; sleep 1; echo last")
        pods.printed(name, "first")

        log = b"".join(cluster.logs(name, 3, follow=True))

        assert log == b"st\nlast\n"

    def test_what_is_printed_arrives_while_the_pod_runs(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start("echo first; sleep 600")

        with pods.timer("the first line") as late:
            for part in cluster.logs(name, follow=True):
                if late.is_set() or b"first" in part:
                    break

        assert not late.is_set()
        assert not cluster.read(name).is_final

    def test_the_log_of_a_pod_that_has_ended_is_not_waited_for(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start("echo all")
        pods.ended(name)

        assert b"".join(cluster.logs(name, follow=True)) == b"all\n"

    def test_any_bytes_may_be_printed(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start(r"printf '\377\376\001gr\303\274n\r\nno end'")
        pods.ended(name)

        assert b"".join(cluster.logs(name)) == b"\xff\xfe\x01gr\xc3\xbcn\r\nno end"

    def test_a_long_log_is_whole(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done")
        pods.ended(name)

        lines = b"".join(cluster.logs(name)).splitlines()

        assert len(lines) == 20_000
        assert lines[-1] == b"line 19999"

    def test_several_may_follow_one_log(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start("echo first; sleep 1; echo last")
        found: list[bytes] = []
        threads = [
            threading.Thread(target=lambda: found.append(b"".join(cluster.logs(name, follow=True))))
            for _ in range(3)
        ]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(self.patience_s)

        assert found == [b"first\nlast\n"] * 3

    def test_the_log_of_a_pod_that_is_not_there_is_not_found(self, cluster: Cluster) -> None:
        with pytest.raises(MLRunNotFoundError, match="no pod 'nowhere'"):
            list(cluster.logs("nowhere"))
