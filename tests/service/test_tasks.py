"""Background tasks that outlive the server that told of them."""

from __future__ import annotations

from typing import Any

from mlrun.service.tasks import Tasks


def test_a_task_is_kept_with_the_records(db: Any) -> None:
    task = Tasks(db).add_done("run.abort", "p1")

    found = db.get_background_task(task["metadata"]["name"], "p1")
    assert found == task and task["status"]["state"] == "succeeded"
    assert task["metadata"]["kind"] == "run.abort" and task["metadata"]["created"]


def test_a_task_runs_until_it_has_succeeded_or_failed(db: Any) -> None:
    tasks = Tasks(db)
    names = [tasks.begin("run.abort", "p1")["metadata"]["name"] for _ in range(2)]
    assert db.get_background_task(names[0], "p1")["status"]["state"] == "running"

    tasks.end(names[0], "p1")
    tasks.end(names[1], "p1", "no route")

    states = [db.get_background_task(name, "p1")["status"] for name in names]
    assert states == [{"state": "succeeded"}, {"state": "failed", "error": "no route"}]


def test_an_ending_without_a_task_ends_none(db):
    tasks = Tasks(db)
    name = tasks.begin("run.abort", "iris")["metadata"]["name"]

    tasks.end_of({}, "iris")
    tasks.end_of({"task": "forgotten"}, "iris")
    assert db.get_background_task(name, "iris")["status"]["state"] == "running"
    tasks.end_of({"task": name}, "iris")

    assert db.get_background_task(name, "iris")["status"]["state"] == "succeeded"
