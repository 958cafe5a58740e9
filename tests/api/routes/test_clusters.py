"""Dask clusters over the wire."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from mlrun.api.app import create_app

FUNCTION = {
    "kind": "dask",
    "metadata": {"name": "scale", "project": "iris"},
    "status": {"state": "ready", "cluster_name": "scale-1"},
}


@pytest.fixture
def client(db: Any) -> TestClient:
    db.store_function(FUNCTION, "scale", "iris", tag="latest")
    return TestClient(create_app(db), base_url="http://localhost")


@pytest.mark.parametrize("address", ["/api/v1/status/function", "/api/status/function/"])
def test_the_status_is_given(client: TestClient, address: str) -> None:
    answer = client.post(address, json={"functionUrl": "iris/scale"})

    assert answer.json()["data"]["cluster_name"] == "scale-1"


def test_a_function_that_is_not_there_is_said(client: TestClient) -> None:
    answer = client.post("/api/v1/status/function", json={"functionUrl": "iris/nothere"})

    assert answer.status_code == 404


def test_a_server_that_starts_nothing_says_so(client: TestClient) -> None:
    answer = client.post("/api/v1/start/function", json={"functionUrl": "iris/scale"})

    assert answer.status_code == 501
    assert "starts nothing" in answer.text


def test_a_function_has_to_be_named(client: TestClient) -> None:
    assert client.post("/api/v1/start/function", json={}).status_code == 400
