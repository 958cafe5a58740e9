"""What every cluster promises about a pod from its creation to its end."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest

from mlrun.cluster.base import Cluster
from mlrun.errors import MLRunConflictError, MLRunNotFoundError, MLRunRuntimeError
from mlrun.model.pod import PodPhase
from mlrun.testing.cluster_pods import Pods
from mlrun.testing.cluster_setup import ClusterSetup

HOG = "a=0123456789abcdef; while :; do a=$a$a; done"  # takes all the memory that it gets


class LifeContract(ClusterSetup):
    """A pod is created, found, and ends as its container does."""

    def test_a_pod_runs_and_succeeds(self, pods: Pods) -> None:
        state, log = pods.run("echo done")

        assert (state.phase, state.exit_code, state.reason) == ("succeeded", 0, "Completed")
        assert log == "done\n"

    def test_a_state_says_what_when_and_where(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start("echo ready; sleep 600", labels={"colour": "green"})
        pods.printed(name, "ready")
        pods.until(lambda: cluster.read(name).phase == "running", f"{name} is running")

        state = cluster.read(name)

        assert (state.name, state.kind, state.is_scheduled) == (name, "Pod", True)
        assert state.node
        assert state.labels["colour"] == "green"
        assert (state.exit_code, state.ended) == (None, "")
        assert state.created <= state.started
        assert datetime.datetime.fromisoformat(state.started).tzinfo is not None

    def test_a_pod_that_has_ended_says_when(self, pods: Pods) -> None:
        state, _ = pods.run("true")

        created, started, ended = (
            datetime.datetime.fromisoformat(time) for time in (state.created, state.started, state.ended)
        )
        assert created <= started <= ended

    def test_a_failing_pod_gives_its_exit_code(self, pods: Pods) -> None:
        state, _ = pods.run("exit 3")

        assert (state.phase, state.exit_code, state.reason) == ("failed", 3, "Error")

    def test_a_pod_that_is_killed_by_a_signal_has_failed(self, pods: Pods) -> None:
        state, _ = pods.run("sleep 600 & kill -9 $!; wait $!")

        assert (state.phase, state.exit_code) == ("failed", 137)

    def test_a_program_that_is_not_there_is_named(self, cluster: Cluster, pods: Pods) -> None:
        pod = pods.make("", command=["/no/such/program"])

        try:
            name = pods.create(pod)
        except MLRunRuntimeError as error:  # known at once
            assert "/no/such/program" in str(error)
            assert cluster.list(pods.selector) == []
            return

        state = pods.ended(name)
        assert state.phase == "failed"
        assert state.exit_code
        assert "/no/such/program" in state.message

    def test_what_a_pod_leaves_behind_does_not_keep_it_alive(self, pods: Pods) -> None:
        state, log = pods.run("sleep 600 & echo over")

        assert (state.phase, log) == ("succeeded", "over\n")

    def test_a_name_is_given_once(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start("echo first; sleep 600")
        pods.printed(name, "first")

        with pytest.raises(MLRunConflictError, match=f"pod {name} exists"):
            pods.start("echo second", name=name)

        assert pods.log(name) == "first\n"
        assert not cluster.read(name).is_final

    def test_a_pod_that_is_not_there_is_named(self, cluster: Cluster) -> None:
        with pytest.raises(MLRunNotFoundError, match="no pod 'nowhere'"):
            cluster.read("nowhere")

    def test_pods_are_listed_by_their_labels_with_those_that_have_ended(
        self, cluster: Cluster, pods: Pods
    ) -> None:
        first = pods.start("true", labels={"a": "1", "b": "1"})
        pods.ended(first)
        second = pods.start("sleep 600", labels={"a": "1", "b": "2"})
        pods.start("sleep 600", labels={"a": "2", "b": "2"})

        found = cluster.list({**pods.selector, "a": "1"})

        assert [state.name for state in found] == [first, second]
        assert [state.is_final for state in found] == [True, False]
        assert [state.name for state in cluster.list({**pods.selector, "a": "1", "b": "2"})] == [second]

    def test_without_labels_every_pod_is_listed(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start("true")

        assert name in [state.name for state in cluster.list()]

    def test_another_process_finds_a_pod_its_log_and_its_exit_code(
        self, pods: Pods, again: Callable[[], Cluster]
    ) -> None:
        name = pods.start("echo ready; sleep 1; exit 7")
        pods.printed(name, "ready")

        pods.cluster = other = again()
        state = pods.ended(name)

        assert (state.phase, state.exit_code) == ("failed", 7)
        assert pods.log(name) == "ready\n"
        assert [found.name for found in other.list(pods.selector)] == [name]

    def test_events_are_a_list(self, cluster: Cluster, pods: Pods) -> None:
        name = pods.start("true")
        pods.ended(name)

        assert all(event.reason and event.message for event in cluster.events(name))

    def test_threads_may_share_a_cluster(self, pods: Pods) -> None:
        names = [pods.start(f"echo {number}") for number in range(3)]

        with pods.watching() as one, pods.watching() as other:
            pods.until(lambda: set(names) <= one.ended(), "one has seen the end of all")
            pods.until(lambda: set(names) <= other.ended(), "the other, too")

        assert [pods.log(name) for name in names] == ["0\n", "1\n", "2\n"]

    def test_a_pod_that_takes_too_much_memory_is_ended_and_says_so(self, pods: Pods) -> None:
        if not self.limits_memory:
            pytest.skip("this cluster does not limit memory here")

        state, _ = pods.run(HOG, resources={"limits": {"memory": "64Mi"}})

        assert (state.phase, state.reason, state.exit_code) == ("failed", "OOMKilled", 137)

    def test_an_image_that_is_not_there_is_answered_with_how_to_build_it(
        self, cluster: Cluster, pods: Pods
    ) -> None:
        pod = pods.make("true", image="localhost/nobody/has-this:1", imagePullPolicy="IfNotPresent")
        if not self.pulls_images:
            assert pods.ended(pods.create(pod)).phase == "succeeded"
            return

        try:
            name = pods.create(pod)
        except MLRunNotFoundError as error:
            said = str(error)
        else:
            pods.until(lambda: "Pull" in cluster.read(name).reason, f"{name} has no image")
            state = cluster.read(name)
            assert state.phase in (PodPhase.PENDING, PodPhase.FAILED)
            said = state.message

        assert "localhost/nobody/has-this:1" in said
        assert "mlrun build" in said
