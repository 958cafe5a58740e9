"""Background tasks that outlive the server that told of them."""

from __future__ import annotations

from typing import Any

from mlrun.service.tasks import Tasks


def test_a_task_is_kept_with_the_records(db: Any) -> None:
    task = Tasks(db).add_done("run.abort", "p1")

    found = db.get_background_task(task["metadata"]["name"], "p1")
    assert found == task and task["status"]["state"] == "succeeded"
    assert task["metadata"]["kind"] == "run.abort" and task["metadata"]["created"]
