"""Background tasks over the wire."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient


@pytest.mark.parametrize("place", ["/api/v1/background-tasks", "/api/v1/projects/p1/background-tasks"])
def test_a_task_is_listed_and_found(client: TestClient, place: str) -> None:
    name = client.delete("/api/v2/projects/p1/functions/f").json()["metadata"]["name"]

    (task,) = client.get(f"{place}?state=succeeded").json()["background_tasks"]

    assert task == client.get(f"{place}/{name}").json()
    assert task["metadata"]["kind"] == "function.deletion"
    assert client.get(f"{place}?state=failed").json() == {"background_tasks": []}


def test_a_task_that_is_not_there_is_not_found(client: TestClient) -> None:
    assert client.get("/api/v1/projects/p1/background-tasks/zz").status_code == 404
