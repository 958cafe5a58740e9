"""Starting pods on a cluster of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlrun.cluster.base import Reach
from mlrun.errors import (
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunNotImplementedServerError,
    MLRunServiceUnavailableError,
)
from mlrun.launcher.local import LocalLauncher
from mlrun.model.run import Run
from mlrun.testing.memory_cluster import MemoryCluster

NAME = "train-3f2a81bc"


@pytest.fixture
def launcher(db: Any, cluster: MemoryCluster) -> LocalLauncher:
    return LocalLauncher(db, cluster)


def state(db: Any, run: Run) -> str:
    return str(db.read_run(run.metadata.uid, "iris")["status"]["state"])


def test_a_run_is_stored_as_pending_and_has_a_pod(
    launcher: LocalLauncher, cluster: MemoryCluster, function: Any, run: Run, db: Any
) -> None:
    submitted = launcher.submit(function, run)

    assert submitted.status.state == state(db, run) == "pending"
    assert submitted.status.process["pod"] == NAME
    assert list(cluster.resources) == [NAME]


def test_submitting_it_again_starts_nothing_twice(
    launcher: LocalLauncher, cluster: MemoryCluster, function: Any, run: Run, db: Any
) -> None:
    launcher.submit(function, run.copy())
    launcher.submit(function, run.copy())
    db.update_run({"status.state": "running"}, run.metadata.uid, "iris")

    again = launcher.submit(function, run.copy())

    assert again.status.state == state(db, run) == "running"
    assert list(cluster.resources) == [NAME]


def test_a_run_that_was_stored_and_never_started_is_started(
    launcher: LocalLauncher, cluster: MemoryCluster, function: Any, run: Run
) -> None:
    launcher.submit(function, run.copy())
    cluster.delete(NAME)  # as if whoever submitted it had been killed before it made the pod

    launcher.submit(function, run.copy())

    assert cluster.read(NAME).phase == "pending"


def test_another_attempt_has_another_pod(
    launcher: LocalLauncher, cluster: MemoryCluster, function: Any, run: Run
) -> None:
    launcher.submit(function, run.copy())
    run.status.retry_count = 1

    submitted = launcher.submit(function, run)

    assert submitted.status.process["pod"] == f"{NAME}-r1"
    assert list(cluster.resources) == [NAME, f"{NAME}-r1"]


def test_a_pod_of_that_name_for_another_run_is_a_conflict(
    launcher: LocalLauncher, cluster: MemoryCluster, function: Any, run: Run, db: Any
) -> None:
    cluster.create({"metadata": {"name": NAME, "labels": {"mlrun/uid": "another"}}})

    with pytest.raises(MLRunConflictError, match=f"pod {NAME} exists"):
        launcher.submit(function, run)

    assert state(db, run) == "error"


def test_a_run_that_has_ended_does_not_start_again(
    launcher: LocalLauncher, cluster: MemoryCluster, function: Any, run: Run, db: Any
) -> None:
    db.store_run(run.to_dict() | {"status": {"state": "completed"}}, run.metadata.uid, "iris")

    with pytest.raises(MLRunConflictError, match="completed"):
        launcher.submit(function, run)

    assert not cluster.resources


def test_what_a_cluster_refuses_is_recorded_with_the_reason(db: Any, function: Any, run: Run) -> None:
    class Away(MemoryCluster):
        def create(self, resource: Any, secrets: Any = None) -> str:
            raise MLRunServiceUnavailableError("the cluster is away")

    with pytest.raises(MLRunServiceUnavailableError, match="away"):
        LocalLauncher(db, Away()).submit(function, run)

    status = db.read_run(run.metadata.uid, "iris")["status"]
    assert (status["state"], status["error"]) == ("error", "the cluster is away")


def test_what_a_cluster_can_not_run_leaves_nothing(db: Any, function: Any, run: Run) -> None:
    class Small(MemoryCluster):
        def create(self, resource: Any, secrets: Any = None) -> str:
            raise MLRunInvalidArgumentError("no GPU here")

    with pytest.raises(MLRunInvalidArgumentError, match="no GPU here"):
        LocalLauncher(db, Small()).submit(function, run)

    assert db.list_runs(project="iris") == []


def test_where_pods_can_not_reach_the_database_nothing_is_stored(db: Any, function: Any, run: Run) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="can not reach the file"):
        LocalLauncher(db, MemoryCluster(Reach.NETWORK)).submit(function, run)

    assert db.list_runs(project="iris") == []


def test_secrets_reach_the_pod_and_stand_in_no_resource(
    launcher: LocalLauncher, cluster: MemoryCluster, function: Any, run: Run, db: Any
) -> None:
    db.create_project_secrets("iris", secrets={"KEY": "of-the-project"})

    launcher.submit(function, run, {"TOKEN": "of-the-task"})

    given = json.dumps(cluster.secrets[NAME])
    assert "of-the-project" in given and "of-the-task" in given
    shown = json.dumps(cluster.resources[NAME])
    assert "of-the-project" not in shown and "of-the-task" not in shown


def test_a_schedule_needs_a_server(launcher: LocalLauncher, function: Any, run: Run) -> None:
    with pytest.raises(MLRunNotImplementedServerError, match="'mlrun db'"):
        launcher.schedule(function, run, "0 * * * *")


def test_an_aborted_run_has_no_pod(
    launcher: LocalLauncher, cluster: MemoryCluster, function: Any, run: Run, db: Any
) -> None:
    submitted = launcher.submit(function, run)

    launcher.abort(submitted, "enough", grace_s=3)

    status = db.read_run(run.metadata.uid, "iris")["status"]
    assert (status["state"], status["status_text"]) == ("aborted", "enough")
    assert (cluster.list(), cluster.graces) == ([], [3])


class SlowCluster(MemoryCluster):
    """Does something once a pod has ended, before it says so."""

    def delete(self, name: str, kind: str = "Pod", grace_s: float | None = None) -> None:
        super().delete(name, kind, grace_s)
        self.meanwhile()

    def meanwhile(self) -> None:
        raise AssertionError("what happens meanwhile is not set")


def test_a_run_that_begins_anew_while_its_pod_ends_goes_on(
    db: Any, function: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, uid = SlowCluster(), run.metadata.uid
    launcher = LocalLauncher(db, cluster)
    submitted = launcher.submit(function, run)

    def begin_anew() -> None:
        db.update_run({"status.state": "aborted", "status.status_text": "last words"}, uid, "iris")
        db.resume_run(uid, "iris", {"pid": 1})

    monkeypatch.setattr(cluster, "meanwhile", begin_anew)
    launcher.abort(submitted)

    assert state(db, run) == "running"


def test_a_run_that_has_ended_can_not_be_aborted(
    launcher: LocalLauncher, cluster: MemoryCluster, function: Any, run: Run, db: Any
) -> None:
    submitted = launcher.submit(function, run)
    db.update_run({"status.state": "completed"}, run.metadata.uid, "iris")

    with pytest.raises(MLRunConflictError):
        launcher.abort(submitted)

    assert cluster.read(NAME)


def test_one_look_ends_a_run_that_nobody_watched(
    launcher: LocalLauncher, cluster: MemoryCluster, function: Any, run: Run, db: Any
) -> None:
    submitted = launcher.submit(function, run)
    cluster.set(NAME, phase="failed", reason="OOMKilled", exit_code=137)

    launcher.settle(submitted)

    assert "ran out of memory" in db.read_run(run.metadata.uid, "iris")["status"]["error"]


def test_one_look_ends_a_run_whose_pod_is_gone(
    launcher: LocalLauncher, cluster: MemoryCluster, function: Any, run: Run, db: Any
) -> None:
    submitted = launcher.submit(function, run)
    cluster.delete(NAME)
    launcher.settle(submitted)
    assert state(db, run) == "pending"  # its pod may be about to be made

    submitted.status.last_update = "2020-01-01T00:00:00+00:00"
    launcher.settle(submitted)

    assert "was deleted" in db.read_run(run.metadata.uid, "iris")["status"]["error"]


def test_a_run_of_another_machine_is_left_to_that(
    launcher: LocalLauncher, cluster: MemoryCluster, function: Any, run: Run, db: Any
) -> None:
    submitted = launcher.submit(function, run)
    cluster.set(NAME, phase="failed", exit_code=1)
    submitted.status.process["launched_from"] = "another"

    launcher.settle(submitted)

    assert state(db, run) == "pending"


def test_a_sweep_is_driven_by_who_asks(launcher: LocalLauncher, run: Run) -> None:
    with pytest.raises(MLRunNotImplementedServerError, match="nobody but this process"):
        launcher.resubmit(run, {})


def test_an_aborted_sweep_takes_its_iterations_with_it(
    launcher: LocalLauncher, cluster: MemoryCluster, function: Any, run: Run, db: Any
) -> None:
    db.store_run(run.to_dict() | {"status": {"state": "running"}}, run.metadata.uid, "iris")
    for iteration in (1, 2):
        child = run.copy()
        child.metadata.iteration = iteration
        launcher.submit(function, child)

    launcher.abort(run, "enough")

    states = [db.read_run(run.metadata.uid, "iris", n)["status"]["state"] for n in range(3)]
    assert states == ["aborted"] * 3 and cluster.list() == []


def test_the_pods_of_a_sweep_that_live_are_known(
    launcher: LocalLauncher, cluster: MemoryCluster, function: Any, run: Run, db: Any
) -> None:
    for iteration in (1, 2):
        child = run.copy()
        child.metadata.iteration = iteration
        launcher.submit(function, child)
    cluster.set(f"{NAME}-1", phase="failed", exit_code=1)

    assert launcher.live_pods(run) == [f"{NAME}-2"]
    assert db.read_run(run.metadata.uid, "iris", 1)["status"]["state"] == "error"
