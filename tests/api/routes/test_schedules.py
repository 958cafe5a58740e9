"""Schedules over the wire: kept, shown, invoked."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

URL = "/api/v1/projects/p1/schedules"
SCHEDULE = {
    "name": "nightly",
    "kind": "job",
    "scheduled_object": {"task": {"metadata": {"name": "train"}}},
    "cron_trigger": "0 3 * * *",
    "labels": {"team": "a"},
}


@pytest.fixture
def stored(client: TestClient) -> TestClient:
    assert client.post(URL, json=SCHEDULE).status_code == 201
    return client


def test_a_schedule_says_when_it_fires(client: TestClient) -> None:
    answer = client.post(URL, json=SCHEDULE)

    assert answer.status_code == 201 and "T03:00:00" in answer.json()["next_run_time"]
    offline = client.put(f"{URL}/nightly", json={"desired_state": "offline"}).json()
    assert offline["next_run_time"] is None


def test_a_schedule_is_read_and_changed(stored: TestClient) -> None:
    found = stored.get(f"{URL}/nightly?include_last_run=no").json()
    assert (found["name"], found["project"], found["kind"]) == ("nightly", "p1", "job")
    assert found["cron_trigger"]["hour"] == "3"

    changed = stored.put(f"{URL}/nightly", json={"cron_trigger": {"hour": "4", "minute": "0"}})

    assert changed.status_code == 200
    found = stored.get(f"{URL}/nightly").json()
    assert found["cron_trigger"]["hour"] == "4"
    assert found["scheduled_object"] == SCHEDULE["scheduled_object"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 1),
        ("name=~NIGHT", 1),
        ("name=x", 0),
        ("kind=pipeline", 0),
        ("label=team=a", 1),
        ("labels=team,x", 0),
    ],
)
def test_schedules_are_listed(stored: TestClient, query: str, count: int) -> None:
    assert len(stored.get(f"{URL}?include_last_run=False&{query}").json()["schedules"]) == count
    assert len(stored.get(f"/api/v1/projects/*/schedules?{query}").json()["schedules"]) == count


def test_schedules_are_deleted(stored: TestClient) -> None:
    stored.post(URL, json={**SCHEDULE, "name": "weekly"})

    assert stored.delete(f"{URL}/weekly").status_code == 204
    assert [one["name"] for one in stored.get(URL).json()["schedules"]] == ["nightly"]
    assert stored.delete(URL).status_code == 204
    assert stored.get(URL).json() == {"schedules": []}


def test_notifications_are_replaced_and_their_secrets_are_in_no_record(stored: TestClient, db: Any) -> None:
    spec = {"secret_sources": [{"kind": "inline", "source": {"TOKEN": "s3cr3t-value"}}], "function": "p1/f"}
    stored.put(f"{URL}/nightly", json={"scheduled_object": {"task": {"spec": spec}}})
    told = {"kind": "slack", "name": "told", "secret_params": {"webhook": "https://slack.example/s3cr3t"}}

    answers = [stored.put(f"{URL}/nightly/notifications", json={"notifications": [told]}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    record = stored.get(f"{URL}/nightly").json()
    (shown,) = record["scheduled_object"]["task"]["spec"]["notifications"]
    assert shown["secret_params"] == {"webhook": "***"} and "s3cr3t" not in str(record)
    with db.connections.read() as connection:
        kept = connection.execute("SELECT value FROM project_secrets").fetchone()[0]
    assert "https://slack.example/s3cr3t" in kept and "s3cr3t-value" in kept


@pytest.mark.parametrize(
    ("name", "notifications", "status"),
    [("nightly", [{"kind": "slack", "name": "n"}], 400), ("zz", [], 404), ("nightly", None, 400)],
)
def test_notifications_that_can_not_be_set_are_answered(
    stored: TestClient, name: str, notifications: Any, status: int
) -> None:
    answer = stored.put(f"{URL}/{name}/notifications", json={"notifications": notifications})

    assert answer.status_code == status


def test_a_server_without_a_cluster_invokes_nothing(stored: TestClient) -> None:
    answer = stored.post(f"{URL}/nightly/invoke")

    assert answer.status_code == 501 and "starts nothing" in answer.text


def test_secrets_of_a_schedule_are_in_no_record(stored: TestClient, db: Any) -> None:
    spec = {"secret_sources": [{"kind": "inline", "source": {"TOKEN": "s3cr3t-value"}}]}
    scheduled = {"task": {"metadata": {"name": "train"}, "spec": spec}, "more": 1}

    created = stored.post(URL, json={**SCHEDULE, "name": "weekly", "scheduled_object": scheduled})
    updated = stored.put(f"{URL}/nightly", json={"scheduled_object": scheduled})

    assert (created.status_code, updated.status_code) == (201, 200)
    assert "s3cr3t" not in created.text + updated.text + stored.get(URL).text
    with db.connections.read() as connection:
        kept = connection.execute("SELECT name FROM project_secrets ORDER BY name").fetchall()
    assert kept == [("mlrun.schedules/nightly",), ("mlrun.schedules/weekly",)]
    stored.delete(URL)
    with db.connections.read() as connection:
        assert connection.execute("SELECT COUNT(*) FROM project_secrets").fetchone() == (0,)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "", SCHEDULE, 409),
        ("POST", "", {**SCHEDULE, "name": ""}, 400),
        ("POST", "", {**SCHEDULE, "name": "x", "cron_trigger": "often"}, 400),
        ("POST", "", {**SCHEDULE, "name": "x", "cron_trigger": "0 0 30 2 *"}, 400),
        ("POST", "", {**SCHEDULE, "name": "x", "cron_trigger": "* * * * *"}, 400),
        ("PUT", "/nightly", {"cron_trigger": "* * * * *"}, 400),
        ("POST", "", {**SCHEDULE, "name": "x", "kind": "party"}, 400),
        ("POST", "", {**SCHEDULE, "name": "x", "concurrency_limit": 0}, 400),
        ("PUT", "/zz", {}, 404),
        ("GET", "/zz", None, 404),
        ("GET", "?kind=party", None, 400),
    ],
)
def test_what_is_wrong_is_answered(
    stored: TestClient, method: str, path: str, body: Any, status: int
) -> None:
    assert stored.request(method, URL + path, json=body).status_code == status


def test_a_function_may_come_later(stored: TestClient) -> None:
    scheduled = {"task": {"spec": {"function": "p1/f"}}}

    answer = stored.post(URL, json={**SCHEDULE, "name": "x", "scheduled_object": scheduled})

    assert answer.status_code == 201
