"""Lineage over the wire."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from mlrun.testing.lineage_records import names, store_step


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_lineage_is_a_graph(client: TestClient, db: Any, version: str) -> None:
    (address,) = store_step(db, "a", ["x"])
    store_step(db, "b", ["y"], {"data": address})

    answer = client.get(f"/api/{version}/projects/p/artifacts/y/lineage?tree=b&depth=2")

    assert answer.status_code == 200
    assert names(answer.json()) == [("step-b", "y"), ("x", "step-b"), ("step-a", "x")]


def test_what_is_wrong_is_said(client: TestClient) -> None:
    assert client.get("/api/v2/projects/p/artifacts/y/lineage").status_code == 404
    assert client.get("/api/v2/projects/p/artifacts/y/lineage?depth=0").status_code == 400
