"""Pods, and the resources of operators that stand for theirs."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mlrun.errors import MLRunNotFoundError
from mlrun.testing.kubernetes_api import Reply, ScriptedApiServer, listed, pod, status

NOT_FOUND = Reply(404, status(404, "not found"))
GROUPS = {"groups": [{"name": "kubeflow.org", "versions": [{"groupVersion": "kubeflow.org/v1"}]}]}
JOB = {
    "apiVersion": "kubeflow.org/v1",
    "kind": "MPIJob",
    "metadata": {"name": "train", "uid": "1", "creationTimestamp": "2026-11-26T14:30:20Z"},
    "status": {"replicaStatuses": {"Launcher": {"succeeded": 1}}},
}


@pytest.fixture
def operator(server: ScriptedApiServer) -> ScriptedApiServer:
    """A server with an operator, which has one job and no pod."""
    server.on("GET", "/pods/train", NOT_FOUND)
    server.on("GET", "/pods?", listed())
    server.on("GET", "/apis", Reply(body=GROUPS))
    server.on("GET", "/mpijobs?", lambda request: listed(JOB))
    server.on("GET", "/mpijobs/train", Reply(body=JOB))
    return server


def test_a_name_is_that_of_an_operators_resource_too(operator: ScriptedApiServer, scripted: Any) -> None:
    state = scripted.read("train")

    assert (state.name, state.kind, state.phase) == ("train", "MPIJob", "succeeded")


def test_resources_are_listed_beside_pods(operator: ScriptedApiServer, scripted: Any) -> None:
    operator.on("GET", "/pods?", listed(pod("other", "Running")))

    assert {(state.name, state.kind) for state in scripted.list()} == {("other", "Pod"), ("train", "MPIJob")}


def test_resources_are_watched_beside_pods(operator: ScriptedApiServer, scripted: Any) -> None:
    stop = threading.Event()

    for state in scripted.watch(stop=stop):
        stop.set()
        assert (state.name, state.kind) == ("train", "MPIJob")


def test_an_operator_that_is_taken_away_ends_no_watch_of_pods(
    operator: ScriptedApiServer, scripted: Any
) -> None:
    operator.on("GET", "/mpijobs?", lambda request: listed({**JOB, "status": {}}))
    operator.on("GET", "/mpijobs?watch=true", Reply(404, b"404 page not found\n"))
    operator.on("GET", "/pods?watch=true", Reply(parts=[], then="hold"))

    states = scripted.watch()
    found = [next(states), next(states)]
    states.close()

    assert [(state.phase, state.reason) for state in found] == [("pending", ""), ("failed", "Deleted")]


def test_a_resource_is_deleted_by_its_name(operator: ScriptedApiServer, scripted: Any) -> None:
    deleted: list[str] = []
    operator.on("DELETE", "/pods/train", NOT_FOUND)
    operator.on("DELETE", "/mpijobs/train", lambda request: deleted.append("train") or Reply(body={}))

    scripted.delete("train")

    assert deleted == ["train"]


def test_without_operators_pods_are_all(server: ScriptedApiServer, scripted: Any) -> None:
    server.on("GET", "/pods/train", NOT_FOUND)
    server.on("GET", "/pods?", listed())
    server.on("GET", "/apis", Reply(body={"groups": []}))

    assert scripted.list() == []
    with pytest.raises(MLRunNotFoundError, match="no pod 'train'"):
        scripted.read("train")


def test_operators_that_are_not_for_this_account_are_left_out(
    operator: ScriptedApiServer, scripted: Any
) -> None:
    operator.on("GET", "/mpijobs", Reply(403, status(403, "forbidden")))

    assert scripted.list() == []
