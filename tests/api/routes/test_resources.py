"""Runtime resources over the wire."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.api.conftest import client_of
from tests.service.conftest import *  # noqa: F403 - fixtures
from tests.service.test_resources import UIDS, pods  # noqa: F401 - a fixture

from mlrun.service.acting import Service
from mlrun.testing.memory_cluster import MemoryCluster

URL = "/api/v1/projects/iris/runtime-resources"


@pytest.fixture
def posted(db: Any, launcher: Any, pods: list[str]) -> TestClient:  # noqa: F811
    return client_of(db, service=Service(db, launcher))


@pytest.mark.parametrize("url", [URL, "/api/projects/*/runtime-resources"])
def test_pods_are_listed(posted: TestClient, url: str) -> None:
    (of_jobs,) = posted.get(url).json()
    by_job = posted.get(f"{url}?group-by=job&object-id={UIDS[0]}").json()
    by_label = posted.get(f"{url}?label-selector=mlrun/uid={UIDS[1]}&kind=job").json()

    assert len(of_jobs["resources"]["pod_resources"]) == 2
    assert list(by_job["iris"]) == [UIDS[0]] and len(by_label[0]["resources"]["pod_resources"]) == 1


def test_pods_are_deleted(posted: TestClient, cluster: MemoryCluster) -> None:
    assert posted.delete(f"{URL}?grace-period=999999999").json() == {}
    assert len(posted.delete(URL).json()["iris"]["job"]["pod_resources"]) == 1
    assert len(posted.delete(f"{URL}?force=true").json()["iris"]["job"]["pod_resources"]) == 1
    assert cluster.list() == []


def test_what_is_wrong_is_answered(posted: TestClient) -> None:
    assert posted.get(f"{URL}?label-selector=x").status_code == 400
    assert posted.get(f"{URL}?group-by=party").status_code == 400


def test_a_server_without_a_cluster_has_none(client: TestClient) -> None:
    assert client.get(URL).json() == [] and client.get(f"{URL}?group-by=job").json() == {}
    assert client.delete(URL).json() == {}


def test_a_login_of_one_project_sees_those_of_that_one(
    db: Any,
    launcher: Any,
    pods: list[str],  # noqa: F811
) -> None:
    client = client_of(db, service=Service(db, launcher))
    secrets = {name: db.create_token(projects=[name])[1] for name in ("iris", "wine")}

    def count(login: str, project: str) -> int:
        headers = {"authorization": f"Bearer {secrets[login]}"}
        answer = client.get(f"/api/v1/projects/{project}/runtime-resources", headers=headers)
        return len(answer.json()[0]["resources"]["pod_resources"]) if answer.json() else 0

    assert (count("iris", "*"), count("wine", "*"), count("iris", "iris")) == (2, 0, 2)
