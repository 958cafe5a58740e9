"""The application as a whole: prefixes, errors, limits, and that nothing becomes a 500."""

from __future__ import annotations

import itertools
import re
from concurrent.futures import ThreadPoolExecutor
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
    b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b'{"metadata": {"name": "a\\u0000b", "key": "k\\u0000", "labels": {"\\u0000": "\\u0000"}}}',
    b'{"metadata": {"name": "\\ud800", "key": "\\udfff", "labels": {"\\ud800": ""}}, "secrets": {"a": 1}}',
    b'{"name": 5, "type": [], "object": {}, "private": 7, "cron_trigger": 3, "kind": {}, "secrets": [1]}',
    b'{"name": "x", "cron_trigger": "* * *", "labels": 3, "scheduled_object": {}, "concurrency_limit": 1e99}',
    b'{"name": "x", "cron_trigger": {"minute": {}, "hour": 1e400}, "labels": {"a": {}}, "resource": 1}',
    b'{"status": {"results": {"a": 1e999, "b": 123456789012345678901234567890, "\\u0000": 1}}}',
    b'{"notifications": [{"name": "n", "kind": "k", "secret_params": 5}, {"name": "n", "kind": "k"}]}',
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
USUAL = {"project": "p1", "uid": "u1", "key": "x", "name": "x", "tag": "x", "profile": "x", "digest": "x"}


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
        ("POST", "/api/v1/projects/p1/nuclio/f/deploy", 501, "MLRunNotImplementedServerError"),
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
    said = re.search(r" failed \((\w+)\)", logged)
    assert "KeyError" in logged and said and said[1] in answer.text


@pytest.mark.parametrize("rule", dict.fromkeys((*V1, *V2)), ids=lambda rule: f"{rule.method} {rule.path}")
def test_whatever_comes_is_answered_with_less_than_500(filled: TestClient, rule: Any) -> None:
    prefix = "/api/v1" if rule in V1 else "/api/v2"
    path = rule.path.replace("{key:path}", "{key}")

    wrong = []
    for word, body in [*((word, b"{}") for word in WORDS), *(("x", body) for body in BODIES)]:
        names = dict.fromkeys(USUAL, word) if body == b"{}" else USUAL
        answer = filled.request(rule.method, prefix + path.format(**names), content=body)
        is_wrong = answer.status_code >= 500 and answer.status_code != 501
        wrong += [(word, body[:200], answer.text)] if is_wrong else []

    assert not wrong


ASKING = [rule for rule in dict.fromkeys((*V1, *V2)) if rule.asks]


@pytest.mark.parametrize("rule", ASKING, ids=lambda rule: f"{rule.method} {rule.path}")
def test_whatever_a_parameter_is_the_answer_is_less_than_500(filled: TestClient, rule: Any) -> None:
    path = rule.path.replace("{key:path}", "{key}").format(**USUAL)
    url = f"{'/api/v1' if rule in V1 else '/api/v2'}{path}"

    wrong = []
    for parameter, word in itertools.product(rule.asks, WORDS):
        if parameter.is_header:
            answer = filled.request(rule.method, url, content=b"{}", headers={parameter.name: word.encode()})
        else:
            answer = filled.request(rule.method, f"{url}?{parameter.name}={word}", content=b"{}")
        wrong += [(parameter.name, word, answer.text)] if answer.status_code >= 500 else []

    assert not wrong


@pytest.mark.parametrize("word", ["", "x" * 201, "x" * 5000, "\xff", "1", "a b"])
def test_whatever_a_key_of_a_write_is_it_is_answered(filled: TestClient, word: str) -> None:
    headers = {"idempotency-key": word.encode("latin-1")}

    answers = [
        filled.post("/api/v1/projects/p1/logs/u1", content=b"x", headers=headers),
        filled.post("/api/v1/projects/p1/runs/u9", json={}, headers=headers),
    ]

    assert {answer.status_code for answer in answers} <= ({200} if len(word) < 201 else {400})


def test_two_first_inserts_at_once_are_one_record(filled: TestClient, db: Any) -> None:
    def create(number: int) -> int:
        return int(filled.post("/api/v1/projects", json={"metadata": {"name": "new"}}).status_code)

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(create, range(8)))

    assert statuses == [201] + [409] * 7


def test_a_uid_with_a_slash_is_one_uid(client: TestClient, db: Any) -> None:
    url = "/api/v1/projects/p1/runs/a%2Fb"

    assert client.post(url, json={}).status_code == 200
    assert client.get(url).json()["data"]["metadata"]["uid"] == "a/b"
    assert db.read_run("a/b", "p1")


def test_an_address_takes_some_methods_only(client: TestClient) -> None:
    answer = client.put("/api/v1/projects/p1/runs/3f2a")

    assert answer.headers["allow"] == "DELETE, GET, HEAD, PATCH, POST"
