"""Secrets of resources and of projects."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from mlrun.cluster.kubernetes import secret
from mlrun.cluster.kubernetes.account import open_account
from mlrun.cluster.kubernetes.connection import Connection
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError
from mlrun.testing.kubernetes_api import Reply, ScriptedApiServer, pod, status

PATH = "/api/v1/namespaces/default/secrets"
EXISTS = Reply(409, status(409, 'secrets "s" already exists', "AlreadyExists"))
NOT_FOUND = Reply(404, status(404, 'secrets "s" not found'))
DONE = Reply(body={})


@pytest.fixture
def to_server(server: ScriptedApiServer, tmp_path: Any) -> Connection:
    file = server.kubeconfig(tmp_path)
    return Connection(lambda: open_account(file))


@pytest.fixture
def on_cluster(kubernetes: Any) -> Connection:
    """To a real cluster."""
    return Connection(lambda: open_account(kubernetes.kubeconfig), kubernetes.name)


def test_a_secret_of_a_pod_names_its_owner(server: ScriptedApiServer, to_server: Connection) -> None:
    server.on("POST", PATH, DONE)
    owner = pod("a")
    owner["metadata"]["labels"] = {"mlrun/uid": "3f2a"}

    secret.create_owned(to_server, "s", {"key": "grün"}, owner)

    sent = server.asked("POST", PATH)[0].body
    assert sent["metadata"]["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "uid-a"}
    ]
    assert sent["metadata"]["labels"] == {"mlrun/uid": "3f2a"}
    assert base64.b64decode(sent["data"]["key"]).decode() == "grün"


def test_an_answer_that_was_lost_does_not_look_like_somebody_else_s(
    server: ScriptedApiServer, to_server: Connection
) -> None:
    server.on("POST", PATH, Reply(is_dropped=True), EXISTS)
    server.on("GET", f"{PATH}/s", Reply(body={"metadata": {"ownerReferences": [{"uid": "uid-a"}]}}))

    secret.create_owned(to_server, "s", {"key": "1"}, pod("a"))


def test_a_secret_that_is_somebody_else_s_is_not_used(
    server: ScriptedApiServer, to_server: Connection
) -> None:
    server.on("POST", PATH, EXISTS)
    server.on("GET", f"{PATH}/s", Reply(body={"metadata": {"name": "s"}}))

    with pytest.raises(MLRunConflictError, match="secret s exists, and does not belong to a"):
        secret.create_owned(to_server, "s", {"key": "1"}, pod("a"))


def test_a_secret_of_an_earlier_pod_of_that_name_is_out_of_the_way(
    server: ScriptedApiServer, to_server: Connection
) -> None:
    """The cluster takes it away by itself, but later."""
    earlier = {"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "uid-earlier"}
    server.on("POST", PATH, EXISTS, EXISTS, DONE)
    old = {"metadata": {"name": "s", "uid": "uid-s", "ownerReferences": [earlier]}}
    server.on("GET", f"{PATH}/s", Reply(body=old), NOT_FOUND)
    server.on("DELETE", f"{PATH}/s", DONE)

    secret.create_owned(to_server, "s", {"key": "1"}, pod("a"))

    assert server.asked("DELETE", PATH)[0].body == {"preconditions": {"uid": "uid-s"}}
    assert len(server.asked("POST", PATH)) == 3


@pytest.mark.parametrize(
    ("owner", "is_left_over"),
    [("uid-earlier", False), ("uid-now", True), ("", True)],
    ids=["its own", "of an earlier one", "of one that is gone"],
)
def test_what_belonged_to_an_earlier_one_of_a_name_is_left_over(owner: str, is_left_over: bool) -> None:
    reference = {"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "uid-earlier"}
    there = {"metadata": {"name": "s", "ownerReferences": [reference]}}
    now = pod("a")
    now["metadata"]["uid"] = owner

    assert secret.is_left_over(there, now) is is_left_over


@pytest.mark.parametrize(
    "reference",
    [{}, {"apiVersion": "v1", "kind": "Pod", "name": "b", "uid": "uid-b"}],
    ids=["a user's", "another pod's"],
)
def test_what_belonged_to_others_is_not_left_over(reference: dict[str, str]) -> None:
    there = {"metadata": {"name": "s", "ownerReferences": [reference] if reference else []}}

    assert not secret.is_left_over(there, pod("a"))


@pytest.mark.parametrize("act", [secret.put, lambda *given: secret.create_owned(*given[:3], pod("a"))])
def test_no_error_has_a_value(server: ScriptedApiServer, to_server: Connection, act: Any) -> None:
    encoded = base64.b64encode(b"hunter2").decode()
    webhook = Reply(422, status(422, f"admission webhook denied {{'key': 'hunter2', 'data': '{encoded}'}}"))
    server.on("POST", PATH, webhook)
    server.on("PATCH", PATH, webhook)

    with pytest.raises(MLRunInvalidArgumentError, match="webhook denied") as caught:
        act(to_server, "s", {"key": "hunter2"}, {})

    assert "hunter2" not in str(caught.value) and encoded not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_key_that_is_none_is_refused(to_server: Connection) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"letters, digits, .*: 'a b', 'ü'"):
        secret.put(to_server, "s", {"a b": "1", "ok": "2", "ü": "3"}, {})


def test_two_that_create_it_at_once_both_set_their_keys(
    server: ScriptedApiServer, to_server: Connection
) -> None:
    server.on("PATCH", f"{PATH}/s", NOT_FOUND, DONE)
    server.on("POST", PATH, EXISTS)

    secret.put(to_server, "s", {"key": "1"}, {})

    assert len(server.asked("PATCH", PATH)) == 2


def test_keys_are_set_and_taken_out(on_cluster: Connection) -> None:
    name = "mlrun-project-secrets-iris"
    secret.put(on_cluster, name, {"a": "1", "mlrun.b": "2"}, {"mlrun/project": "iris"})
    secret.put(on_cluster, name, {"c": "3"}, {"mlrun/project": "iris"})
    assert secret.keys(on_cluster, name) == ["a", "c", "mlrun.b"]

    secret.delete_keys(on_cluster, name, ["a", "nowhere"])
    assert secret.keys(on_cluster, name) == ["c", "mlrun.b"]

    secret.delete(on_cluster, name)
    assert secret.keys(on_cluster, name) == []


def test_taking_away_what_is_not_there_is_nothing(on_cluster: Connection) -> None:
    secret.delete(on_cluster, "nowhere")
    secret.delete_keys(on_cluster, "nowhere", ["a"])

    assert secret.keys(on_cluster, "nowhere") == []
