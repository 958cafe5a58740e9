"""Artifacts over the wire, old and new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

V1 = "/api/v1/projects/p1/artifacts"
V2 = "/api/v2/projects/p1/artifacts"


def keys(answer: Any) -> list[str]:
    return [artifact["metadata"]["key"] for artifact in answer.json()["artifacts"]]


def put(client: TestClient, key: str, query: str = "tree=t1", kind: str = "artifact", **spec: Any) -> Any:
    body = {"kind": kind, "metadata": {"key": key}, "spec": spec, "status": {"state": "created"}}
    return client.put(f"{V2}/{key}?{query}", json=body)


def test_what_is_stored_comes_back_with_its_identity(client: TestClient) -> None:
    stored = put(client, "kk", "tag=v1&tree=t1", target_path="/data/x").json()

    assert stored["spec"]["target_path"] == "/data/x"
    metadata = stored["metadata"]
    assert (metadata["tag"], metadata["tree"], metadata["iter"]) == ("v1", "t1", 0)
    assert len(metadata["uid"]) == 40 and metadata["created"] and metadata["updated"]


def test_an_older_version_is_read_though_the_client_says_latest(client: TestClient) -> None:
    """MLRun's client sends tag=latest with every tree and uid, also of a version that had that tag once."""
    old = put(client, "kk", "tree=t1").json()["metadata"]
    put(client, "kk", "tree=t2")

    query = f"format=full&tag=latest&tree=t1&object-uid={old['uid']}&iter=0"

    assert client.get(f"{V2}/kk?{query}").json()["metadata"]["tree"] == "t1"
    assert client.get(f"{V2}/kk?tag=latest").json()["metadata"]["tree"] == "t2"


def test_a_link_is_followed(client: TestClient) -> None:
    put(client, "kk", "tree=t1&iter=2", kind="model")
    put(client, "kk", "tree=t1&iter=0", kind="link", link_iteration=2)

    assert client.get(f"{V2}/kk?tag=latest").json()["metadata"]["iter"] == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tag=*&best-iteration=False&format=full&page=1&page-size=200", ["m", "d", "d"]),
        ("kind=dataset", ["d"]),
        ("category=model", ["m"]),
        ("name=d&tag=*", ["d", "d"]),
        ("tree=t1&tag=*", ["d"]),
        ("limit=1", ["m"]),
        ("tag=v9", []),
        ("since=2100-01-01T00:00:00", []),
        ("until=2100-01-01T00:00:00&iter=0", ["m", "d"]),
        ("producer_uri=p1/r1", ["m"]),
    ],
)
def test_a_listing_is_filtered(client: TestClient, query: str, found: list[str]) -> None:
    put(client, "d", "tree=t1", kind="dataset")
    put(client, "d", "tree=t2", kind="dataset", producer=None)
    put(client, "m", "tree=t2", kind="model", producer={"uri": "p1/r1"})

    assert keys(client.get(f"{V2}?{query}")) == found


def test_one_version_or_every_version_is_deleted(client: TestClient) -> None:
    for tree in ("t1", "t2", "t3"):
        put(client, "kk", f"tree={tree}")

    one = client.delete(f"{V2}/kk?key=kk&tag=latest&tree=t1&deletion_strategy=metadata-only")
    assert (one.status_code, one.content) == (204, b"")
    assert len(keys(client.get(f"{V2}?tag=*"))) == 2

    client.delete(f"{V2}/kk")
    assert keys(client.get(f"{V2}?tag=*")) == []


def test_data_outside_of_the_server_s_places_is_not_deleted(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("mine")
    record = {"kind": "model", "spec": {"target_path": f"{tmp_path}/a.txt"}}
    client.put("/api/v2/projects/p1/artifacts/kk?tree=t1", json=record)

    forced = client.delete("/api/v2/projects/p1/artifacts/kk?deletion_strategy=data-force")
    assert forced.status_code == 400
    assert "none of the places that this server writes" in forced.json()["detail"]["reason"]

    assert (
        client.delete("/api/v2/projects/p1/artifacts/kk?deletion_strategy=data-optional").status_code == 204
    )
    assert client.get("/api/v2/projects/p1/artifacts/kk").status_code == 404
    assert (tmp_path / "a.txt").exists()


def test_deleting_many_says_how_many(client: TestClient) -> None:
    put(client, "q", "tag=v9")

    answer = client.delete(f"{V2}?name=q&tag=v9&days_ago=0")

    assert (answer.status_code, answer.headers["x-mlrun-deleted"]) == (204, "1")


def test_an_artifact_is_created(client: TestClient) -> None:
    answer = client.post(V2, json={"kind": "model", "metadata": {"key": "k", "tree": "t", "tag": "v1"}})

    assert (answer.status_code, answer.json()["metadata"]["tag"]) == (201, "v1")
    assert client.post(V2, json={}).status_code == 400


def test_old_clients_store_under_the_run(client: TestClient) -> None:
    client.post(f"{V1}/run1/k?tag=v1", json={"kind": "model", "metadata": {"key": "k"}})

    stored = client.get(f"{V1}/k?tag=v1").json()["data"]
    assert stored["metadata"]["tree"] == "run1"
    assert keys(client.get(V1)) == ["k"]
    assert client.delete(f"{V1}/run1?key=k").status_code == 200
    assert client.get(f"{V1}/k").status_code == 404


def test_the_oldest_paths_are_the_same(client: TestClient) -> None:
    client.post("/api/artifact/p1/run1/k", json={"kind": "model"})

    assert keys(client.get("/api/artifacts?project=p1")) == ["k"]
    assert client.get("/api/projects/p1/artifact/k").json()["data"]["metadata"]["tree"] == "run1"
    assert client.delete("/api/artifact/p1/run1?key=k").status_code == 200
    assert client.delete("/api/artifacts?project=p1").headers["x-mlrun-deleted"] == "0"


def test_the_tags_of_a_project(client: TestClient) -> None:
    put(client, "kk", "tag=v1")

    answer = client.get("/api/v1/projects/p1/artifact-tags")

    assert answer.json() == {"project": "p1", "tags": ["latest", "v1"]}


@pytest.mark.parametrize("key", ["a..b", "a%2F..%2Fb", "%00", "-x"])
def test_a_key_that_can_not_name_a_file_is_refused(client: TestClient, key: str) -> None:
    answer = client.put(f"{V2}/{key}?tree=t", json={})

    assert answer.status_code in (400, 404, 405)


@pytest.mark.parametrize(
    "body", [{"metadata": {"key": 1}}, {"spec": {"link_iteration": "x"}}, {"spec": []}, {"metadata": "x"}, []]
)
def test_a_wrong_type_is_answered(client: TestClient, body: Any) -> None:
    answer = client.put(f"{V2}/kk", json=body)

    assert answer.status_code == 400
    assert "Expected `" in answer.text or "has to be" in answer.text
