"""Sweeps that a server drives, over a cluster in memory, whose pods do what a test says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.service.conftest import state_of
from tests.service.test_dispatcher import Worked

from mlrun.cluster.base import Reach
from mlrun.config import mlconf
from mlrun.model.run import Run
from mlrun.service.launcher import ServerLauncher
from mlrun.service.lease import Lease
from mlrun.service.sweeper import Sweeper, is_driven
from mlrun.service.tasks import Tasks
from mlrun.testing.memory_cluster import MemoryCluster

UID = "3f2a81bc" * 4
VALUES = [1, 5, 3, 2, 4]


class Driven(Worked):
    """A dispatcher and a sweeper, as one server has them."""

    def __init__(self, db: Any, launcher: ServerLauncher) -> None:
        self.sweeping = Lease(db, "sweeps")
        super().__init__(db, launcher)

    def restart(self) -> None:
        super().restart()
        self.sweeper = Sweeper(self.db, self.launcher, Tasks(self.db))
        self.sweeper.begin(self.sweeping)

    def round(self, times: int = 2) -> None:
        for _ in range(times):
            self.dispatcher.round(self.lease)
            self.sweeper.round(self.sweeping)
        self.dispatcher.round(self.lease)

    @property
    def live(self) -> list[int]:
        """Iterations that have a pod and have not ended."""
        found = self.db.list_runs(uid=UID, iter=True, states=["pending", "running", "aborting"])
        there = {state.labels.get("mlrun/iteration") for state in self.launcher.cluster.list()}
        numbers = [one["metadata"].get("iteration", 0) for one in found]
        return sorted(number for number in numbers if str(number) in there)

    def end(self, iteration: int, state: str = "completed", **more: Any) -> None:
        """What the pod of an iteration says of it."""
        x = self.db.read_run(UID, "iris", iteration)["spec"]["parameters"]["p1"]
        values = {"status.state": state, "status.results": {"accuracy": x}, **more}
        self.db.update_run(values, UID, "iris", iteration)


@pytest.fixture
def driven(db: Any, launcher: ServerLauncher) -> Driven:
    return Driven(db, launcher)


@pytest.fixture
def submit(db: Any, task: dict[str, Any], tmp_path: Any) -> Callable[..., None]:
    def submit(hidden: str = "", **options: Any) -> None:
        spec = {
            "hyperparams": {"p1": VALUES},
            "hyper_param_options": {"selector": "max.accuracy", "parallel_runs": 2, **options},
            "output_path": str(tmp_path / "artifacts"),
        }
        record = {**task, "metadata": {**task["metadata"], "uid": UID}, "status": {"state": "pending"}}
        db.submit_run({**record, "spec": {**task["spec"], **spec}}, hidden)

    return submit


def finish(driven: Driven) -> None:
    for _ in VALUES:
        for iteration in driven.live:
            driven.end(iteration)
        driven.round()


def test_so_many_iterations_have_a_pod_at_once(driven: Driven, submit: Any, db: Any) -> None:
    submit()

    driven.round()

    assert driven.live == [1, 2] and state_of(db, UID) == "running"
    assert len(driven.launcher.cluster.list()) == 2
    driven.end(1)
    driven.round()
    assert driven.live == [2, 3]


def test_the_best_is_that_of_all(driven: Driven, submit: Any, db: Any) -> None:
    submit()
    driven.round()

    finish(driven)
    driven.round()

    status = db.read_run(UID, "iris")["status"]
    assert (status["state"], status["results"]) == ("completed", {"best_iteration": 2, "accuracy": 5})
    assert [row[0] for row in status["iterations"][1:]] == ["completed"] * 5
    assert set(status["artifact_uris"]) == {"iteration_results", "parallel_coordinates"}
    assert db.open_submission(UID, "iris") is None


def test_a_sweep_takes_no_place_of_a_pod(driven: Driven, submit: Any) -> None:
    submit()

    with mlconf.override(cluster__max_pods=1):
        driven.round()
        assert driven.live == [1]
        driven.end(1)
        driven.round()

    assert driven.live == [2]


def test_another_server_goes_on_where_one_was_killed(driven: Driven, submit: Any, db: Any) -> None:
    submit()
    driven.round()
    driven.end(1)

    for _ in VALUES:
        driven.restart()
        driven.round()
        for iteration in driven.live:
            driven.end(iteration)
    driven.restart()
    driven.round()

    assert state_of(db, UID) == "completed"
    assert len(driven.launcher.cluster.resources) == 5  # type: ignore[attr-defined]
    assert db.read_run(UID, "iris")["status"]["results"]["best_iteration"] == 2


def test_no_process_answers_for_it(driven: Driven, submit: Any, db: Any) -> None:
    submit()
    driven.round()

    process = db.read_run(UID, "iris")["status"]["process"]

    assert "pid" not in process and process["duty"] == driven.sweeper.name


def test_its_secrets_reach_each_iteration_and_no_record(
    driven: Driven, submit: Any, db: Any, cluster: MemoryCluster
) -> None:
    submit(hidden='{"TOKEN": "s3cr3t-value"}')

    driven.round()

    assert len(cluster.secrets) == 2
    assert all("s3cr3t-value" in str(secret) for secret in cluster.secrets.values())
    assert "s3cr3t-value" not in str(cluster.resources) + str(db.list_runs(iter=True))


def test_iterations_that_failed_count(driven: Driven, submit: Any, db: Any) -> None:
    submit(max_errors=1)
    driven.round()

    for iteration in driven.live:
        driven.end(iteration, "error", **{"status.error": "bad luck"})
    driven.round()

    status = db.read_run(UID, "iris")["status"]
    assert (status["state"], status["error"]) == ("error", "2 of 2 tasks failed, check logs\nbad luck")


def test_a_stop_condition_ends_it(driven: Driven, submit: Any, db: Any) -> None:
    submit(stop_condition="accuracy >= 5")
    driven.round()

    finish(driven)

    assert len(db.read_run(UID, "iris")["status"]["iterations"]) == 3


def test_an_aborted_sweep_ends_with_its_iterations(driven: Driven, submit: Any, db: Any) -> None:
    submit()
    driven.round()
    task = driven.sweeper._tasks.begin("run.abort", "iris")["metadata"]["name"]
    assert db.abort_submitted(UID, "iris", 0, "enough", task=task)

    driven.round(1)
    for iteration in (1, 2):
        db.update_run({"status.state": "aborted"}, UID, "iris", iteration)  # the dispatcher's threads do that
    driven.round()

    status = db.read_run(UID, "iris")["status"]
    assert (status["state"], status["status_text"]) == ("aborted", "enough")
    assert [row[0] for row in status["iterations"][1:]] == ["aborted", "aborted"]
    assert db.get_background_task(task, "iris")["status"]["state"] == "succeeded"


def test_what_can_not_be_driven_is_an_error_with_the_reason(driven: Driven, submit: Any, db: Any) -> None:
    submit(stop_condition="import os")

    driven.round()

    status = db.read_run(UID, "iris")["status"]
    assert status["state"] == "error" and "is not an expression" in status["error"]


def test_what_can_not_be_driven_is_aborted_all_the_same(driven: Driven, submit: Any, db: Any) -> None:
    submit()
    driven.round()
    db.update_run({"spec.hyper_param_options.stop_condition": "import os"}, UID, "iris")
    for iteration in driven.live:
        driven.end(iteration)
    db.abort_submitted(UID, "iris", 0, "enough")
    driven.restart()

    driven.round()

    assert state_of(db, UID) == "aborted"


def test_a_deleted_sweep_is_forgotten(driven: Driven, submit: Any, db: Any) -> None:
    submit()
    driven.round()

    db.del_run(UID, "iris")
    driven.round()

    assert db.started_submissions(driven.sweeper.place) == []


def test_a_deleted_iteration_has_failed(driven: Driven, submit: Any, db: Any) -> None:
    submit()
    driven.round()
    db.del_run(UID, "iris", 1)

    driven.round()
    finish(driven)

    rows = db.read_run(UID, "iris")["status"]["iterations"][1:]
    assert [row[0] for row in rows] == ["error"] + ["completed"] * 4


def test_where_only_pods_have_its_folder_it_has_no_files(
    driven: Driven, submit: Any, db: Any, cluster: MemoryCluster, tmp_path: Any
) -> None:
    cluster.reach = Reach.NETWORK  # type: ignore[misc]
    driven.restart()
    submit()
    with mlconf.override(cluster__dbpath="http://mlrun:8080"):
        driven.round()
        finish(driven)

    status = db.read_run(UID, "iris")["status"]
    assert status["state"] == "completed" and len(status["iterations"]) == 6
    assert not (tmp_path / "artifacts").exists()


@pytest.mark.parametrize(
    ("spec", "reach", "expected"),
    [
        ({"hyperparams": {"x": [1]}}, Reach.NETWORK, True),
        ({"param_file": "s3://b/params.csv"}, Reach.NETWORK, False),
        ({"param_file": "/params.csv"}, Reach.FILES, True),
        ({"hyperparams": {"x": [1]}, "hyper_param_options": {"parallel_runs": 1}}, Reach.FILES, False),
        ({}, Reach.FILES, False),
    ],
)
def test_which_runs_are_driven(spec: dict[str, Any], reach: Reach, expected: bool) -> None:
    run = Run.from_dict({"spec": {"hyper_param_options": {"parallel_runs": 2}, **spec}})

    assert is_driven(run, MemoryCluster(reach)) is expected
