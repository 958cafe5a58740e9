"""Background tasks over the wire."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from mlrun.api.app import create_app

PLACE = "/api/v1/projects/p1/background-tasks"


def test_a_task_is_listed_and_found(client: TestClient) -> None:
    name = client.delete("/api/v2/projects/p1/functions/f").json()["metadata"]["name"]

    (task,) = client.get(f"{PLACE}?state=succeeded&created_from=2026-01-01").json()["background_tasks"]

    assert task == client.get(f"{PLACE}/{name}").json()
    assert task["metadata"]["kind"] == "function.deletion"


@pytest.mark.parametrize(
    "query",
    [
        "state=failed",
        "kind=x",
        "name=x",
        "created_to=2020-01-01",
        "last_update_time_to=2020-01-01",
        "created_from=2999-01-01",
        "last_update_time_from=2999-01-01",
    ],
)
def test_a_filter_leaves_out_what_does_not_match(client: TestClient, query: str) -> None:
    client.delete("/api/v2/projects/p1/functions/f")

    assert client.get(f"{PLACE}?{query}").json() == {"background_tasks": []}


def test_a_task_survives_a_restart(client: TestClient, db: Any) -> None:
    name = client.delete("/api/v2/projects/p1/functions/f").json()["metadata"]["name"]

    another = TestClient(create_app(db), base_url="http://localhost")

    assert another.get(f"{PLACE}/{name}").json()["status"]["state"] == "succeeded"


def test_tasks_of_the_service_are_apart(client: TestClient, db: Any) -> None:
    task = {"metadata": {"name": "t", "kind": "migration"}, "status": {"state": "running"}}
    db.store_background_task(task)

    (found,) = client.get("/api/v1/background-tasks").json()["background_tasks"]

    assert found == client.get("/api/v1/background-tasks/t").json()
    assert client.get(PLACE).json() == {"background_tasks": []}


def test_a_task_that_is_not_there_is_not_found(client: TestClient) -> None:
    assert client.get(f"{PLACE}/zz").status_code == 404
