"""What is counted of a project."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db import times


@pytest.fixture(params=["db", "postgres_db"])
def filled(request: pytest.FixtureRequest) -> Any:
    """Runs, artifacts and schedules in two of three projects, in both homes of the same statements."""
    db = request.getfixturevalue(request.param)
    long_ago = times.days_before_now(3)
    states = [("running", ""), ("pending", ""), ("error", ""), ("aborted", ""), ("completed", "")]
    for number, (state, update) in enumerate([*states, ("completed", long_ago), ("running", long_ago)]):
        status = {"state": state, **({"start_time": update, "last_update": update} if update else {})}
        db.store_run({"metadata": {"name": "r"}, "status": status}, f"u{number}", "iris")
    db.store_run({"status": {"state": "completed"}}, "u4", "iris", iter=1)
    db.store_run({"status": {"state": "completed"}}, "u1", "other")
    for tree in ("t1", "t2"):
        for kind in ("model", "dataset", "artifact"):
            db.store_artifact(f"my-{kind}", {"kind": kind}, project="iris", tree=tree)
    db.create_schedule("iris", {"name": "s", "cron_trigger": "0 3 * * *", "kind": "job"})
    return db


def test_what_is_in_a_project_is_counted(filled: Any) -> None:
    (iris,) = filled.summarize_projects(["iris"])

    counted = {name: count for name, count in iris.items() if count}
    assert counted == {
        "name": "iris",
        "runs_running_count": 3,
        "runs_failed_recent_count": 2,
        "runs_completed_recent_count": 1,
        "files_count": 1,
        "models_count": 1,
        "datasets_count": 1,
        "distinct_schedules_count": 1,
    }


def test_projects_are_counted_in_the_order_of_their_names(filled: Any) -> None:
    found = filled.summarize_projects(["zz", "other", "iris"])

    assert [one["name"] for one in found] == ["zz", "other", "iris"]
    assert [one["runs_completed_recent_count"] for one in found] == [0, 1, 1]
    assert found[2] == filled.summarize_projects(["iris"])[0]
