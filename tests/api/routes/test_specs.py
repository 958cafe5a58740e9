"""What a client asks first."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from mlrun import mlconf
from mlrun.errors import MLRunRuntimeError


@pytest.mark.parametrize("path", ["/healthz", "/api/healthz", "/api/v1/healthz", "/api/v2/healthz"])
def test_somebody_is_there(client: TestClient, path: str) -> None:
    assert client.get(path).json()["status"] == "ok"


@pytest.mark.parametrize("path", ["/healthz/ready", "/api/v1/healthz/ready"])
def test_a_database_that_is_away_is_life_but_not_readiness(
    client: TestClient,
    db: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    path: str,
) -> None:
    assert client.get(path).json() == client.get("/healthz").json()

    def fail(*_: object) -> None:
        raise MLRunRuntimeError("the disk sda7 is gone")

    monkeypatch.setattr(db, "has_function", fail)
    answer = client.get(path)

    assert answer.status_code == 503 and "can not be reached" in answer.text
    assert "sda7" not in answer.text and "sda7" in capsys.readouterr().err
    assert client.get("/healthz").status_code == 200


def test_a_client_of_mlrun_hears_its_own_version(client: TestClient) -> None:
    spec = client.get("/api/v1/client-spec").json()

    assert spec["version"] == "1.12.1"
    assert spec["nuclio_version"] == ""
    assert "artifact_path" not in spec


def test_the_artifact_path_of_the_server_is_the_one_of_its_clients(client: TestClient) -> None:
    with mlconf.override(artifact_path="/data/{{project}}"):
        spec = client.get("/api/v1/client-spec").json()

    assert spec["artifact_path"] == "/data/{{project}}"


def test_no_secret_is_told(client: TestClient) -> None:
    with mlconf.override(**{"httpdb.token": "s3cr3t"}):
        answers = [client.get(f"/api/v1/{name}").text for name in ("client-spec", "frontend-spec")]

    assert not any("s3cr3t" in answer for answer in answers)


def test_the_dashboard_hears_what_it_needs(client: TestClient) -> None:
    spec = client.get("/api/v1/frontend-spec").json()

    assert spec["feature_flags"]["authentication"] == "none"
    assert spec["default_function_image_by_kind"]["job"] == "mlrun/mlrun"


@pytest.mark.parametrize(("path", "answer"), [("hub/sources", [])])
def test_a_server_that_runs_nothing_has_nothing(client: TestClient, path: str, answer: Any) -> None:
    assert client.get(f"/api/v1/{path}").json() == answer
