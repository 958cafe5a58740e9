"""Logins, names of the host, and pages of other sites."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from mlrun.api.access import Access
from mlrun.api.app import create_app
from mlrun.api.gate import HARDENED, name_of

SPEC = "/api/v1/client-spec"


def client_of(db: Any, access: Access) -> TestClient:
    return TestClient(create_app(db, access), base_url="http://localhost")


def test_the_right_token_opens(db: Any) -> None:
    client = client_of(db, Access(token="s3cr3t"))

    assert client.get(SPEC, headers={"authorization": "Bearer s3cr3t"}).status_code == 200


def test_the_right_user_and_password_open(db: Any) -> None:
    client = client_of(db, Access(user="me", password="pä:ss"))

    assert client.get(SPEC, auth=("me", "pä:ss")).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer s3cr3",
        "Bearer s3cr3t2",
        "s3cr3t",
        "Basic",
        "Basic ???",
        "Basic bWU6",
        "Basic OnB3",
        "Digest s3cr3t",
    ],
)
def test_everything_else_is_asked_to_log_in(db: Any, given: str) -> None:
    client = client_of(db, Access(token="s3cr3t", user="me", password="pw"))

    answer = client.get(SPEC, headers={"authorization": given})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert answer.json()["detail"]["reason"].startswith("MLRunUnauthorizedError('a login is needed")


def test_the_empty_token_is_no_login(db: Any) -> None:
    client = client_of(db, Access(user="me", password="pw"))

    assert client.get(SPEC, headers={"authorization": "Bearer "}).status_code == 401


def test_health_needs_no_login(db: Any) -> None:
    client = client_of(db, Access(token="s3cr3t"))

    assert client.get("/api/v1/healthz").status_code == 200


@pytest.mark.parametrize("host", ["evil.com", "localhost.evil.com:8080", "", "10.0.0.1", "[", "a b"])
def test_another_name_than_its_own_is_refused(client: TestClient, host: str) -> None:
    answer = client.get(SPEC, headers={"host": host})

    assert answer.status_code == 403
    assert "httpdb.allowed_hosts" in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:80"])
def test_the_names_of_the_loopback_are_its_own(client: TestClient, host: str) -> None:
    assert client.get(SPEC, headers={"host": host}).status_code == 200


@pytest.mark.parametrize("hosts", [("mlrun.example.com",), ("*",)])
def test_a_name_can_be_allowed(db: Any, hosts: tuple[str, ...]) -> None:
    client = client_of(db, Access(hosts=hosts))

    assert client.get(SPEC, headers={"host": "mlrun.example.com:8080"}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.com", "null", "http://localhost:9999"])
def test_a_page_of_another_site_may_not_change_anything(client: TestClient, origin: str) -> None:
    answer = client.post("/api/v1/projects/p1/runs/u1", json={}, headers={"origin": origin})

    assert answer.status_code == 403
    assert client.get("/api/v1/projects/p1/runs").json()["runs"] == []


def test_a_page_of_this_server_may(client: TestClient) -> None:
    headers = {"origin": "http://localhost"}

    assert client.post("/api/v1/projects/p1/runs/u1", json={}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("host", "name"), [("a:80", "a"), ("A.", "a"), ("[::1]:1", "::1"), ("[", ""), ("a:x", "a")]
)
def test_the_name_in_a_host_header(host: str, name: str) -> None:
    assert name_of(host) == name


def test_no_answer_lets_a_browser_guess_frame_or_keep_anything(client: TestClient) -> None:
    for answer in (client.get(SPEC), client.get("/nothing"), client.get(SPEC, headers={"host": "evil.com"})):
        for name, value in HARDENED.items():
            assert answer.headers[name] == value


def test_who_tries_many_logins_is_not_looked_at_but_a_right_one_is(
    db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlrun.api.failures.MOST_WAITING", 0)
    client = client_of(db, Access(token="s3cr3t"))
    right, wrong = {"authorization": "Bearer s3cr3t"}, {"authorization": "Bearer x"}
    first = [client.get(SPEC, headers=headers).status_code for headers in (right, wrong)]

    answer = client.get(SPEC, headers=wrong)

    assert first == [200, 401]
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert "MLRunUnauthorizedError('too many wrong logins" in answer.text
    assert client.get(SPEC, headers=right).status_code == 200


def test_asking_without_a_login_is_no_wrong_one(db: Any) -> None:
    client = client_of(db, Access(token="s3cr3t"))

    assert [client.get(SPEC).status_code for _ in range(40)] == [401] * 40


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/healthz/ready"])
def test_health_is_open_as_it_is_spelled(db: Any, path: str) -> None:
    client = client_of(db, Access(token="s3cr3t"))

    assert client.get(path).status_code == 200
    assert client.get(path.replace("healthz", "health%7A")).status_code == 401
    assert client.post(path).status_code in (401, 405)
