"""Logs through broken connections, new files and operators, without a byte lost or given twice."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from mlrun.cluster.kubernetes import logs
from mlrun.cluster.kubernetes.logs import Place
from mlrun.errors import MLRunNotFoundError
from mlrun.testing.kubernetes_api import Reply, ScriptedApiServer, event, listed, pod, status

PODS = "/api/v1/namespaces/default/pods"
RUNNING = {
    "containerStatuses": [{"name": "base", "state": {"running": {"startedAt": "2026-11-26T14:30:22Z"}}}]
}
WAITING = {"containerStatuses": [{"name": "base", "state": {"waiting": {"reason": "ContainerCreating"}}}]}
LIVE = pod("a", "Running", version=5, **RUNNING)
OVER = pod("a", "Succeeded", version=6)
TOO_EARLY = Reply(400, status(400, 'container "base" in pod "a" is waiting to start: ContainerCreating'))
NOT_FOUND = Reply(404, status(404, 'pods "a" not found'))


@pytest.fixture(autouse=True)
def hardly_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs.Pauses, "next", lambda pauses, at_least_s=0: 0.001)


def follow(cluster: Any, offset: int = 0) -> bytes:
    return b"".join(cluster.logs("a", offset, follow=True))


@pytest.mark.parametrize(
    ("place", "kept", "rest"),
    [
        (Place(0, 0), b"one\n", b"one\n"),
        (Place(2, 2), b"one\n", b"e\n"),
        (Place(9, 9), b"one\n", b""),
        (Place(4, 4, b"one\n"), b"one\ntwo\n", b"two\n"),
        (Place(99, 9, b"one\ntwo\n"), b"two\nthree\n", b"three\n"),
        (Place(99, 99, b"one\ntwo\n"), b"zero\none\ntwo\nthree\n", b"three\n"),
        (Place(99, 99, b"one\ntwo\n"), b"three\n", b"three\n"),
        (Place(99, 99, b"one\n"), b"", b""),
    ],
    ids=[
        "nothing read",
        "an offset",
        "past the end",
        "in place",
        "its end is the beginning",
        "in the middle",
        "new",
        "empty",
    ],
)
def test_the_rest_is_found_in_what_is_kept(place: Place, kept: bytes, rest: bytes) -> None:
    assert kept[place.in_log(kept) :] == rest


def test_a_log_that_breaks_off_goes_on_where_it_was(server: ScriptedApiServer, scripted: Any) -> None:
    server.on("GET", f"{PODS}/a", Reply(body=LIVE), Reply(body=LIVE), Reply(body=LIVE), Reply(body=OVER))
    server.on("GET", "/log?container=base", Reply(body=b"one\ntwo\nthree\nfour\n"))
    server.on(
        "GET",
        "follow=true",
        Reply(parts=[b"one\nt"], then="drop"),
        Reply(parts=[b"one\ntwo\nthr", b"ee\nfour\n"]),
    )
    server.on("GET", "watch=true", Reply(parts=[]))

    assert follow(scripted) == b"one\ntwo\nthree\nfour\n"


def test_a_log_that_began_anew_meanwhile_is_not_given_twice(server: ScriptedApiServer, scripted: Any) -> None:
    server.on("GET", f"{PODS}/a", Reply(body=LIVE), Reply(body=LIVE), Reply(body=OVER))
    server.on("GET", "/log?container=base", Reply(body=b"two\nthree\n"))
    server.on("GET", "follow=true", Reply(parts=[b"one\ntwo\n"], then="drop"))
    server.on("GET", "watch=true", Reply(parts=[event("MODIFIED", OVER)]))

    assert follow(scripted) == b"one\ntwo\nthree\n"


def test_an_offset_is_known_again_after_the_log_began_anew(server: ScriptedApiServer, scripted: Any) -> None:
    server.on("GET", f"{PODS}/a", Reply(body=LIVE))
    server.on("GET", "/log", Reply(body=b"one\ntwo\n"), Reply(body=b"two\nthree\n"), Reply(body=b"four\n"))

    parts = [b"".join(scripted.logs("a", offset)) for offset in (0, 8, 14)]

    assert parts == [b"one\ntwo\n", b"three\n", b"four\n"]


def test_a_pod_that_has_not_started_has_no_log(server: ScriptedApiServer, scripted: Any) -> None:
    server.on("GET", f"{PODS}/a", Reply(body=pod("a", "Pending", **WAITING)))
    server.on("GET", "/log", TOO_EARLY)

    assert list(scripted.logs("a")) == []


def test_a_pod_that_has_not_started_is_waited_for(server: ScriptedApiServer, scripted: Any) -> None:
    early = pod("a", "Pending", version=4, **WAITING)
    server.on("GET", f"{PODS}/a", Reply(body=early), Reply(body=early), Reply(body=OVER))
    server.on("GET", "/log?container=base", Reply(body=b"one\n"))
    server.on("GET", "follow=true", Reply(parts=[b"one\n"]))
    server.on("GET", "watch=true", Reply(parts=[event("MODIFIED", LIVE)]))

    assert follow(scripted) == b"one\n"
    assert server.asked("GET", PODS)[2].query["fieldSelector"] == "metadata.name=a"


@pytest.mark.parametrize(
    "watch",
    [
        Reply(parts=[event("DELETED", LIVE)]),
        Reply(410, status(410, "too old")),
        Reply(is_dropped=True),
        Reply(parts=[]),
    ],
    ids=["deleted", "410", "dropped", "ended"],
)
def test_following_ends_when_the_pod_is_gone(
    server: ScriptedApiServer, scripted: Any, pauses: list[float], watch: Reply
) -> None:
    early = Reply(body=pod("a", "Pending", version=4, **WAITING))
    server.on("GET", f"{PODS}/a", early, early, NOT_FOUND)
    server.on("GET", "watch=true", watch)

    assert follow(scripted) == b""


@pytest.mark.parametrize(
    "excuse",
    [
        b"unable to retrieve container logs for containerd://d90152b4",
        b'rpc error: code = NotFound desc = an error occurred when try to find container "d9": not found',
        b'failed to try resolving symlinks in path "/var/log/pods/a/0.log": lstat: no such file or directory',
    ],
)
def test_the_kubelet_saying_that_it_has_no_log_is_not_the_log(
    server: ScriptedApiServer, scripted: Any, excuse: bytes
) -> None:
    server.on("GET", f"{PODS}/a", Reply(body=LIVE), Reply(body=OVER))
    server.on("GET", "/log?container=base", Reply(body=excuse))
    server.on("GET", "follow=true", Reply(parts=[b"bye\n", excuse]))

    assert follow(scripted) == b"bye\n"


@pytest.mark.parametrize(
    "selector",
    ["mlrun/job=a,mlrun/role=launcher", "sparkoperator.k8s.io/app-name=a,spark-role=driver"],
)
def test_the_log_of_an_operator_s_resource_is_that_of_its_pod(
    server: ScriptedApiServer, scripted: Any, selector: str
) -> None:
    launcher = pod("a-launcher-x", "Succeeded")
    server.on("GET", f"{PODS}/a", NOT_FOUND)
    server.on(
        "GET", f"{PODS}?", lambda request: listed(*[launcher] * (request.query["labelSelector"] == selector))
    )
    server.on("GET", f"{PODS}/a-launcher-x/log", Reply(body=b"hello\n"))

    assert b"".join(scripted.logs("a")) == b"hello\n"
    assert follow(scripted, 2) == b"llo\n"


def test_the_pod_of_an_operator_s_resource_is_waited_for(server: ScriptedApiServer, scripted: Any) -> None:
    job = {"kind": "MPIJob", "metadata": {"name": "a", "uid": "1", "resourceVersion": "1"}}
    launcher = pod("a-launcher-x", "Succeeded")
    server.on("GET", f"{PODS}/a", NOT_FOUND)
    server.on("GET", f"{PODS}?", listed(), listed(), listed(launcher))
    server.on("GET", "/mpijobs/a", Reply(body=job))
    server.on("GET", "/mpijobs?watch=true", Reply(parts=[event("MODIFIED", job)]))
    server.on("GET", f"{PODS}/a-launcher-x/log", Reply(body=b"hello\n"))

    assert follow(scripted) == b"hello\n"


def test_a_resource_that_ended_without_a_pod_has_no_log(server: ScriptedApiServer, scripted: Any) -> None:
    failed = {"type": "Failed", "status": "True", "reason": "Invalid"}
    job = {"kind": "MPIJob", "metadata": {"name": "a"}, "status": {"conditions": [failed]}}
    server.on("GET", f"{PODS}/a", NOT_FOUND)
    server.on("GET", f"{PODS}?", listed())
    server.on("GET", "/mpijobs/a", Reply(body=job))

    assert (follow(scripted), list(scripted.logs("a"))) == (b"", [])


def test_an_account_that_may_not_see_operators_reads_the_logs_of_pods(
    server: ScriptedApiServer, scripted: Any
) -> None:
    server.on("GET", f"{PODS}/a", NOT_FOUND)
    server.on("GET", f"{PODS}?", listed())
    server.on("GET", "/apis/", Reply(403, status(403, "mpijobs is forbidden")))

    with pytest.raises(MLRunNotFoundError, match="no pod 'a'"):
        list(scripted.logs("a"))


def test_a_log_that_nobody_goes_on_with_is_closed(server: ScriptedApiServer, scripted: Any) -> None:
    server.on("GET", f"{PODS}/a", Reply(body=LIVE))
    server.on("GET", "follow=true", Reply(parts=itertools.chain([b"one\n"], itertools.repeat(b"x" * 65536))))

    log = scripted.logs("a", follow=True)
    assert next(log) == b"one\n"
    log.close()

    assert server.left.wait(120)
