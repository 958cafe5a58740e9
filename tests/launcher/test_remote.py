"""Asking an API server to start runs."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.http import HTTPRunDB
from mlrun.errors import MLRunNotImplementedServerError
from mlrun.launcher.remote import RemoteLauncher
from mlrun.model.run import Run


class Server(HTTPRunDB):
    """What a server is asked, and the answers of one that does it at once."""

    def __init__(self) -> None:
        super().__init__("http://mlrun:8080")
        self.asked: list[Any] = []
        self.states = ["pending", "running", "completed"]

    def submit_job(self, runspec: Any, schedule: Any = None) -> dict[str, Any]:
        self.asked.append((runspec, schedule))
        if schedule:
            return {"schedule": schedule, "project": "iris", "name": "train", "action": "created"}
        return dict(runspec) | {"status": {"state": "pending"}}

    def resubmit_run(
        self, uid: str, project: str = "", secrets: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        self.asked.append((uid, project, secrets))
        return {"metadata": {"uid": uid, "project": project}, "status": {"state": "pending"}}

    def read_run(
        self, uid: str, project: str = "", iter: int = 0, format_: str | None = None
    ) -> dict[str, Any]:
        return {"metadata": {"uid": uid, "project": project}, "status": {"state": self.states.pop(0)}}

    def watch_log(self, uid: str, project: str = "", watch: bool = True, offset: int = 0) -> tuple[str, int]:
        print("epoch 1")
        return "completed", 8

    def abort_run(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self.asked.append((args, kwargs))
        return {}


@pytest.fixture
def server() -> Server:
    return Server()


def test_a_run_is_submitted_with_the_values_of_its_secrets(server: Server, function: Any, run: Run) -> None:
    submitted = RemoteLauncher(server).submit(function, run, {"TOKEN": "abc"})

    ((task, schedule),) = server.asked
    assert (submitted.status.state, schedule) == ("pending", None)
    assert (task["metadata"]["uid"], task["status"]) == (run.metadata.uid, {"state": "created"})
    assert task["spec"]["function"] == "iris/train@abc"
    assert task["spec"]["secret_sources"] == [{"kind": "inline", "source": {"TOKEN": "abc"}}]


def test_a_schedule_has_no_run_yet(server: Server, function: Any, run: Run) -> None:
    answer = RemoteLauncher(server).schedule(function, run, "0 * * * *")

    ((task, schedule),) = server.asked
    assert (answer["action"], schedule) == ("created", "0 * * * *")
    assert "uid" not in task["metadata"]


@pytest.mark.parametrize(("show_logs", "printed"), [(True, "epoch 1\n"), (False, "")])
def test_waiting_ends_with_the_run(
    server: Server, run: Run, capsys: Any, show_logs: bool, printed: str
) -> None:
    ended = RemoteLauncher(server).wait(run, show_logs)

    assert ended.status.state == "completed"
    assert capsys.readouterr().out == printed


def test_aborting_is_the_servers_work(server: Server, run: Run) -> None:
    RemoteLauncher(server).abort(run, "enough")

    assert server.asked == [((run.metadata.uid, "iris", 0), {"status_text": "enough"})]


def test_going_on_with_a_sweep_is_the_servers_work(server: Server, run: Run) -> None:
    seen = RemoteLauncher(server).resubmit(run, {"TOKEN": "abc"})

    assert seen.status.state == "pending"
    assert server.asked == [(run.metadata.uid, "iris", {"TOKEN": "abc"})]


def test_driving_it_is_none_of_ours(server: Server, function: Any, run: Run) -> None:
    launcher = RemoteLauncher(server)

    for ask in (
        lambda: launcher.run_children(function, run, iter(()), 2, {}),
        lambda: launcher.live_pods(run),
        lambda: launcher.check(function, run),
    ):
        with pytest.raises(MLRunNotImplementedServerError, match="API server"):
            ask()
