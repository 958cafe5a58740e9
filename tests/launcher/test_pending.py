"""Whoever waits for a server's run is told why it has not begun."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.http import HTTPRunDB
from mlrun.errors import MLRunAccessDeniedError
from mlrun.launcher.pending import Pending
from mlrun.model.run import Run

NOWHERE = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity."


class Server(HTTPRunDB):
    """A server with one run, and its pods."""

    def __init__(self) -> None:
        super().__init__("http://mlrun:8080")
        self.state = "pending"
        self.pods: list[dict[str, Any]] | None = []

    def read_run(
        self, uid: str, project: str = "", iter: int = 0, format_: str | None = None
    ) -> dict[str, Any]:
        return {"metadata": {"uid": uid, "project": project}, "status": {"state": self.state}}

    def list_runtime_resources(self, project: str = "", *args: Any, **query: Any) -> Any:
        if self.pods is None:
            raise MLRunAccessDeniedError("this login sees no pods")
        return [{"kind": "job", "resources": {"crd_resources": [], "pod_resources": self.pods}}]

    def pod(self, reason: str = "", message: str = "", phase: str = "pending") -> None:
        status = {"phase": phase, "reason": reason, "message": message}
        self.pods = [{"name": "train-3f2a", "labels": {}, "status": status}]


@pytest.fixture
def server() -> Server:
    return Server()


def test_what_the_scheduler_says_is_told_once(
    server: Server, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    server.pod("Unschedulable", NOWHERE)
    pending = Pending(server, run)

    assert pending.tell() and pending.tell()

    assert capsys.readouterr().err.count(f"pod train-3f2a waits: Unschedulable: {NOWHERE}\n") == 1


def test_another_reason_is_told_too(server: Server, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    pending = Pending(server, run)
    for reason in ("Unschedulable", "ErrImagePull"):
        server.pod(reason, "it is so")
        pending.tell()

    assert "ErrImagePull: it is so" in capsys.readouterr().err


def test_the_pod_of_an_earlier_attempt_waits_for_nothing(
    server: Server, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    server.state = "pendingRetry"
    server.pod("Error", "it was killed by signal 9 (SIGKILL)", phase="failed")

    assert Pending(server, run).tell()

    assert capsys.readouterr().err == ""


def test_a_run_without_a_pod_waits_for_its_turn(
    server: Server, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    pending = Pending(server, run)

    assert pending.tell() and pending.tell()

    assert capsys.readouterr().err.count("has no pod yet: it waits for its turn") == 1


@pytest.mark.parametrize("state", ["running", "completed", "error"])
def test_a_run_that_has_begun_waits_no_more(
    server: Server, run: Run, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    server.state = state
    server.pod("Unschedulable", NOWHERE)

    assert not Pending(server, run).tell()

    assert capsys.readouterr().err == ""


def test_a_login_that_sees_no_pods_is_told_nothing_and_waits_all_the_same(
    server: Server, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    server.pods = None

    with Pending(server, run, first_s=0.0) as pending:
        pending.thread.join()

    assert capsys.readouterr().err == ""
