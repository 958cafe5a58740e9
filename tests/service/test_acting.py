"""A service as the routes use it: what it has acknowledged is stored, and is done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.service.conftest import state_of
from tests.service.test_dispatcher import until

from mlrun.errors import (
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunNotImplementedServerError,
)
from mlrun.model.run import Run
from mlrun.service.acting import Service
from mlrun.service.functions import function_of
from mlrun.service.launcher import ServerLauncher
from mlrun.testing.memory_cluster import MemoryCluster

Task = dict[str, Any]


@pytest.fixture
def service(db: Any, launcher: ServerLauncher) -> Iterator[Service]:
    """At work."""
    service = Service(db, launcher)
    service.start()
    yield service
    service.stop()


def test_a_submitted_run_is_started(service: Service, task: Task, db: Any, cluster: MemoryCluster) -> None:
    run = service.submit(task, None, db)

    assert run == db.read_run(run["metadata"]["uid"], "iris") or state_of(db, run["metadata"]["uid"])
    until(lambda: cluster.list())
    assert cluster.list()[0].labels["mlrun/uid"] == run["metadata"]["uid"]


def test_a_run_that_is_submitted_twice_is_started_once(
    service: Service, task: Task, db: Any, cluster: Any
) -> None:
    task["metadata"]["uid"] = "3f2a"

    for _ in range(3):
        service.submit(task, None, db)

    until(lambda: cluster.list())
    assert db.count_queued() == 0 and len(cluster.resources) == 1


def test_a_started_run_is_aborted_with_its_pod(service: Service, task: Task, db: Any, cluster: Any) -> None:
    uid = service.submit(task, None, db)["metadata"]["uid"]
    until(lambda: cluster.list())

    told = service.abort(uid, "iris", text="no need")

    assert told["status"]["state"] == "running"
    name = told["metadata"]["name"]
    until(lambda: db.get_background_task(name, "iris")["status"]["state"] == "succeeded")
    assert state_of(db, uid) == "aborted" and not cluster.list()


def test_a_run_that_somebody_else_has_started_here_is_aborted_with_its_pod(
    db: Any, launcher: ServerLauncher, task: Task, cluster: MemoryCluster
) -> None:
    run = Run.from_dict({**task, "metadata": {**task["metadata"], "uid": "3f2a"}})
    launcher.submit(function_of(run, db), run)

    told = Service(db, launcher).abort("3f2a", "iris")

    assert told["status"]["state"] == "succeeded" and not cluster.list()
    assert db.read_run("3f2a", "iris")["status"]["status_text"] == "aborted by the user"


def test_what_can_not_be_aborted_is_answered(db: Any) -> None:
    db.store_run({"metadata": {"uid": "1", "project": "iris"}, "status": {"state": "completed"}}, "1")
    service = Service(db)

    with pytest.raises(MLRunConflictError, match="it has ended already"):
        service.abort("1", "iris")
    with pytest.raises(MLRunNotFoundError, match="no run iris/2"):
        service.abort("2", "iris")


def test_a_schedule_is_stored_and_invoked(
    service: Service, task: Task, db: Any, cluster: MemoryCluster
) -> None:
    task["spec"]["secret_sources"] = [{"kind": "inline", "source": {"TOKEN": "s3cr3t-value"}}]
    told = service.schedule(task, None, "0 2 * * *", db)
    assert told == {"schedule": "0 2 * * *", "project": "iris", "name": "train", "action": "created"}

    run = service.invoke("iris", "train")

    until(lambda: cluster.list())
    assert "s3cr3t-value" in str(cluster.secrets) and "s3cr3t" not in str(db.get_schedule("iris", "train"))
    assert run["metadata"]["labels"]["mlrun/schedule-name"] == "train"
    db.delete_schedule("iris", "train")


def test_a_server_without_a_cluster_says_so(db: Any, task: Task) -> None:
    service = Service(db, why="kubernetes needs a package")
    service.start()

    with pytest.raises(MLRunNotImplementedServerError, match="starts nothing: kubernetes needs a package"):
        service.submit(task, None, db)
    with pytest.raises(MLRunNotImplementedServerError, match="starts nothing"):
        service.invoke("iris", "nightly")
    service.stop()


def test_two_servers_of_one_database_start_each_run_once(home_dbs: list[Any], task: Task) -> None:
    clusters = MemoryCluster()
    db = home_dbs[0]
    import mlrun

    made = mlrun.new_function("train", "iris", kind="job").with_code(body="def train(context):\n    pass\n")
    task["spec"]["function"] = made.set_db_connection(db).save(versioned=True).removeprefix("db://")
    services = [Service(one, ServerLauncher(one, clusters, "http://127.0.0.1:1")) for one in home_dbs]
    created: list[str] = []
    lock, create = threading.Lock(), clusters.create

    def counting(resource: Any, secrets: Any = None) -> str:
        with lock:
            created.append(resource["metadata"]["name"])
        return create(resource, secrets)

    clusters.create = counting  # type: ignore[method-assign]
    for service in services:
        service.start()

    for number in range(6):
        services[number % 2].submit(
            {**task, "metadata": {**task["metadata"], "name": f"run{number}"}}, None, db
        )

    def end_them() -> bool:
        for state in clusters.list():
            if not state.is_final:
                db.update_run({"status.state": "completed"}, state.labels["mlrun/uid"], "iris")
                clusters.set(state.name, phase="succeeded")
        return len(clusters.list()) == 6

    until(end_them)
    for service in services:
        service.stop()
    assert len(created) == len(set(created)) == 6


def test_a_sweep_is_gone_on_with(service: Service, task: Task, db: Any, cluster: MemoryCluster) -> None:
    task["metadata"]["uid"] = "3f2a"
    task["spec"] |= {"hyperparams": {"p1": [1, 2]}, "hyper_param_options": {"parallel_runs": 2}}
    service.submit(task, None, db)
    until(lambda: len(cluster.list()) == 2)
    service.abort("3f2a", "iris")
    until(lambda: state_of(db, "3f2a") == "aborted")
    until(lambda: db.open_submission("3f2a", "iris") is None)

    run = service.resubmit("3f2a", "iris", {"TOKEN": "s3cr3t-value"}, db)

    assert run["status"]["state"] == "pending"
    until(lambda: len(cluster.list()) == 2)
    assert all(state.name.endswith("-r1") for state in cluster.list())
    assert "s3cr3t-value" in str(cluster.secrets)


def test_a_run_without_iterations_in_pods_is_not_gone_on_with(service: Service, task: Task, db: Any) -> None:
    uid = service.submit(task, None, db)["metadata"]["uid"]

    with pytest.raises(MLRunInvalidArgumentError, match="no sweep whose iterations have pods"):
        service.resubmit(uid, "iris", {}, db)
