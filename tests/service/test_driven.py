"""One sweep that a server drives, step by step."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.service.driven import DrivenSweep
from mlrun.service.launcher import ServerLauncher


def begun(db: Any, launcher: ServerLauncher, task: dict[str, Any], tmp_path: Any, **spec: Any) -> DrivenSweep:
    options = {"parallel_runs": 2, "selector": "max.accuracy"}
    spec = {"hyper_param_options": options, "output_path": str(tmp_path / "artifacts"), **spec}
    record = {**task, "metadata": {**task["metadata"], "uid": "3f2a"}, "status": {"state": "pending"}}
    db.submit_run({**record, "spec": {**task["spec"], **spec}})
    (submission,) = db.take_submissions("here")
    return DrivenSweep.of(submission, db, launcher, "sweeps")


def numbers(db: Any, state: str) -> list[int]:
    found = db.list_runs(uid="3f2a", iter=True, states=[state])
    return sorted(one["metadata"]["iteration"] for one in found if one["metadata"].get("iteration"))


def test_a_step_submits_what_there_is_room_for(
    db: Any, launcher: ServerLauncher, task: Any, tmp_path: Any
) -> None:
    sweep = begun(db, launcher, task, tmp_path, hyperparams={"p1": [1, 2, 3]})

    assert sweep.step() and not sweep.step()

    assert numbers(db, "pending") == [1, 2] and db.count_queued() == 2
    assert not sweep.is_over


def test_that_the_server_bounds_the_children_at_once_is_in_the_log(
    db: Any, launcher: ServerLauncher, task: Any, tmp_path: Any
) -> None:
    with mlconf.override(cluster__max_pods=1):
        begun(db, launcher, task, tmp_path, hyperparams={"p1": [1, 2, 3]})

    log = db.get_log("3f2a", "iris")[1].decode()
    assert log.startswith(
        "> parallel_runs=2, and this server has 1 pods at once (its setting cluster.max_pods)"
    )


def test_what_the_server_has_room_for_is_not_worth_a_word(
    db: Any, launcher: ServerLauncher, task: Any, tmp_path: Any
) -> None:
    with mlconf.override(cluster__max_pods=2):
        begun(db, launcher, task, tmp_path, hyperparams={"p1": [1, 2, 3]})

    assert db.get_log("3f2a", "iris")[1] == b""


def test_it_is_over_when_the_last_has_ended(
    db: Any, launcher: ServerLauncher, task: Any, tmp_path: Any
) -> None:
    sweep = begun(db, launcher, task, tmp_path, hyperparams={"p1": [1, 2, 3]})

    while not sweep.is_over:
        sweep.step()
        for iteration in numbers(db, "pending"):
            values = {"status.state": "completed", "status.results": {"accuracy": iteration}}
            db.update_run(values, "3f2a", "iris", iteration)

    status = db.read_run("3f2a", "iris")["status"]
    assert (status["state"], status["results"]["best_iteration"]) == ("completed", 3)


def test_iterations_are_runs_without_iterations_and_tell_nobody(
    db: Any, launcher: ServerLauncher, task: Any, tmp_path: Any
) -> None:
    told = [{"kind": "console", "name": "n", "message": "m"}]
    sweep = begun(db, launcher, task, tmp_path, hyperparams={"p1": [1, 2]}, notifications=told)

    sweep.step()

    spec = db.read_run("3f2a", "iris", 1)["spec"]
    assert spec["parameters"] == {"p1": 1}
    assert not spec.get("hyperparams") and not spec.get("notifications")


def test_a_file_of_parameters_is_read(db: Any, launcher: ServerLauncher, task: Any, tmp_path: Any) -> None:
    (tmp_path / "params.csv").write_text("p1\n7\n8\n")

    begun(db, launcher, task, tmp_path, param_file=str(tmp_path / "params.csv")).step()

    assert [db.read_run("3f2a", "iris", n)["spec"]["parameters"] for n in (1, 2)] == [{"p1": 7}, {"p1": 8}]


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ({"param_file": "/no/such.csv"}, MLRunNotFoundError),
        ({"hyperparams": {"p1": []}}, MLRunInvalidArgumentError),
    ],
)
def test_what_is_wrong_is_said_when_it_begins(
    db: Any, launcher: ServerLauncher, task: Any, tmp_path: Any, spec: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        begun(db, launcher, task, tmp_path, **spec)


def test_a_bayesian_search_goes_on_with_what_is_stored(
    db: Any, launcher: ServerLauncher, task: Any, tmp_path: Any
) -> None:
    pytest.importorskip("optuna", reason="optuna is not installed: pip install 'mlrun[optuna]'")
    options = {"parallel_runs": 2, "selector": "min.loss", "strategy": "bayesian", "max_iterations": 6}
    spec = {"hyperparams": {"p1": {"low": -1.0, "high": 1.0}}, "hyper_param_options": options}
    sweep = begun(db, launcher, task, tmp_path, **spec)
    (submission,) = [one.submission for one in db.started_submissions("here")]

    while not sweep.is_over:
        sweep.step()
        for iteration in numbers(db, "pending"):
            loss = db.read_run("3f2a", "iris", iteration)["spec"]["parameters"]["p1"] ** 2
            values = {"status.state": "completed", "status.results": {"loss": loss}}
            db.update_run(values, "3f2a", "iris", iteration)
        if not sweep.is_over:
            sweep = DrivenSweep.of(submission, db, launcher, "sweeps")  # another server

    rows = db.read_run("3f2a", "iris")["status"]["iterations"][1:]
    assert len(rows) == 6 and len({row[2] for row in rows}) == 6
    assert db.read_run("3f2a", "iris")["status"]["results"]["loss"] == min(row[3] for row in rows)
