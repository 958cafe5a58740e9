"""Heads that are refused before anything is looked up."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from mlrun.api.limits import MOST_HEAD, MOST_HEADERS, MOST_URL


@pytest.mark.parametrize("path", ["/api/v1/projects/a%0Ab", "/api/v1/projects/p1/runs/%00", "/%7f"])
def test_no_name_has_a_control_character(client: TestClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 400
    assert "has a control character" in answer.json()["detail"]["reason"]


def test_an_address_is_only_so_long(client: TestClient) -> None:
    path = "/api/v1/projects?name="

    assert client.get(path + "x" * (MOST_URL - len(path))).status_code == 200
    answer = client.get(path + "x" * MOST_URL)
    assert answer.status_code == 414
    assert f"{MOST_URL} are taken" in answer.json()["detail"]["reason"]


def test_headers_are_only_so_long(client: TestClient) -> None:
    answer = client.get("/healthz", headers={"x": "x" * MOST_HEAD})

    assert answer.status_code == 431
    assert f"{MOST_HEAD} are taken" in answer.json()["detail"]["reason"]


def test_headers_are_only_so_many(client: TestClient) -> None:
    answer = client.get("/healthz", headers={f"x-{number}": "x" for number in range(MOST_HEADERS)})

    assert answer.status_code == 431
    assert f"{MOST_HEADERS} are taken" in answer.json()["detail"]["reason"]
