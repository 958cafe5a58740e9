"""Tasks that ended long ago are forgotten."""

from __future__ import annotations

from mlrun.db.sql import SQLiteRunDB, tasks


def test_a_task_that_ended_long_ago_is_forgotten(db: SQLiteRunDB) -> None:
    for name, state in (("ended", "succeeded"), ("runs", "running")):
        db.store_background_task({"metadata": {"name": name}, "status": {"state": state}})
    with db.connections.write() as connection:
        then = tasks.times.days_before_now(tasks.KEPT_DAYS + 0.1)
        connection.execute("UPDATE background_tasks SET updated = :then", {"then": then})

    db.store_background_task({"metadata": {"name": "new"}})

    assert {task["metadata"]["name"] for task in db.list_background_tasks()} == {"runs", "new"}
