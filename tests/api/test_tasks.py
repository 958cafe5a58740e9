"""Background tasks while the server lives."""

from __future__ import annotations

import pytest

from mlrun.api import tasks
from mlrun.api.tasks import Tasks
from mlrun.errors import MLRunNotFoundError


def test_a_task_is_found_by_its_name() -> None:
    task = (known := Tasks()).add_done("run.abort", "p1")

    assert known.get(task["metadata"]["name"]) == known.get(task["metadata"]["name"], "p1") == task
    assert task["status"] == {"state": "succeeded"}


def test_a_task_of_another_project_is_not_found() -> None:
    task = (known := Tasks()).add_done("run.abort", "p1")

    with pytest.raises(MLRunNotFoundError):
        known.get(task["metadata"]["name"], "p2")


def test_tasks_are_listed_newest_first() -> None:
    known = Tasks()
    names = [known.add_done("x", project)["metadata"]["name"] for project in ("p1", "p2", "p1")]

    assert [task["metadata"]["name"] for task in known.list()] == names[::-1]
    assert len(known.list("p1")) == 2


def test_the_oldest_task_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "MOST", 2)
    known = Tasks()

    names = [known.add_done("x", "p1")["metadata"]["name"] for _ in range(3)]

    assert [task["metadata"]["name"] for task in known.list()] == [names[2], names[1]]
