"""Runs over the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from mlrun.api.app import create_app

RUNS = "/api/v1/projects/p1/runs"


def uids(answer: Any) -> list[str]:
    return [run["metadata"]["uid"] for run in answer.json()["runs"]]


def test_unknown_fields_of_a_run_survive(client: TestClient) -> None:
    run = {"kind": "run", "metadata": {"name": "a"}, "spec": {"new": {"x": [1]}}, "status": {}, "extra": 7}

    assert client.post(f"{RUNS}/u1?iter=0", json=run).json() == {}

    stored = client.get(f"{RUNS}/u1?iter=0&format=full").json()["data"]
    assert stored["spec"] == {"new": {"x": [1]}} and stored["extra"] == 7
    assert stored["metadata"] == {"name": "a", "project": "p1", "uid": "u1"}


def test_a_patch_sets_dotted_keys(client: TestClient) -> None:
    client.post(f"{RUNS}/u1", json={"status": {"state": "running"}})

    client.patch(f"{RUNS}/u1", json={"status.results": {"accuracy": 6}, "status.state": "completed"})

    status = client.get(f"{RUNS}/u1").json()["data"]["status"]
    assert (status["state"], status["results"]) == ("completed", {"accuracy": 6})


def test_a_patch_may_replace_the_whole_status(client: TestClient) -> None:
    client.post(f"{RUNS}/u1", json={"status": {"state": "running"}})

    client.patch(f"{RUNS}/u1", json={"status": {"state": "completed"}})

    assert client.get(f"{RUNS}/u1").json()["data"]["status"]["end_time"]


@pytest.mark.parametrize("status", [3, "x", [], True])
def test_a_status_that_is_no_object_is_answered(client: TestClient, status: Any) -> None:
    client.post(f"{RUNS}/u1", json={})

    assert client.patch(f"{RUNS}/u1", json={"status": status}).status_code == 400


def test_a_result_that_is_nan_is_stored_as_null(client: TestClient) -> None:
    client.post(f"{RUNS}/u1", json={})

    answer = client.patch(f"{RUNS}/u1", content=b'{"status.results": {"loss": NaN}}')

    assert answer.json()["data"]["status"]["results"] == {"loss": None}


def test_a_finished_run_does_not_go_back(client: TestClient) -> None:
    client.post(f"{RUNS}/u1", json={"status": {"state": "completed"}})

    answer = client.post(f"{RUNS}/u1", json={"status": {"state": "running"}})

    assert answer.status_code == 409
    assert "a finished run can not go back to running" in answer.text


@pytest.mark.parametrize("query", ["state=error&state=aborted", "states=error&states=aborted"])
def test_states_have_an_old_and_a_new_spelling(client: TestClient, query: str) -> None:
    for number, state in enumerate(["completed", "error", "aborted"]):
        client.post(f"{RUNS}/u{number}", json={"status": {"state": state}})

    assert sorted(uids(client.get(f"{RUNS}?{query}"))) == ["u1", "u2"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=run1", ["u1"]),
        ("name=~RUN&last=2", ["u3", "u2"]),
        ("uid=u0&uid=u2", ["u2", "u0"]),
        ("sort=no&last=2", ["u0", "u1"]),
        ("start_time_from=2026-01-01T00:02:00&iter=no", ["u3", "u2"]),
        ("start_time_to=2026-01-01T00:01:00%2B00:00", ["u1", "u0"]),
        ("start_time_from=2026-01-01T00:01:00Z&start_time_to=2026-01-01T00:02:00Z", ["u2", "u1"]),
        ("last_update_time_from=2100-01-01", []),
        ("label=owner=me", []),
    ],
)
def test_a_listing_is_filtered(
    client: TestClient, store_runs: Callable[..., None], query: str, found: list[str]
) -> None:
    store_runs(4)

    assert uids(client.get(f"{RUNS}?{query}")) == found


def test_children_are_listed_unless_refused(client: TestClient) -> None:
    for number in (0, 1):
        client.post(f"{RUNS}/u1?iter={number}", json={})

    assert len(uids(client.get(RUNS))) == 2
    assert len(uids(client.get(f"{RUNS}?iter=no"))) == 1


@pytest.mark.parametrize("place", ["/api/v1/projects/*/runs", "/api/runs", "/api/v1/runs?project=*"])
def test_runs_of_every_project_are_listed(client: TestClient, place: str) -> None:
    for project in ("p1", "p2"):
        client.post(f"/api/v1/projects/{project}/runs/{project}", json={})

    assert sorted(uids(client.get(place))) == ["p1", "p2"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("partition-by=name", ["b1", "a2"]),
        ("partition-by=name&rows-per-partition=2", ["b1", "a2", "a1"]),
        ("partition-by=name&partition-order=asc&partition-sort-by=created", ["b1", "a0"]),
        ("partition-by=name&max-partitions=1&partition-sort-by=created", ["b1"]),
        ("partition-by=project_and_name&rows-per-partition=9&name=a", ["a2", "a1", "a0"]),
    ],
)
def test_the_newest_of_each_name_are_listed(client: TestClient, query: str, found: list[str]) -> None:
    for hour, uid in enumerate(["a0", "a1", "a2", "b1"]):
        time = f"2026-01-01T0{hour}:00:00+00:00"
        run = {"metadata": {"name": uid[0]}, "status": {"start_time": time, "last_update": time}}
        client.post(f"{RUNS}/{uid}", json=run)

    assert uids(client.get(f"{RUNS}?{query}")) == found


def test_many_runs_are_stored_at_once_or_none(client: TestClient) -> None:
    good, bad = {"metadata": {"uid": "u1", "project": "p1"}}, {"metadata": {"project": "p1"}}

    assert client.post("/api/v1/projects/*/runs", json={"runs": [good, bad]}).status_code == 400
    assert uids(client.get(RUNS)) == []
    assert client.post("/api/v1/projects/*/runs", json={"runs": [good]}).status_code == 200
    assert uids(client.get(RUNS)) == ["u1"]


def test_deleting_a_run_that_is_not_there_is_done(client: TestClient) -> None:
    assert client.delete(f"{RUNS}/zz?iter=0").status_code == 200


def test_deleting_many_says_how_many(client: TestClient, store_runs: Callable[..., None]) -> None:
    store_runs(3)

    answer = client.delete(f"{RUNS}?project=p1&state=completed&days_ago=2")

    assert (answer.json(), answer.headers["x-mlrun-deleted"]) == ({}, "3")
    assert uids(client.get(RUNS)) == []


def test_deleting_everything_everywhere_is_refused(client: TestClient) -> None:
    answer = client.delete("/api/v1/projects/*/runs")

    assert answer.status_code == 400
    assert "needs a filter" in answer.text


def test_a_live_run_is_aborted_and_the_task_can_be_asked_for(client: TestClient) -> None:
    client.post(f"{RUNS}/u1", json={"status": {"state": "running"}})

    answer = client.post(f"{RUNS}/u1/abort?iter=0", json={"status.status_text": "stop it"})

    assert answer.status_code == 202
    task = client.get(f"/api/v1/projects/p1/background-tasks/{answer.json()['metadata']['name']}").json()
    assert task["status"]["state"] == "succeeded"
    status = client.get(f"{RUNS}/u1").json()["data"]["status"]
    assert (status["state"], status["status_text"]) == ("aborted", "stop it")


def test_a_finished_run_is_not_aborted(client: TestClient) -> None:
    client.post(f"{RUNS}/u1", json={"status": {"state": "completed"}})

    assert client.post(f"{RUNS}/u1/abort").status_code == 409


def test_notifications_are_set(client: TestClient) -> None:
    client.post(f"{RUNS}/u1", json={})

    one = {"kind": "slack", "name": "n", "secret_params": {"webhook": "https://hooks/s3cr3t"}}
    assert client.put(f"{RUNS}/u1/notifications", json={"notifications": [one]}).status_code == 200

    body = client.get(f"{RUNS}/u1")
    (stored,) = body.json()["data"]["spec"]["notifications"]
    assert (stored["kind"], stored["name"]) == ("slack", "n")
    assert "s3cr3t" not in body.text


def test_notifications_without_a_name_are_answered(client: TestClient) -> None:
    client.post(f"{RUNS}/u1", json={})

    answer = client.put(f"{RUNS}/u1/notifications", json={"notifications": [{"kind": "slack"}]})

    assert answer.status_code == 400 and "name of a notification" in answer.text


def test_runs_are_found_by_their_results(client: TestClient) -> None:
    for number, accuracy in enumerate([0.5, 0.95, 0.99]):
        results = {"accuracy": accuracy, "name": f"m{number}"}
        client.post(f"{RUNS}/u{number}", json={"status": {"results": results}})

    params = {"result": ["accuracy > 0.9", "name != m2"]}
    (found,) = client.get(RUNS, params=params).json()["runs"]

    assert found["metadata"]["uid"] == "u1"
    assert client.get(RUNS, params={"result": "accuracy is high"}).status_code == 400


def test_runs_are_found_by_their_end(client: TestClient) -> None:
    for number in (1, 2):
        end = f"2026-01-0{number}T00:00:00+00:00"
        client.post(f"{RUNS}/u{number}", json={"status": {"state": "completed", "end_time": end}})

    (found,) = client.get(f"{RUNS}?end_time_from=2026-01-01T12:00:00").json()["runs"]

    assert found["metadata"]["uid"] == "u2"


def test_metrics_are_given_in_parts(client: TestClient) -> None:
    rows = [{"key": "loss", "value": value} for value in range(5)]
    client.post(f"{RUNS}/u1/metrics", json={"metrics": rows})

    found = client.get(f"{RUNS}/u1/metrics?offset=1&limit=2").json()["metrics"]

    assert [row["value"] for row in found] == [1, 2]


@pytest.mark.parametrize("write", ["metrics", "log"])
def test_what_comes_twice_is_added_once_also_after_a_restart(db: Any, write: str) -> None:
    headers = {"idempotency-key": "4f0c"}

    for _ in range(2):
        client = TestClient(
            create_app(db), base_url="http://localhost"
        )  # a new server, which remembers nothing itself
        for uid in ("u1", "u2"):
            if write == "log":
                client.post(f"/api/v1/projects/p1/logs/{uid}", content=b"line\n", headers=headers)
            else:
                rows = [{"key": "loss", "value": 1}]
                client.post(f"{RUNS}/{uid}/metrics", json={"metrics": rows}, headers=headers)

    for uid in ("u1", "u2"):
        found = db.get_log_size(uid, "p1") if write == "log" else db.count_metrics(uid, "p1")
        assert found == (5 if write == "log" else 1)


def test_metrics_are_appended(client: TestClient) -> None:
    rows = [{"key": "loss", "value": 1.5, "timestamp": "2026-01-01T00:00:00+00:00"}, {"key": "b", "value": 2}]

    client.post(f"{RUNS}/u1/metrics?iter=0", json={"metrics": rows})

    found = client.get(f"{RUNS}/u1/metrics?key=loss").json()["metrics"]
    assert [row["value"] for row in found] == [1.5]


def test_the_old_paths_are_the_same(client: TestClient) -> None:
    client.post("/api/run/p1/u1", json={"metadata": {"name": "a"}})

    assert client.get("/api/run/p1/u1").json()["data"]["metadata"]["name"] == "a"
    assert client.delete("/api/run/p1/u1").status_code == 200
    assert client.get("/api/run/p1/u1").status_code == 404
