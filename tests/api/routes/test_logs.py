"""Logs over the wire."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

LOG = "/api/v1/projects/p1/logs/u1"


@pytest.mark.parametrize("path", [LOG, "/api/log/p1/u1"])
def test_a_log_is_appended_and_read_by_offset(client: TestClient, path: str) -> None:
    client.post("/api/v1/projects/p1/runs/u1", json={"status": {"state": "running"}})
    for body in (b"epoch 1\n", b"epoch \xff2\n"):
        assert client.post(f"{path}?append=yes", content=body).json() == {}

    answer = client.get(f"{path}?offset=8&size=1048576")

    assert answer.content == b"epoch \xff2\n"
    assert answer.headers["x-mlrun-run-state"] == "running"
    assert client.get(f"{path}?offset=2&size=3").content == b"och"
    assert client.get(f"{path}?size=-1").content == b"epoch 1\nepoch \xff2\n"


def test_a_log_is_replaced(client: TestClient) -> None:
    client.post(LOG, content=b"first")

    client.post(f"{LOG}?append=no", content=b"second")

    assert client.get(LOG).content == b"second"


def test_the_size_of_a_log(client: TestClient) -> None:
    client.post(LOG, content=b"0123456789")

    assert client.get(f"{LOG}/size").json() == {"size": 10}


@pytest.mark.parametrize("path", [LOG, f"{LOG}/size"])
def test_neither_run_nor_log_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("query", ["offset=-1", "size=-2", "size=x"])
def test_a_piece_that_is_none_is_answered(client: TestClient, query: str) -> None:
    assert client.get(f"{LOG}?{query}").status_code == 400
