"""What Prometheus reads."""

from __future__ import annotations

import threading

import pytest
from starlette.testclient import TestClient

from mlrun.api.measures import Measures


def test_requests_are_counted_by_their_address_and_answer() -> None:
    measures = Measures()

    for status in (200, 200, 404):
        measures.add("GET", "/projects/{project}/runs", status, 0.25)

    lines = measures.text().splitlines()
    labels = 'method="GET",path="/projects/{project}/runs"'
    assert f'mlrun_http_requests_total{{{labels},status="200"}} 2' in lines
    assert f'mlrun_http_request_seconds_total{{{labels},status="404"}} 0.250000' in lines


def test_threads_lose_no_count() -> None:
    measures = Measures()

    def add() -> None:
        for _ in range(1000):
            measures.add("GET", "/x", 200, 0)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 'mlrun_http_requests_total{method="GET",path="/x",status="200"} 4000' in measures.text()


@pytest.mark.parametrize("path", ["/metrics", "/api/v1/metrics"])
def test_the_server_tells_them(client: TestClient, path: str) -> None:
    client.get("/api/v1/projects/p1/runs/u1")

    answer = client.get(path)

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'path="/projects/{project}/runs/{uid}",status="404"} 1' in answer.text
