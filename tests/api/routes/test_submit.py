"""Runs over the wire: taken, started, aborted, retried, fired; by a real server, in real processes."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.api.conftest import LONGEST_S, Server, client_of
from tests.service.conftest import *  # noqa: F403 - fixtures
from tests.service.test_dispatcher import until

import mlrun
from mlrun.db import get_run_db
from mlrun.db.http import HTTPRunDB
from mlrun.errors import RunError
from mlrun.service.acting import Service
from mlrun.service.launcher import ServerLauncher
from mlrun.testing.servers import held_port

CODE = """
import os, time

def train(context, p1=1):
    context.log_result("accuracy", p1)
    print("epoch 1", flush=True)
    if p1 == 13:
        raise ValueError("no luck")
    while p1 == 60:
        time.sleep(0.01)
"""


@pytest.fixture
def posted(db: Any, launcher: ServerLauncher) -> TestClient:
    """A client of an app whose service does not work by itself."""
    return client_of(db, service=Service(db, launcher))


def submit(client: TestClient, body: Any, path: str = "/api/v1/submit_job", status: int = 200) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.mark.parametrize(
    "path", ["/api/v1/submit_job", "/api/submit_job/", "/api/v2/submit", "/api/v1/submit/"]
)
def test_a_run_is_taken(posted: TestClient, db: Any, task: dict[str, Any], path: str) -> None:
    data = submit(posted, {"task": task}, path)["data"]

    assert data["status"]["state"] == "pending" and data["metadata"]["labels"]["owner"] == "me"
    assert data == db.read_run(data["metadata"]["uid"], "iris") and db.count_queued() == 1


def test_a_schedule_is_taken(posted: TestClient, db: Any, task: dict[str, Any]) -> None:
    told = submit(posted, {"task": task, "schedule": "0 * * * *"})["data"]

    assert told == {"schedule": "0 * * * *", "project": "iris", "name": "train", "action": "created"}
    assert submit(posted, {"task": task, "schedule": {"hour": 2}})["data"]["action"] == "modified"
    invoked = posted.post("/api/v1/projects/iris/schedules/train/invoke")
    assert invoked.status_code == 200 and invoked.json()["data"]["metadata"]["project"] == "iris"
    assert posted.post("/api/v1/projects/iris/schedules/train/invoke").status_code == 409
    assert posted.post("/api/v1/projects/iris/schedules/none/invoke").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 400, "what is to be run stands under"),
        ({"task": []}, 400, "stands under"),
        ({"task": {"spec": {"function": "iris/absent"}}}, 404, "absent"),
        ({"task": {"metadata": {"uid": "a/b"}, "spec": {"function": "iris/train"}}}, 400, "can not be a run"),
        ({"task": {"spec": 1}}, 400, "spec of a task is a dictionary"),
    ],
    ids=str,
)
def test_what_can_not_be_run_is_answered(
    posted: TestClient, db: Any, function: str, body: Any, status: int, message: str
) -> None:
    answer = posted.post("/api/v1/submit_job", json=body)

    assert answer.status_code == status and message in answer.text
    assert db.count_queued() == 0 and db.list_runs() == []


def test_a_login_of_one_project_submits_to_that_one(db: Any, launcher: Any, task: dict[str, Any]) -> None:
    client = client_of(db, service=Service(db, launcher))
    secrets = {name: db.create_token(projects=[name])[1] for name in ("iris", "wine")}
    secrets["viewer"] = db.create_token(role="viewer", projects=["iris"])[1]

    def status(login: str) -> int:
        headers = {"authorization": f"Bearer {secrets[login]}"}
        return client.post("/api/v1/submit_job", json={"task": task}, headers=headers).status_code

    assert [status(login) for login in ("iris", "wine", "viewer")] == [200, 403, 403]


class Works:
    """A server that runs jobs, and a client of it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.port = server.url.rpartition(":")[2]
        self.db = HTTPRunDB(server.url).connect()
        made = mlrun.new_function("train", "iris", kind="job", image="x").with_code(body=CODE)
        self.function = made.set_db_connection(self.db)

    def run(self, **parts: Any) -> Any:
        return self.function.run(handler="train", **parts)


@pytest.fixture
def works(
    start_server: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Works]:
    monkeypatch.setenv("MLRUN_CLUSTER__MAX_PODS", "2")
    mlrun.mlconf.set("httpdb.http.timeout", LONGEST_S)
    with held_port() as port:  # also for one that follows it
        yield Works(start_server("mlrun", "db", "-p", str(port), "-d", str(tmp_path / "server")))


def test_a_job_runs_on_the_server(works: Works, capsys: pytest.CaptureFixture[str]) -> None:
    run = works.run(params={"p1": 5}, artifact_path="arts")

    assert (run.status.state, run.outputs) == ("completed", {"accuracy": 5})
    assert "epoch 1" in capsys.readouterr().out
    (of_jobs,) = works.db.list_runtime_resources("iris")
    assert len(of_jobs["resources"]["pod_resources"]) == 1
    until(lambda: works.db.delete_runtime_resources("iris", grace_period=0))
    assert works.db.list_runtime_resources("iris") == []
    assert works.server.end() == (0, "")


def test_what_a_client_of_mlrun_sends_runs(works: Works, tmp_path: Path) -> None:
    """As its version 1.12 sends it: all that it knows of a function, and a task with its own state."""
    source = base64.b64encode(CODE.encode()).decode()
    thresholds = {"executing": "24h", "image_pull_backoff": "1h", "pending_not_scheduled": -1}
    thresholds["pending_scheduled"] = "1h"
    spec = {"filename": "hd.py", "description": "", "image": "mlrun/mlrun", "mount_otlp_secret": False,
            "disable_auto_mount": False, "default_handler": "", "preemption_mode": "prevent", "command": "",
            "build": {"code_origin": "", "functionSourceCode": source, "origin_filename": "hd.py"},
            "entry_points": {}, "resources": {"limits": {"memory": "1Gi"}}, "tolerations": None,
            "env": [{"name": "A", "value": "1"}], "affinity": None, "node_selector": {},
            "state_thresholds": thresholds}  # fmt: skip
    metadata = {"credentials": {"access_key": "$generate"}, "tag": "", "name": "remote1", "project": "p1"}
    function = {"spec": spec, "kind": "job", "metadata": metadata, "verbose": False}
    stored = works.db.store_function(function, "remote1", "p1", versioned=True)
    task = {
        "status": {"state": "created"},
        "spec": {"function": f"p1/remote1@{stored}", "handler": "train", "parameters": {"p1": 7},
                 "output_path": str(tmp_path), "scrape_metrics": True, "state_thresholds": thresholds},
        "metadata": {"iteration": 0, "labels": {"kind": "job", "owner": "me"}, "name": "remote1-train",
                     "project": "p1", "uid": "31b85301736d4ea98765b74ca6f15afd"},
    }  # fmt: skip

    told = works.db.submit_job(task)
    run = mlrun.execution.run_object.RunObject.of(told, works.db)

    assert run.wait_for_completion(timeout=LONGEST_S) == "completed" and run.output("accuracy") == 7


def test_a_job_that_fails_is_tried_again_and_then_an_error(works: Works) -> None:
    with pytest.raises(RunError, match="no luck"):
        works.run(params={"p1": 13}, retry={"count": 1, "backoff": {"base_delay": 0}})

    (run,) = works.db.list_runs(project="iris", state="error")
    assert run["status"]["retry_count"] == 1 and "no luck" in run["status"]["retries"][0]["error"]


def test_a_live_job_is_aborted_and_its_process_is_gone(works: Works) -> None:
    run = works.run(params={"p1": 60}, watch=False)
    until(lambda: run.state() == "running")

    works.db.abort_run(run.metadata.uid, "iris", status_text="no need")

    status = works.db.read_run(run.metadata.uid, "iris")["status"]
    assert (status["state"], status["status_text"]) == ("aborted", "no need")
    with pytest.raises(ProcessLookupError):
        os.kill(status["process"]["pid"], 0)


def test_what_was_taken_is_done_after_the_server_was_killed(
    works: Works, start_server: Any, tmp_path: Path
) -> None:
    runs = [works.run(params={"p1": number}, watch=False, name=f"run{number}") for number in range(5)]
    works.server.end(signal.SIGKILL)

    start_server("mlrun", "db", "-p", works.port, "-d", str(tmp_path / "server"))

    for number, run in enumerate(runs):
        assert run.wait_for_completion(timeout=LONGEST_S) == "completed"
        assert run.output("accuracy") == number


def test_a_sweep_is_driven_by_the_server_and_gone_on_with(works: Works, tmp_path: Path) -> None:
    options = {"parallel_runs": 2, "selector": "max.accuracy"}
    run = works.run(
        hyperparams={"p1": [1, 60, 3]},
        hyper_param_options=options,
        watch=False,
        artifact_path=str(tmp_path / "artifacts"),
    )
    until(lambda: len(works.db.list_runs(uid=run.uid(), project="iris", iter=True, state="completed")) == 2)
    run.abort()
    assert run.state() == "aborted"
    works.db.update_run({"spec.parameters.p1": 6}, run.uid(), "iris", 2)

    run.resume()

    assert (run.state(), run.outputs["best_iteration"], run.outputs["accuracy"]) == ("completed", 2, 6)
    children = works.db.list_runs(uid=run.uid(), project="iris", iter=True)
    pods = [one["status"]["process"]["pod"] for one in children if one["metadata"].get("iteration")]
    assert sorted(pod.partition("-")[2][9:] for pod in pods) == ["1", "2-r1", "3"]


def test_a_killed_pod_ends_its_run_with_the_reason(works: Works) -> None:
    run = works.run(params={"p1": 60}, watch=False)
    until(lambda: run.state() == "running")

    os.kill(run.status.process["pid"], signal.SIGKILL)

    assert run.wait_for_completion(timeout=LONGEST_S, raise_on_failure=False) == "error"


def test_where_logins_are_needed_pods_have_their_own(
    start_server: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = get_run_db(str(tmp_path / "server"))
    _, secret = served.create_token("somebody", "admin")
    monkeypatch.setenv("MLRUN_HTTPDB__TOKEN", secret)
    server = start_server("mlrun", "db", "-p", "0", "-d", str(tmp_path / "server"))
    works = Works(server)

    run = works.run(params={"p1": 5})

    assert run.status.state == "completed"
    until(lambda: [token.name for token in served.list_tokens()] == ["somebody"])
