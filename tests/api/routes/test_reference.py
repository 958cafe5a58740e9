"""The document and the page, as they are served."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient


@pytest.mark.parametrize("prefix", ["", "/api", "/api/v1", "/api/v2"])
def test_the_document_is_at_every_prefix(client: TestClient, prefix: str) -> None:
    answer = client.get(f"{prefix}/openapi.json")

    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["openapi"].startswith("3.1.")


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_the_page_may_load_nothing(client: TestClient, prefix: str) -> None:
    answer = client.get(f"{prefix}/docs")

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
