"""Pages: each row once, whatever comes meanwhile, and only as much work as the page has rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

RUNS = "/api/v1/projects/p1/runs"


def pages(client: TestClient, url: str, name: str = "runs", **first: Any) -> list[list[str]]:
    """The uids of every page, as MLRun's client asks for them: the token alone from the second on."""
    found, params = [], {"page": 1, **first}
    while True:
        answer = client.get(url, params=params).json()
        found.append([row["metadata"]["uid"] for row in answer[name]])
        if not answer["pagination"]["page-token"]:
            return found
        params = {"page-token": answer["pagination"]["page-token"]}


@pytest.mark.parametrize("size", [1, 3, 7, 10, 11, 200])
def test_every_run_is_on_one_page(client: TestClient, store_runs: Callable[..., None], size: int) -> None:
    store_runs(10)

    found = pages(client, RUNS, **{"page-size": size})

    assert [uid for page in found for uid in page] == [f"u{number}" for number in reversed(range(10))]
    assert len(found) == -(-10 // size)


@pytest.mark.parametrize("same", ["2026-01-01T00:00:00+00:00", None])
def test_runs_of_one_moment_are_on_one_page_each(
    client: TestClient, store_runs: Callable[..., None], same: str | None
) -> None:
    store_runs(7, start_time=same)

    found = pages(client, RUNS, **{"page-size": 2})

    assert sorted(uid for page in found for uid in page) == [f"u{number}" for number in range(7)]


def test_the_filters_of_the_first_page_hold_for_the_others(
    client: TestClient, store_runs: Callable[..., None]
) -> None:
    store_runs(6)

    found = pages(client, RUNS, **{"page-size": 1, "uid": ["u1", "u3", "u5"]})

    assert found == [["u5"], ["u3"], ["u1"]]


def test_what_comes_meanwhile_shifts_nothing(
    client: TestClient, db: Any, store_runs: Callable[..., None]
) -> None:
    store_runs(4)
    first = client.get(RUNS, params={"page": 1, "page-size": 2}).json()

    db.store_run({"status": {"start_time": "2026-02-01T00:00:00+00:00"}}, "new", "p1")
    second = client.get(RUNS, params={"page-token": first["pagination"]["page-token"]}).json()

    assert [run["metadata"]["uid"] for run in second["runs"]] == ["u1", "u0"]


def test_the_last_page_has_no_token(client: TestClient, store_runs: Callable[..., None]) -> None:
    store_runs(2)

    answer = client.get(RUNS, params={"page": 1, "page-size": 2}).json()

    assert answer["pagination"] == {"page": None, "page-size": None, "page-token": None}


def test_a_page_can_be_asked_for_by_number(client: TestClient, store_runs: Callable[..., None]) -> None:
    store_runs(5)

    answer = client.get(RUNS, params={"page": 2, "page-size": 2}).json()

    assert [run["metadata"]["uid"] for run in answer["runs"]] == ["u2", "u1"]
    assert answer["pagination"]["page"] == 2


def test_a_token_and_a_number_ask_for_that_page(client: TestClient, store_runs: Callable[..., None]) -> None:
    store_runs(6)
    token = client.get(RUNS, params={"page": 1, "page-size": 2}).json()["pagination"]["page-token"]

    second, third = (client.get(RUNS, params={"page": page, "page-token": token}).json() for page in (2, 3))

    assert [run["metadata"]["uid"] for run in second["runs"]] == ["u3", "u2"]
    assert [run["metadata"]["uid"] for run in third["runs"]] == ["u1", "u0"]


@pytest.mark.parametrize("options", [{"sort": "no"}, {"partition-by": "name"}, {"last": 5}])
def test_other_orders_have_pages_too(
    client: TestClient, store_runs: Callable[..., None], options: dict[str, Any]
) -> None:
    store_runs(5)

    found = pages(client, RUNS, **{"page-size": 2, **options})

    assert sorted(uid for page in found for uid in page) == [f"u{number}" for number in range(5)]
    assert len(found) == 3


def test_artifacts_have_pages(client: TestClient) -> None:
    stored = [
        client.put(f"/api/v2/projects/p1/artifacts/k{number}", json={"kind": "model"}).json()
        for number in range(5)
    ]

    found = pages(client, "/api/v2/projects/p1/artifacts", "artifacts", **{"page-size": 2})

    assert [uid for page in found for uid in page] == [one["metadata"]["uid"] for one in reversed(stored)]


def test_functions_have_pages(client: TestClient) -> None:
    for number in range(5):
        client.post(
            f"/api/v1/projects/p1/functions/f{number}", json={"kind": "job", "metadata": {"uid": str(number)}}
        )

    found = pages(client, "/api/v1/projects/p1/functions", "funcs", **{"page-size": 2})

    assert [uid for page in found for uid in page] == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize("token", ["x", "eyJ9", "WzEsMl0", "é", "%00"])
def test_a_stale_token_is_answered(client: TestClient, token: str) -> None:
    answer = client.get(RUNS, params={"page-token": token})

    assert answer.status_code == 400
    assert "ask for the first page anew" in answer.text


def test_a_token_of_another_listing_is_stale(client: TestClient, store_runs: Callable[..., None]) -> None:
    store_runs(3)
    token = client.get(RUNS, params={"page": 1, "page-size": 2}).json()["pagination"]["page-token"]

    answer = client.get("/api/v1/projects/p2/runs", params={"page-token": token})

    assert answer.status_code == 400


@pytest.mark.parametrize("name", ["page", "page-size"])
@pytest.mark.parametrize("word", ["0", "-1", "x"])
def test_a_page_that_is_none_is_answered(client: TestClient, name: str, word: str) -> None:
    assert client.get(RUNS, params={name: word}).status_code == 400
