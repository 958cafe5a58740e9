"""Datastore profiles over the wire."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

URL = "/api/v1/projects/p1/datastore-profiles"
PROFILE = {
    "name": "s3p",
    "type": "s3",
    "object": '{"type":"czM="}',
    "private": '{"k":"MQ=="}',
    "project": "p1",
}
PUBLIC = {name: PROFILE[name] for name in ("name", "type", "object", "project")}


def test_a_profile_is_stored_listed_read_and_deleted(client: TestClient, db: Any) -> None:
    assert client.put(URL, json=PROFILE).json() == PUBLIC

    assert client.get(URL).json() == [PUBLIC]
    assert client.get(f"{URL}/s3p").json() == PUBLIC
    assert db.read_datastore_profile_secrets("s3p", "p1") == PROFILE["private"]

    assert client.delete(f"{URL}/s3p").status_code == 200
    assert client.get(f"{URL}/s3p").status_code == 404
    assert client.delete(f"{URL}/s3p").status_code == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"name": "x"}, {"name": "x", "type": 3}, {**PROFILE, "project": "p2"}, {**PROFILE, "object": {}}],
)
def test_what_is_no_profile_is_answered(client: TestClient, body: Any) -> None:
    assert client.put(URL, json=body).status_code == 400
    assert client.get(URL).json() == []
