"""Projects over the wire."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

P1 = "/api/v1/projects/p1"


def create(client: TestClient, name: str = "p1", **spec: Any) -> Any:
    body = {"kind": "project", "metadata": {"name": name}, "spec": spec}
    return client.post("/api/v1/projects?wait-for-completion=false", json=body)


def test_a_new_project_is_online(client: TestClient) -> None:
    answer = create(client, desired_state="online")

    assert (answer.status_code, answer.json()["status"]) == (201, {"state": "online"})
    assert client.get(P1).json() == answer.json()


def test_a_project_is_created_once(client: TestClient) -> None:
    create(client)

    assert create(client).status_code == 409


def test_of_many_who_create_it_at_once_one_does(client: TestClient) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: create(client).status_code, range(8)))

    assert sorted(answers) == [201, *[409] * 7]


def test_patches_at_once_all_hold(client: TestClient) -> None:
    create(client)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: client.patch(P1, json={"spec": {f"k{number}": 1}}), range(16)))

    assert len(client.get(P1).json()["spec"]) == 16


def test_a_patch_replaces_what_it_names(client: TestClient) -> None:
    create(client, source="git://x", params={"a": 1}, files=["x"])

    answer = client.patch(P1, json={"spec": {"description": "dd", "params": {"b": 2}, "files": ["y"]}})

    spec = {"source": "git://x", "params": {"a": 1, "b": 2}, "files": ["y"], "description": "dd"}
    assert answer.json()["spec"] == client.get(P1).json()["spec"] == spec


def test_an_additive_patch_lengthens_lists(client: TestClient) -> None:
    create(client, files=["x"])

    answer = client.patch(
        P1, json={"spec": {"files": ["x", "y"]}}, headers={"x-mlrun-patch-mode": "additive"}
    )

    assert answer.json()["spec"]["files"] == ["x", "y"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("format=name_only", ["p1", "p2"]),
        ("format=name_only&name=p2", ["p2"]),
        ("owner=me&format=name_only", []),
    ],
)
def test_names_of_projects(client: TestClient, query: str, found: list[str]) -> None:
    create(client, "p2")
    create(client, "p1")

    assert client.get(f"/api/v1/projects?{query}").json() == {"projects": found}


def test_projects_in_full(client: TestClient) -> None:
    create(client)

    (project,) = client.get("/api/v1/projects?format=full").json()["projects"]

    assert project["metadata"]["name"] == "p1"


@pytest.mark.parametrize("strategy", ["", "restrict", "restricted", "check"])
def test_a_project_that_holds_records_stays(client: TestClient, strategy: str) -> None:
    client.post(f"{P1}/runs/u1", json={})

    answer = client.delete(P1.replace("v1", "v2"), headers={"x-mlrun-deletion-strategy": strategy})

    assert answer.status_code == 412
    assert client.get(f"{P1}/runs/u1").status_code == 200


@pytest.mark.parametrize("strategy", ["cascade", "cascading"])
def test_a_cascade_deletes_what_the_project_holds(client: TestClient, strategy: str) -> None:
    client.post(f"{P1}/runs/u1", json={})

    answer = client.delete(P1.replace("v1", "v2"), headers={"x-mlrun-deletion-strategy": strategy})

    assert answer.status_code == 204
    assert client.get(f"{P1}/runs/u1").status_code == 404


def test_a_summary_counts(client: TestClient) -> None:
    for number, state in enumerate(["running", "error", "completed", "completed"]):
        client.post(f"{P1}/runs/u{number}", json={"status": {"state": state}})
    client.put(f"{P1}/artifacts/m?tree=t".replace("v1", "v2"), json={"kind": "model"})

    (summary,) = client.get("/api/v1/project-summaries").json()["project_summaries"]

    assert summary == client.get("/api/v1/project-summaries/p1").json()
    assert summary["name"] == "p1" and summary["models_count"] == 1 and summary["files_count"] == 0
    names = ("runs_running_count", "runs_failed_recent_count", "runs_completed_recent_count")
    assert [summary[name] for name in names] == [1, 1, 2]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/v1/project-summaries/zz", None, 404),
        ("PATCH", "/api/v1/projects/zz", {}, 404),
        ("PUT", "/api/v1/projects/*", {}, 400),
        ("POST", "/api/v1/projects", {"metadata": {}}, 400),
        ("POST", "/api/v1/projects", {"metadata": {"name": "x"}, "status": 3}, 400),
        ("GET", "/api/v1/projects?format=fulll", None, 400),
    ],
)
def test_what_is_wrong_is_answered(
    client: TestClient, method: str, path: str, body: Any, status: int
) -> None:
    assert client.request(method, path, json=body).status_code == status


def test_an_unknown_strategy_is_answered(client: TestClient) -> None:
    answer = client.delete(P1, headers={"x-mlrun-deletion-strategy": "cascde"})

    assert answer.status_code == 400 and "Did you mean 'cascade'" in answer.text
