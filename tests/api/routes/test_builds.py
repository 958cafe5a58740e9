"""Building over the wire, as MLRun's client and ours ask for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from mlrun.api.app import create_app

FUNCTION = {
    "kind": "job",
    "metadata": {"name": "train", "project": "iris", "tag": ""},
    "spec": {"image": "mlrun/mlrun", "build": {"commands": ["echo hello"]}},
}


@pytest.fixture
def client(db: Any) -> Iterator[TestClient]:
    app = create_app(db)
    yield TestClient(app, base_url="http://localhost")
    app.state.builds.close()


def finished(client: TestClient, **params: Any) -> Any:
    """The answer about a build that has ended."""
    end = time.monotonic() + 120
    asked = {"name": "train", "project": "iris", **params}
    while (answer := client.get("/api/v1/build/status", params=asked)).headers["function_status"] in (
        "pending",
        "running",
    ):
        assert time.monotonic() < end
        time.sleep(0.01)
    return answer


@pytest.mark.parametrize("address", ["/api/v1/build/function", "/api/build/function/"])
def test_a_build_is_begun_and_asked_about(client: TestClient, address: str) -> None:
    begun = client.post(address, json={"function": FUNCTION, "with_mlrun": "no"}).json()
    assert (begun["ready"], begun["data"]["status"]["state"]) == (False, "pending")

    answer = finished(client)

    assert "$ echo hello\nhello\n" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["function_status"] == answer.headers["x-mlrun-function-status"] == "ready"
    assert answer.headers["function_image"].startswith("environment:")
    assert answer.headers["deploy_status_text_kind"] == "logs"
    assert float(answer.headers["x-mlrun-last-timestamp"]) == 0


def test_what_is_ready_has_the_image_that_was_built(client: TestClient, db: Any) -> None:
    before = {**FUNCTION, "status": {"state": "ready", "container_image": "environment:3f2a"}}
    db.store_function(before, "train", "iris")

    assert finished(client).headers["function_image"] == "environment:3f2a"


def test_a_log_is_given_from_where_it_was_left(client: TestClient) -> None:
    client.post("/api/v1/build/function", json={"function": FUNCTION})
    whole = finished(client).content

    assert finished(client, offset=5).content == whole[5:]
    assert finished(client, logs=False).content == b""
    assert finished(client, last_log_timestamp="0.0", verbose=True, events_offset=0).content == whole


def test_nothing_to_build_is_ready(client: TestClient) -> None:
    plain = {**FUNCTION, "spec": {"image": "mlrun/mlrun"}}
    body = {"function": plain, "with_mlrun": "no", "skip_deployed": False, "force_build": False}

    answer = client.post("/api/v1/build/function", json=body).json()

    assert answer["ready"] and answer["data"]["status"]["state"] == "ready"
    assert finished(client).text == ""


def test_a_failure_is_told(client: TestClient) -> None:
    failing = {**FUNCTION, "spec": {"build": {"commands": ["echo no such luck; exit 3"]}}}
    client.post("/api/v1/build/function", json={"function": failing})

    answer = finished(client)

    assert answer.headers["function_status"] == "error"
    assert "no such luck" in answer.text and "exit code 3" in answer.text


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({}, 400, "function"),
        ({"function": {"kind": "jub"}}, 400, "'jub' is not a function kind"),
        ({"function": {"kind": "local"}}, 400, "has no image"),
        ({"function": {"kind": "serving"}}, 501, "not built yet"),
        ({"function": FUNCTION, "with_mlrun": "perhaps"}, 400, "with_mlrun is yes or no, not 'perhaps'"),
        ({"function": FUNCTION, "force_build": "x"}, 400, "force_build"),
    ],
)
def test_what_can_not_be_built_is_a_sentence(client: TestClient, body: Any, status: int, words: str) -> None:
    answer = client.post("/api/v1/build/function", json=body)

    assert answer.status_code == status and words in answer.text


@pytest.mark.parametrize("source", ["/etc", "./", "file:///etc", "/etc/x.zip"])
def test_files_of_the_server_go_into_no_image(client: TestClient, source: str) -> None:
    function = {**FUNCTION, "spec": {"build": {"source": source}}}

    answer = client.post("/api/v1/build/function", json={"function": function})

    assert answer.status_code == 400 and "its own files are not for images" in answer.text
    shipped = client.post("/api/v1/build/function", json={"function": function, "source": "bundle:///etc"})
    assert shipped.status_code == 400 and "no bundle://<digest>" in shipped.text


def test_a_function_that_is_not_there_has_no_build(client: TestClient) -> None:
    assert client.get("/api/v1/build/status?name=x&project=iris").status_code == 404
    assert "say which function" in client.get("/api/v1/build/status").text


def test_a_login_for_other_projects_builds_nothing(db: Any) -> None:
    _, secret = db.create_token(projects=["wine"])
    headers = {"authorization": f"Bearer {secret}"}
    client = TestClient(create_app(db), base_url="http://localhost", headers=headers)

    refused = client.post("/api/v1/build/function", json={"function": FUNCTION})
    asked = client.get("/api/v1/build/status?name=train&project=iris")

    assert refused.status_code == asked.status_code == 403
    assert db.list_functions() == []
