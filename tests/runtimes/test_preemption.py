"""Nodes that can be taken away, by the mode of a function."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

import mlrun
from mlrun.config import mlconf
from mlrun.errors import MLRunAccessDeniedError, MLRunInvalidArgumentError, RunError
from mlrun.model.pod import PodState
from mlrun.runtimes.preemption import placed
from mlrun.testing.kubernetes import IMAGE

TAINT = {"key": "spot", "operator": "Exists", "effect": "NoSchedule"}
OWN = {"key": "gpu", "operator": "Exists"}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


@pytest.fixture(autouse=True)
def preemptible(home: Any) -> None:
    mlconf.preemptible_nodes.node_selector = '{"spot": "true", "cheap": "yes"}'
    mlconf.preemptible_nodes.tolerations = base64.b64encode(json.dumps([TAINT]).encode()).decode()


def terms_of(fields: dict[str, Any]) -> Any:
    terms = fields["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    return [
        [(one["key"], one["operator"], *one["values"]) for one in term["matchExpressions"]] for term in terms
    ]


@pytest.mark.parametrize("mode", ["", "prevent"])
def test_pods_stay_away_from_such_nodes(mode: str) -> None:
    told = placed({"tolerations": [OWN, TAINT], "nodeName": "one"}, mode)

    assert terms_of(told) == [[("spot", "NotIn", "true"), ("cheap", "NotIn", "yes")]]
    assert (told["tolerations"], told["nodeName"]) == ([OWN], "one")


def test_pods_may_go_there() -> None:
    assert placed({"tolerations": [OWN]}, "allow") == {"tolerations": [OWN, TAINT]}


def test_pods_go_only_there_beside_what_they_ask_for() -> None:
    disk = {"key": "disk", "operator": "In", "values": ["ssd"]}
    own = {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [disk]}]}}}

    told = placed({"affinity": {**own, "podAffinity": {}}, "tolerations": [TAINT]}, "constrain")

    ssd = ("disk", "In", "ssd")
    assert terms_of(told) == [[ssd, ("spot", "In", "true")], [ssd, ("cheap", "In", "yes")]]
    assert told["tolerations"] == [TAINT]
    assert own["nodeAffinity"][REQUIRED]["nodeSelectorTerms"] == [{"matchExpressions": [disk]}]


def test_nothing_is_added_where_that_is_said() -> None:
    assert placed({"nodeName": "one"}, "none") == {"nodeName": "one"}


def test_nothing_is_added_where_there_are_no_such_nodes() -> None:
    mlconf.preemptible_nodes.node_selector, mlconf.preemptible_nodes.tolerations = "e30=", "W10="

    assert placed({}, "prevent") == {} and placed({}, "constrain") == {}


def test_a_function_that_asks_for_such_nodes_gets_them_unless_its_mode_excludes_them() -> None:
    asks = {"nodeSelector": {"spot": "true"}}

    assert placed(asks, "") == asks
    with pytest.raises(MLRunInvalidArgumentError, match="asks for spot=true, and preemption mode 'prevent'"):
        placed(asks, "prevent")


@pytest.mark.parametrize("text", ["spot", "[]", "bm9uZQ=="])
def test_a_setting_that_is_none_is_told(text: str) -> None:
    mlconf.preemptible_nodes.node_selector = text

    with pytest.raises(MLRunInvalidArgumentError, match="no JSON such as"):
        placed({}, "")


# on Kubernetes, whose scheduler decides


@pytest.fixture
def node(kubernetes: Any) -> Iterator[str]:
    """A node that can be taken away; its name is that of its label and of its taint."""
    with kubernetes.spare_node() as name:
        yield name


@pytest.fixture
def job(on_kubernetes: None, node: str) -> Any:
    """A job, where the settings say that the node can be taken away."""
    mlconf.preemptible_nodes.node_selector = json.dumps({node: "yes"})
    mlconf.preemptible_nodes.tolerations = json.dumps([{"key": node, "operator": "Exists"}])
    return mlrun.new_function("train", kind="job", image=IMAGE).with_code(body="def train(context): pass\n")


def placed_at(kubernetes: Any, job: Any, is_refused: bool = False) -> PodState:
    """
    The pod of a run of *job*, once the scheduler has said where it goes, or that a taint keeps it away.

    What the scheduler says before it knows of the node is nothing to go by.
    """
    run = job.run(handler="train", watch=False)
    found: list[PodState] = []

    def is_decided() -> bool:
        found[:] = kubernetes.cluster().list({"mlrun/uid": run.uid()})
        return any("taint" in state.message if is_refused else state.is_scheduled for state in found)

    kubernetes.wait(is_decided, "the scheduler has decided")
    kubernetes.cluster().delete(found[0].name, grace_s=0)
    return found[0]


@pytest.mark.parametrize(("mode", "is_there"), [("constrain", True), ("prevent", False), ("", False)])
def test_a_mode_says_whether_the_scheduler_takes_such_a_node(
    kubernetes: Any, job: Any, node: str, mode: str, is_there: bool
) -> None:
    if mode:
        job.with_preemption_mode(mode)

    state = placed_at(kubernetes, job)

    assert state.is_scheduled and (state.node == node) == is_there


def test_where_a_mode_and_a_function_want_the_node_it_goes_there(
    kubernetes: Any, job: Any, node: str
) -> None:
    job.with_node_selection(node_selector={node: "yes"})
    job.with_preemption_mode("allow")

    assert placed_at(kubernetes, job).node == node


def test_a_node_that_is_asked_for_and_not_tolerated_refuses_the_pod(
    kubernetes: Any, job: Any, node: str
) -> None:
    job.with_node_selection(node_selector={node: "yes"})
    job.with_preemption_mode("none")

    state = placed_at(kubernetes, job, is_refused=True)

    assert (state.is_scheduled, state.phase, state.reason) == (False, "pending", "Unschedulable")
    assert "nodes are available: " in state.message


def test_tolerations_and_affinity_of_a_function_choose_the_node(kubernetes: Any, job: Any, node: str) -> None:
    expression = {"key": node, "operator": "In", "values": ["yes"]}
    terms = {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}
    job.with_node_selection(
        affinity={"nodeAffinity": terms}, tolerations=[{"key": node, "operator": "Exists"}]
    )
    job.with_preemption_mode("none")

    assert placed_at(kubernetes, job).node == node


def is_admitted(kubernetes: Any, priority_class: str) -> bool:
    """Whether the API server takes a pod of that class, which it learns of later than it was made."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "never-made"},
        "spec": {"priorityClassName": priority_class, "containers": [{"name": "base", "image": IMAGE}]},
    }
    try:
        kubernetes.ask("POST", f"/api/v1/namespaces/{kubernetes.name}/pods?dryRun=All", pod)
    except MLRunAccessDeniedError:
        return False
    return True


def test_a_priority_class_gives_the_pod_its_priority(kubernetes: Any, job: Any, node: str) -> None:
    kind = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass"}
    classes = "/apis/scheduling.k8s.io/v1/priorityclasses"
    kubernetes.ask("POST", classes, {**kind, "metadata": {"name": node}, "value": 7})
    try:
        kubernetes.wait(lambda: is_admitted(kubernetes, node), f"pods may have the priority class {node}")
        job.with_priority_class(node)
        job.with_preemption_mode("constrain")
        run = job.run(handler="train", watch=False)
        pods = kubernetes.ask("GET", f"/api/v1/namespaces/{kubernetes.name}/pods")["items"]
    finally:
        kubernetes.ask("DELETE", f"{classes}/{node}")

    (pod,) = [pod for pod in pods if pod["metadata"]["labels"].get("mlrun/uid") == run.uid()]
    assert (pod["spec"]["priorityClassName"], pod["spec"]["priority"]) == (node, 7)


def test_a_pod_without_a_place_says_why_while_it_waits_and_when_it_is_given_up(
    job: Any, node: str, capfd: pytest.CaptureFixture[str]
) -> None:
    job.with_node_selection(node_selector={node: "no"})

    with pytest.raises(RunError, match=r"waited for a place to run .* \d+/\d+ nodes are available: "):
        job.run(handler="train", state_thresholds={"pending_not_scheduled": "10s"})

    assert "waits: Unschedulable: " in capfd.readouterr().err
