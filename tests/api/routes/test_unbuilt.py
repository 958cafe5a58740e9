"""Addresses of MLRun that are not built: each says so."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from mlrun.api.routes.unbuilt import unbuilt


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "submit_job"),
        ("POST", "submit/"),
        ("POST", "build/function"),
        ("GET", "build/status"),
        ("POST", "start/function/"),
        ("GET", "projects/p1/schedules"),
        ("POST", "projects/p1/schedules/s/invoke"),
        ("GET", "projects/p1/pipelines"),
        ("POST", "projects/p1/workflows/main/submit"),
        ("POST", "projects/p1/secrets"),
        ("GET", "projects/p1/secret-keys"),
        ("PUT", "projects/p1/datastore-profiles"),
        ("POST", "projects/p1/nuclio/f/deploy"),
        ("POST", "projects/p1/load"),
        ("GET", "projects/p1/feature-sets"),
        ("GET", "projects/p1/model-endpoints"),
        ("GET", "projects/*/alerts"),
        ("GET", "hub/sources/default/items"),
        ("POST", "authorization/verifications"),
    ],
)
@pytest.mark.parametrize("prefix", ["/api", "/api/v1", "/api/v2"])
def test_it_says_what_is_not_built(client: TestClient, method: str, path: str, prefix: str) -> None:
    answer = client.request(method, f"{prefix}/{path}", json={})

    assert answer.status_code == 501
    assert answer.json()["detail"]["reason"].startswith("MLRunNotImplementedServerError(")


@pytest.mark.parametrize("path", ["", "x", "projects/p1/nothing", "submit_jobs", "projects/a/b/schedules"])
def test_what_mlrun_does_not_have_either_is_not_later(path: str) -> None:
    assert unbuilt(path) is None
