"""Tags over the wire."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

TAGS = "/api/v1/projects/p1/tags"


@pytest.fixture
def two(client: TestClient) -> list[dict[str, Any]]:
    """Identifiers of two stored artifacts."""
    stored = [
        client.put(f"/api/v2/projects/p1/artifacts/{key}?tree=t1", json={"kind": "model"}).json()["metadata"]
        for key in ("a", "b")
    ]
    return [
        {"kind": "model", "key": one["key"], "iter": 0, "uid": one["uid"], "producer_id": one["tree"]}
        for one in stored
    ]


def tagged(client: TestClient, tag: str) -> list[str]:
    found = client.get(f"/api/v2/projects/p1/artifacts?tag={tag}").json()["artifacts"]
    return sorted(artifact["metadata"]["key"] for artifact in found)


def body(*identifiers: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "artifact", "identifiers": list(identifiers)}


def test_put_adds_and_post_moves(client: TestClient, two: list[dict[str, Any]]) -> None:
    answer = client.put(f"{TAGS}/new", json=body(two[0]))
    assert answer.json() == {"project": "p1", "name": "new"}

    client.put(f"{TAGS}/new", json=body(two[1]))
    assert tagged(client, "new") == ["a", "b"]

    client.post(f"{TAGS}/new", json=body(two[0]))
    assert tagged(client, "new") == ["a"]


def test_a_tag_is_taken_away(client: TestClient, two: list[dict[str, Any]]) -> None:
    client.put(f"{TAGS}/new", json=body(*two))

    answer = client.request("DELETE", f"{TAGS}/new", json=body(two[0]))

    assert answer.status_code == 204
    assert tagged(client, "new") == ["b"]


def test_an_artifact_that_is_not_there_moves_no_tag(client: TestClient, two: list[dict[str, Any]]) -> None:
    assert client.put(f"{TAGS}/new", json=body(two[0], {"key": "zz"})).status_code == 404
    assert tagged(client, "new") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"kind": "model", "identifiers": []},
        {"kind": "artifact"},
        {"kind": "artifact", "identifiers": [1]},
        {"kind": "artifact", "identifiers": [{}]},
        {"kind": "artifact", "identifiers": [{"key": "a", "iter": "1"}]},
    ],
)
def test_what_names_no_artifact_is_answered(client: TestClient, wrong: dict[str, Any]) -> None:
    assert client.put(f"{TAGS}/new", json=wrong).status_code == 400
