"""Functions over the wire."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

ONE = "/api/v1/projects/p1/functions/train"


def store(client: TestClient, image: str, query: str = "versioned=True") -> str:
    body = {"kind": "job", "metadata": {"labels": {"a": 1}}, "spec": {"image": image}, "verbose": False}
    return str(client.post(f"{ONE}?{query}", json=body).json()["hash_key"])


def test_a_version_is_found_by_hash_and_by_tag(client: TestClient) -> None:
    first = store(client, "a", "tag=v3&versioned=True")
    second = store(client, "b")

    by_tag = client.get(f"{ONE}?tag=v3&hash_key=").json()["func"]
    assert (by_tag["spec"]["image"], by_tag["metadata"]["hash"]) == ("a", first)
    assert client.get(f"{ONE}?hash_key={second}").json()["func"]["spec"]["image"] == "b"
    assert client.get(ONE).json()["func"]["metadata"]["hash"] == second


def test_versions_are_listed_newest_first(client: TestClient) -> None:
    hashes = [store(client, image) for image in "abc"]

    answer = client.get("/api/v1/projects/p1/functions?name=train&label=a&format=full&page=1&page-size=2")

    assert [one["metadata"]["hash"] for one in answer.json()["funcs"]] == [hashes[2], hashes[1]]
    assert answer.json()["pagination"]["page-token"]


def test_a_function_is_deleted_in_both_versions_of_the_api(client: TestClient) -> None:
    store(client, "a")
    assert client.delete(ONE).status_code == 204
    assert client.get(ONE).status_code == 404

    store(client, "a")
    answer = client.delete(ONE.replace("v1", "v2"))
    assert (answer.status_code, answer.json()["kind"]) == (202, "BackgroundTask")
    assert client.get(ONE).status_code == 404


def test_the_old_paths_are_the_same(client: TestClient) -> None:
    client.post("/api/func/p1/train", json={"kind": "job"})

    assert client.get("/api/func/p1/train").json()["func"]["kind"] == "job"
    assert len(client.get("/api/funcs?project=p1").json()["funcs"]) == 1


@pytest.mark.parametrize("body", [[], {"spec": 1}, {"metadata": []}, "x"])
def test_a_wrong_type_is_answered(client: TestClient, body: Any) -> None:
    assert client.post(ONE, json=body).status_code == 400


def test_a_since_that_is_no_time_is_answered(client: TestClient) -> None:
    assert client.get("/api/v1/projects/p1/functions?since=yesterday").status_code == 400
