"""States of pods, from what a real cluster said of them (recorded_pods.json) and what the documents say."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from mlrun.cluster.kubernetes.states import pod_state, work_of
from mlrun.testing.kubernetes_api import pod

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("recorded_pods.json").read_text())


@pytest.mark.parametrize(
    ("recorded", "phase", "reason", "exit_code", "message"),
    [
        ("succeeded", "succeeded", "Completed", 0, ""),
        ("running", "running", "", None, ""),
        ("exit code", "failed", "Error", 3, "ended with exit code 3"),
        ("out of memory", "failed", "OOMKilled", 137, "needed more memory than its limit of 32Mi"),
        ("no program", "failed", "StartError", 128, '"nonsense": executable file not found'),
        ("no image", "pending", "ImagePullBackOff", None, '"localhost/nothing:here"; mlrun build makes'),
        ("no secret", "pending", "CreateContainerConfigError", None, 'secret "nope" not found'),
        ("no node", "pending", "Unschedulable", None, "0/1 nodes are available: 1 node(s) didn't match"),
        ("deadline", "failed", "DeadlineExceeded", None, "longer than the specified deadline"),
        ("evicted", "failed", "Evicted", None, 'Usage of EmptyDir volume "e" exceeds the limit'),
    ],
)
def test_a_state_says_how_it_is_and_why(
    recorded: str, phase: str, reason: str, exit_code: int | None, message: str
) -> None:
    state = pod_state(RECORDED[recorded])

    assert (state.phase, state.reason, state.exit_code) == (phase, reason, exit_code)
    assert message in state.message
    assert state.is_scheduled == (recorded != "no node")


def test_a_state_says_what_when_and_where() -> None:
    state = pod_state(RECORDED["exit code"])

    assert (state.name, state.kind, state.node) == ("exit3", "Pod", "test-node")
    assert state.labels == {"run": "exit3"}
    assert (state.created, state.started, state.ended) == (
        "2026-11-26T14:30:20Z",
        "2026-11-26T14:30:21Z",
        "2026-11-26T14:30:22Z",
    )


def test_a_program_that_did_not_start_has_no_start() -> None:
    assert pod_state(RECORDED["no program"]).started == ""


def test_a_pod_that_is_just_created_is_pending() -> None:
    assert pod_state({"metadata": {"name": "a"}}).phase == "pending"


def test_a_node_that_is_lost_leaves_the_pod_unknown() -> None:
    state = pod_state(pod("a", "Running", reason="NodeLost", message="Node n is unresponsive"))

    assert (state.phase, state.reason, state.message) == ("unknown", "NodeLost", "Node n is unresponsive")


@pytest.mark.parametrize(("code", "phase"), [(0, "succeeded"), (3, "failed")])
def test_a_pod_has_ended_with_its_work_though_others_serve_on(code: int, phase: str) -> None:
    """As the proxy of a service mesh does."""
    proxy = {"name": "proxy", "state": {"running": {"startedAt": "2026-11-26T14:30:22Z"}}}
    base = {"name": "base", "state": {"terminated": {"exitCode": code}}}

    state = pod_state(pod("a", "Running", containerStatuses=[proxy, base]))

    assert (state.phase, state.exit_code) == (phase, code)


def test_a_container_that_will_be_started_again_has_not_ended() -> None:
    again = pod(
        "a", "Running", containerStatuses=[{"name": "base", "state": {"terminated": {"exitCode": 3}}}]
    )
    again["spec"]["restartPolicy"] = "OnFailure"

    assert pod_state(again).phase == "running"


def test_an_init_container_that_fails_is_named() -> None:
    failed = {"name": "fetch", "state": {"terminated": {"exitCode": 2, "reason": "Error"}}}
    waiting = {"name": "base", "state": {"waiting": {"reason": "PodInitializing"}}}

    state = pod_state(pod("a", "Failed", initContainerStatuses=[failed], containerStatuses=[waiting]))

    assert (state.reason, state.message) == ("Error", "ended with exit code 2 (container fetch)")


def test_a_signal_is_named() -> None:
    ended = {"name": "base", "state": {"terminated": {"exitCode": 139, "reason": "Error"}}}

    assert "SIGSEGV" in pod_state(pod("a", "Failed", containerStatuses=[ended])).message


def test_a_message_that_the_program_left_is_told() -> None:
    ended = {"name": "base", "state": {"terminated": {"exitCode": 1, "message": "no licence"}}}

    assert pod_state(pod("a", "Failed", containerStatuses=[ended])).message == "no licence"


def test_what_the_cluster_took_the_pod_away_for_goes_before_its_exit_code() -> None:
    taken = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "PreemptionByScheduler",
        "message": "made room for another pod",
    }
    ended = [{"name": "base", "state": {"terminated": {"exitCode": 137, "reason": "Error"}}}]

    state = pod_state(pod("a", "Failed", conditions=[taken], containerStatuses=ended))

    assert (state.reason, state.message) == ("PreemptionByScheduler", "made room for another pod")


@pytest.mark.parametrize(
    ("ended", "reason"),
    [
        ("2026-11-26T14:30:25Z", "Deleted"),
        ("2026-11-26T14:30:19Z", "Error"),
    ],
    ids=["after it was asked to end", "before"],
)
def test_a_pod_that_was_asked_to_end_was_deleted(ended: str, reason: str) -> None:
    terminated = {"exitCode": 143, "reason": "Error", "finishedAt": ended}
    asked = pod("a", "Failed", containerStatuses=[{"name": "base", "state": {"terminated": terminated}}])
    asked["metadata"] |= {"deletionTimestamp": "2026-11-26T14:30:50Z", "deletionGracePeriodSeconds": 30}

    assert pod_state(asked).reason == reason


def test_a_pod_that_used_too_much_memory_did_so_though_it_is_deleted() -> None:
    asked = copy.deepcopy(RECORDED["out of memory"])
    asked["metadata"] |= {"deletionTimestamp": "2026-11-26T14:30:20Z", "deletionGracePeriodSeconds": 0}

    assert pod_state(asked).reason == "OOMKilled"


def test_the_work_is_in_the_container_base_or_else_in_the_first() -> None:
    assert work_of([{"name": "proxy"}, {"name": "base"}]) == {"name": "base"}
    assert work_of([{"name": "launcher"}, {"name": "proxy"}]) == {"name": "launcher"}
    assert work_of([]) == {}
