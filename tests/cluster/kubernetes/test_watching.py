"""Watches through all that can happen to a connection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mlrun.cluster.kubernetes import watching
from mlrun.errors import MLRunAccessDeniedError, MLRunInvalidArgumentError, MLRunServiceUnavailableError
from mlrun.model.pod import PodState
from mlrun.testing.kubernetes_api import Reply, ScriptedApiServer, event, listed, pod, status

HELD = Reply(parts=[], then="hold")
ENDED = pod("a", "Succeeded", version=9)
PATH = "/api/v1/namespaces/default/pods"


@pytest.fixture
def alive() -> Callable[[], list[threading.Thread]]:
    """Gives threads of this test that still watch, after each had a time to end."""
    others = threading.enumerate()

    def watching() -> list[threading.Thread]:
        return [one for one in threading.enumerate() if one.name == "mlrun-watch" and one not in others]

    def left() -> list[threading.Thread]:
        for thread in watching():
            thread.join(120)
        return watching()

    return left


@pytest.fixture(autouse=True)
def hardly_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching.Pauses, "next", lambda pauses, at_least_s=0: 0.001)


def told(states: Iterator[PodState]) -> list[tuple[str, str, str]]:
    """What a watch gives until ``a`` has ended."""
    found = []
    for state in states:
        found.append((state.name, state.phase, state.reason))
        if state.name == "a" and state.is_final:
            break
    return found


def listings(server: ScriptedApiServer) -> int:
    return len([one for one in server.asked("GET", PATH) if "watch" not in one.query])


def versions(server: ScriptedApiServer) -> list[str]:
    """From which the watches began."""
    return [one.query["resourceVersion"] for one in server.asked("GET", PATH) if "watch" in one.query]


def test_what_is_there_is_told_and_then_each_change(server: ScriptedApiServer, scripted: Any) -> None:
    server.on("GET", PATH, listed(pod("a", "Pending"), version=5))
    server.on("GET", "watch=true", Reply(parts=[event("MODIFIED", pod("a")), event("MODIFIED", ENDED)]), HELD)

    found = told(scripted.watch({"mlrun/uid": "3f2a"}))

    assert found == [("a", "pending", ""), ("a", "running", ""), ("a", "succeeded", "Completed")]
    assert {one.query["labelSelector"] for one in server.asked("GET", PATH)} == {"mlrun/uid=3f2a"}


def test_what_has_not_changed_is_told_once(server: ScriptedApiServer, scripted: Any) -> None:
    server.on("GET", PATH, listed(pod("a")))
    same = event("MODIFIED", pod("a", version=2))
    server.on("GET", "watch=true", Reply(parts=[same, same, event("MODIFIED", ENDED)]), HELD)

    assert told(scripted.watch()) == [("a", "running", ""), ("a", "succeeded", "Completed")]


def test_a_watch_that_the_server_ends_goes_on_where_it_was(server: ScriptedApiServer, scripted: Any) -> None:
    server.on("GET", PATH, listed(pod("a", "Pending"), version=5))
    server.on(
        "GET",
        "watch=true",
        Reply(parts=[event("MODIFIED", pod("a", version=7))]),
        Reply(parts=[event("BOOKMARK", {"metadata": {"resourceVersion": "8"}})]),
        Reply(parts=[event("MODIFIED", ENDED)]),
        HELD,
    )

    found = told(scripted.watch())

    assert [phase for _, phase, _ in found] == ["pending", "running", "succeeded"]
    assert versions(server)[:3] == ["5", "7", "8"]
    assert listings(server) == 1


@pytest.mark.parametrize(
    "broken",
    [
        Reply(parts=[event("MODIFIED", pod("a"))[:40]], then="drop"),
        Reply(parts=[event("ERROR", status(410, "too old resource version: 5 (99)"))]),
        Reply(parts=[event("ERROR", status(500, "the leader is gone"))]),
        Reply(410, status(410, "Gone")),
        Reply(500, status(500, "etcd has no leader")),
        Reply(429, status(429, "too many requests"), {"Retry-After": "1"}),
        Reply(503, b"upstream connect error"),
        Reply(is_dropped=True),
    ],
    ids=["in a line", "410 said", "500 said", "410", "500", "429", "503", "dropped"],
)
def test_after_a_break_everything_is_listed_again(
    server: ScriptedApiServer, scripted: Any, broken: Reply
) -> None:
    server.on("GET", PATH, listed(pod("a"), pod("b"), version=5), listed(pod("a"), version=6))
    server.on("GET", "watch=true", broken, Reply(parts=[event("MODIFIED", ENDED)]), HELD)

    found = told(scripted.watch())

    assert found == [
        ("a", "running", ""),
        ("b", "running", ""),
        ("b", "failed", "Deleted"),
        ("a", "running", ""),
        ("a", "succeeded", "Completed"),
    ]
    assert versions(server)[:2] == ["5", "6"]


def test_a_token_that_expires_while_watching_is_read_anew(server: ScriptedApiServer, scripted: Any) -> None:
    server.on("GET", PATH, listed(pod("a")))
    expired = Reply(401, status(401, "Unauthorized"))
    server.on("GET", "watch=true", expired, Reply(parts=[event("MODIFIED", ENDED)]), HELD)

    assert told(scripted.watch()) == [("a", "running", ""), ("a", "succeeded", "Completed")]


@pytest.mark.parametrize(
    "away", [Reply(is_dropped=True), Reply(500, status(500, "no etcd")), Reply(body=b"<html>")]
)
def test_a_server_that_stays_away_for_a_while_is_waited_for(
    server: ScriptedApiServer,
    scripted: Any,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
    away: Reply,
) -> None:
    monkeypatch.setattr("mlrun.cluster.kubernetes.connection.PATIENCE_S", 0.01)
    down = [away] * 30
    server.on("GET", PATH, listed(pod("a")), *down, listed(ENDED))
    server.on("GET", "watch=true", Reply(parts=[], then="drop"))

    assert told(scripted.watch()) == [("a", "running", ""), ("a", "succeeded", "Completed")]


def test_one_that_is_deleted_before_its_end_has_failed(server: ScriptedApiServer, scripted: Any) -> None:
    server.on("GET", PATH, listed(pod("a")))
    server.on("GET", "watch=true", Reply(parts=[event("DELETED", pod("a", version=3))]), HELD)

    assert told(scripted.watch()) == [("a", "running", ""), ("a", "failed", "Deleted")]


def test_one_whose_end_is_seen_with_its_deletion_ended_so(server: ScriptedApiServer, scripted: Any) -> None:
    server.on("GET", PATH, listed(pod("a")))
    server.on("GET", "watch=true", Reply(parts=[event("DELETED", ENDED)]), HELD)

    assert told(scripted.watch()) == [("a", "running", ""), ("a", "succeeded", "Completed")]


def test_one_that_had_ended_is_deleted_in_silence(server: ScriptedApiServer, scripted: Any) -> None:
    over = pod("b", "Failed", reason="Evicted")
    server.on("GET", PATH, listed(over, pod("a")))
    server.on("GET", "watch=true", Reply(parts=[event("DELETED", over), event("MODIFIED", ENDED)]), HELD)

    assert [state[0] for state in told(scripted.watch())] == ["b", "a", "a"]


def test_a_long_list_comes_in_pages(server: ScriptedApiServer, scripted: Any) -> None:
    first = Reply(body={"metadata": {"resourceVersion": "5", "continue": "page 2"}, "items": [pod("b")]})
    server.on("GET", PATH, first, listed(pod("a"), version=5))

    assert [state.name for state in scripted.list()] == ["b", "a"]
    assert [one.query.get("continue") for one in server.asked("GET", PATH)] == [None, "page 2"]


def test_a_long_list_whose_next_page_came_too_late_is_read_anew(
    server: ScriptedApiServer, scripted: Any
) -> None:
    first = Reply(body={"metadata": {"resourceVersion": "5", "continue": "page 2"}, "items": [pod("b")]})
    server.on("GET", PATH, first, Reply(410, status(410, "the continue token is too old")), listed(pod("a")))

    assert [state.name for state in scripted.list()] == ["a"]


def test_a_watch_ends_while_the_server_says_nothing(
    server: ScriptedApiServer, scripted: Any, alive: Callable[[], list[threading.Thread]]
) -> None:
    server.on("GET", PATH, listed(pod("a")))
    server.on("GET", "watch=true", HELD)
    stop = threading.Event()

    for _ in scripted.watch(stop=stop):
        stop.set()  # that this comes to an end is what is tested

    assert not alive()


def test_a_watch_ends_while_the_server_does_not_even_list(server: ScriptedApiServer, scripted: Any) -> None:
    stop = threading.Event()
    server.on("GET", PATH, Reply(parts=[stop.set], then="hold"))

    assert list(scripted.watch(stop=stop)) == []


def test_a_watch_that_nobody_goes_on_with_is_closed(
    server: ScriptedApiServer, scripted: Any, alive: Callable[[], list[threading.Thread]]
) -> None:
    server.on("GET", PATH, listed(pod("a")))
    server.on("GET", "watch=true", HELD)

    states = scripted.watch()
    next(states)
    states.close()

    assert not alive()


def test_a_server_that_is_not_there_at_first_is_told(
    server: ScriptedApiServer, scripted: Any, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlrun.cluster.kubernetes.connection.PATIENCE_S", 0.1)
    server.on("GET", PATH, Reply(is_dropped=True))

    with pytest.raises(MLRunServiceUnavailableError, match="can not be reached"):
        list(scripted.watch())


def test_what_another_try_does_not_mend_is_told(server: ScriptedApiServer, scripted: Any) -> None:
    server.on("GET", PATH, listed(pod("a")))
    server.on("GET", "watch=true", Reply(403, status(403, "pods is forbidden: cannot watch")))

    with pytest.raises(MLRunAccessDeniedError, match="cannot watch"):
        list(scripted.watch())


def test_a_kind_whose_operator_is_not_there_is_named(server: ScriptedApiServer, scripted: Any) -> None:
    server.on("GET", "/mpijobs", Reply(404, b"404 page not found\n"))

    with pytest.raises(MLRunInvalidArgumentError, match=r"has no MPIJob \(kubeflow.org/v1\): the operator"):
        list(scripted.watch(kind="MPIJob"))
    assert scripted.list(kind="MPIJob") == []
