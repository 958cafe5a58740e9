"""The application as a whole: prefixes, errors, limits, and that nothing becomes a 500."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from starlette.testclient import TestClient

from mlrun.api.app import create_app
from mlrun.api.routes import V1, V2

PREFIXES = ("/api", "/api/v1", "/api/v2")
# What fuzzers and mistaken clients send, in every place where a value stands.
WORDS = [
    "",
    "x",
    "*",
    "-1",
    "9223372036854775807",
    "99999999999999999999",
    "NaN",
    "%00",
    "a%2Fb",
    "..",
    "é",
    "true",
    "a" * 3000,
]
BODIES: list[bytes] = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"metadata": 5, "spec": [], "status": "x"}',
    b'{"metadata": {"labels": [1], "iteration": "x", "name": {}, "key": 1, "uid": 3, "project": 4}}',
    b'{"metadata": {"name": null, "key": "k", "labels": {"a": null}}, "status": {"state": 7, "process": 1}}',
    b'{"metadata": {"key": "k", "created": "x"}, "spec": {"db_key": 5}, "status": {"start_time": 5}}',
    b'{"kind": "link", "metadata": {"key": "k"}, "spec": {"link_iteration": "x", "owner": {}}}',
    b'{"status": null, "status.state": "running", "spec.a": 1, "spec": 3, "": 1, "a..b": 2}',
    b'{"kind": "artifact", "identifiers": [{"key": 1}]}',
    b'{"kind": "artifact", "identifiers": [{"key": "k", "iter": 99999999999999999999}]}',
    b'{"runs": [{}], "metrics": [{"key": 1, "value": "x"}], "notifications": [1], "metadata": {"name": "p"}}',
    b'{"metrics": [{"key": "a", "value": "x"}], "runs": [{"metadata": {"uid": 1}}]}',
    b'{"metrics": [{"key": "a", "value": 1, "timestamp": 7, "labels": 3}]}',
    b'{"n": 123456789012345678901234567890, "f": NaN, "g": Infinity, "u": "\\ud800"}',
]
PARAMETERS = (
    *("iter", "page", "page-size", "page-token", "sort", "state", "states", "label", "uid", "last", "tag"),
    *(
        "start_time_from",
        "partition-by",
        "format",
        "category",
        "kind",
        "limit",
        "since",
        "tree",
        "object-uid",
    ),
    *(
        "days_ago",
        "size",
        "offset",
        "append",
        "hash_key",
        "versioned",
        "path",
        "schema",
        "best-iteration",
        "key",
    ),
)


@pytest.fixture
def filled(client: TestClient, store_runs: Any) -> TestClient:
    store_runs(3)
    client.put("/api/v2/projects/p1/artifacts/x?tree=u1", json={"kind": "model", "metadata": {"key": "x"}})
    client.post("/api/v1/projects/p1/functions/x", json={"kind": "job"})
    client.post("/api/v1/projects", json={"metadata": {"name": "x"}})
    return client


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_prefix_answers(client: TestClient, prefix: str) -> None:
    assert client.get(f"{prefix}/healthz").json()["status"] == "ok"
    assert client.get(f"{prefix}/projects/p1/runs").json()["runs"] == []


def test_an_error_has_the_shape_that_clients_turn_into_an_exception(client: TestClient) -> None:
    answer = client.get("/api/v1/projects/p1/runs/3f2a")

    assert answer.status_code == 404
    assert answer.json() == {"detail": {"reason": "MLRunNotFoundError('no run p1/3f2a')"}}


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nothing", 404, "MLRunNotFoundError"),
        ("GET", "/api/v1/nothing", 404, "MLRunNotFoundError"),
        ("GET", "/api/v1/projects/p1/runs/a%2Fb", 404, "MLRunNotFoundError"),
        ("GET", "/api/v1/projects/p1/runs/", 404, "MLRunNotFoundError"),
        ("PUT", "/api/v1/projects/p1/runs/3f2a", 405, "MLRunMethodNotAllowedError"),
        ("POST", "/api/v1/submit_job", 501, "MLRunNotImplementedServerError"),
        ("POST", "/api/v1/projects/*/runs/3f2a", 400, "MLRunInvalidArgumentTypeError"),
    ],
)
def test_an_address_that_is_none_is_answered(
    client: TestClient, method: str, path: str, status: int, kind: str
) -> None:
    answer = client.request(method, path)

    assert answer.status_code == status
    assert answer.json()["detail"]["reason"].startswith(f"{kind}(")


def test_a_body_that_is_too_long_is_refused_before_it_is_read(client: TestClient) -> None:
    answer = client.post(
        "/api/v1/projects/p1/runs/u1", content=b"{}", headers={"content-length": str(200 << 20)}
    )

    assert answer.status_code == 413
    assert "67108864 are taken at once" in answer.text


def test_a_body_that_does_not_say_its_length_is_cut_off(db: Any) -> None:
    client = TestClient(create_app(db, most_bytes=1000), base_url="http://localhost")

    answer = client.post("/api/v1/projects/p1/logs/u1", content=iter([b"x" * 600, b"y" * 600]))

    assert answer.status_code == 413
    assert db.get_log_size("u1", "p1") == 0


def test_an_accident_tells_a_number_and_no_more(
    client: TestClient, db: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("the inside of the server")

    monkeypatch.setattr(db, "get_project", fail)

    answer = client.get("/api/v1/projects/p1")

    assert answer.status_code == 500
    assert "inside" not in answer.text and "Traceback" not in answer.text
    logged = capsys.readouterr().err
    assert "KeyError" in logged and logged.split("(")[1].split(")")[0] in answer.text


@pytest.mark.parametrize("rule", dict.fromkeys((*V1, *V2)), ids=lambda rule: f"{rule.method} {rule.path}")
def test_whatever_comes_is_answered_with_less_than_500(filled: TestClient, rule: Any) -> None:
    prefix = "/api/v1" if rule in V1 else "/api/v2"
    path = rule.path.replace("{key:path}", "{key}")

    wrong = []
    for word, body in [*((word, b"{}") for word in WORDS), *(("x", body) for body in BODIES)]:
        names = dict.fromkeys(("project", "uid", "key", "name", "tag"), word) if body == b"{}" else {}
        names = {
            name: names.get(name, "x" if name != "project" else "p1") for name in ("key", "name", "tag")
        } | {
            "project": names.get("project", "p1"),
            "uid": names.get("uid", "u1"),
        }
        answer = filled.request(rule.method, prefix + path.format(**names), content=body)
        wrong += [(word, body[:200], answer.text)] if answer.status_code >= 500 else []

    assert not wrong


@pytest.mark.parametrize(
    "path", ["runs", "artifacts", "functions", "logs/u1", "files", "filestat", "background-tasks"]
)
def test_whatever_a_parameter_is_a_listing_answers_with_less_than_500(filled: TestClient, path: str) -> None:
    wrong = []
    for name, word in itertools.product(PARAMETERS, WORDS):
        answer = filled.get(f"/api/v2/projects/p1/{path}?{name}={word}")
        wrong += [(name, word, answer.text)] if answer.status_code >= 500 else []

    assert not wrong
