"""Folders with code, over the wire."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mlrun.api.app import create_app
from mlrun.code import pack
from mlrun.code.bundle import Bundle
from mlrun.code.scan import scan
from mlrun.config import mlconf

ALL = "/api/v1/projects/iris/bundles"


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    (tmp_path / "project").mkdir()
    (tmp_path / "project/train.py").write_text("x = 1\n")
    return scan(str(tmp_path / "project"))


def put(client: TestClient, bundle: Bundle, project: str = "iris") -> Any:
    body = pack.pack(bundle.get(bundle.names))
    return client.post(f"/api/v1/projects/{project}/bundles/pack", content=body)


def missing(client: TestClient, bundle: Bundle, project: str = "iris") -> list[str]:
    answer = client.post(f"/api/v1/projects/{project}/bundles/missing", json={"objects": bundle.names})
    found: list[str] = answer.json()["objects"]
    return found


def test_what_is_missing_is_named_and_then_kept(client: TestClient, bundle: Bundle) -> None:
    before = missing(client, bundle)

    answer = put(client, bundle)

    assert before == sorted(bundle.names)
    assert (answer.status_code, missing(client, bundle)) == (200, [])


def test_objects_come_in_one_pack(client: TestClient, bundle: Bundle) -> None:
    put(client, bundle)

    answer = client.get(f"{ALL}/pack", params={"object": bundle.names})

    assert answer.headers["content-type"] == pack.TYPE
    assert list(pack.unpack(answer.content)) == list(bundle.get(bundle.names))


def test_a_file_and_a_node_can_be_put_and_read_alone(client: TestClient, bundle: Bundle) -> None:
    (file, content), (_, node) = bundle.get(bundle.names)
    blob, manifest = f"{ALL}/blobs/{file[5:]}", f"{ALL}/{bundle.digest}"

    assert client.put(manifest, content=node).status_code == 409
    assert client.put(blob, content=content).status_code == 200
    assert client.put(manifest, content=node).status_code == 200

    assert (client.get(blob).content, client.get(manifest).content) == (content, node)
    assert "immutable" in client.get(blob).headers["cache-control"]


def test_a_node_without_its_files_is_refused(client: TestClient, bundle: Bundle) -> None:
    answer = client.post(f"{ALL}/pack", content=pack.pack(bundle.get([bundle.root])))

    assert answer.status_code == 409
    assert "needs 1 objects that are not here yet: file/" in answer.json()["detail"]["reason"]
    assert missing(client, bundle) == sorted(bundle.names)


@pytest.mark.parametrize("path", ["blobs/{digest}", "{digest}"])
def test_bytes_of_another_digest_are_refused(client: TestClient, path: str) -> None:
    digest = hashlib.sha256(b"x").hexdigest()

    answer = client.put(f"{ALL}/{path.format(digest=digest)}", content=b"evil")

    assert answer.status_code == 400
    assert "are others" in answer.json()["detail"]["reason"]


@pytest.mark.parametrize("path", ["blobs/{digest}", "{digest}", "pack?object=file/{digest}"])
def test_what_is_not_there_is_not_found_and_tells_no_path(client: TestClient, home: Path, path: str) -> None:
    answer = client.get(f"{ALL}/{path.format(digest='0' * 64)}")

    assert answer.status_code == 404
    assert str(home) not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "blobs/abc", None),
        ("GET", f"{'A' * 64}", None),
        ("PUT", "blobs/abc", b"x"),
        ("GET", "pack?object=abc", None),
        ("GET", "pack?object=file/..%2F..%2Fetc", None),
        ("POST", "missing", b'{"objects": ["abc"]}'),
        ("POST", "missing", b'{"objects": "abc"}'),
        ("POST", "pack", b"no pack"),
    ],
)
def test_what_is_wrong_is_said(client: TestClient, method: str, path: str, body: bytes | None) -> None:
    assert client.request(method, f"{ALL}/{path}", content=body).status_code == 400


def test_those_of_a_project_are_not_those_of_another(client: TestClient, bundle: Bundle) -> None:
    put(client, bundle, "iris")

    assert missing(client, bundle, "wine") == sorted(bundle.names)
    assert client.get(f"/api/v1/projects/wine/bundles/{bundle.digest}").status_code == 404


@pytest.mark.parametrize("project", ["..", ".", "*", "a%2Fb", "..%2F..%2Fetc"])
def test_a_project_is_no_path(client: TestClient, bundle: Bundle, home: Path, project: str) -> None:
    answer = client.post(
        f"/api/v1/projects/{project}/bundles/pack", content=pack.pack(bundle.get(bundle.names))
    )

    assert answer.status_code in (400, 404)
    assert not (home / "bundles").exists()


def test_they_go_with_their_project(client: TestClient, bundle: Bundle) -> None:
    for project in ("iris", "wine"):
        put(client, bundle, project)

    client.delete("/api/v1/projects/iris")

    assert missing(client, bundle, "iris") == sorted(bundle.names)
    assert missing(client, bundle, "wine") == []


def test_a_setting_says_where_they_are_kept(client: TestClient, bundle: Bundle, tmp_path: Path) -> None:
    mlconf.bundles.path = str(tmp_path / "kept")

    put(client, bundle)

    assert os.listdir(tmp_path / "kept") == ["iris"]


def test_a_pack_is_no_longer_than_a_body_may_be(db: Any, bundle: Bundle) -> None:
    client = TestClient(create_app(db, most_bytes=50), base_url="http://localhost")

    assert put(client, bundle).status_code == 413
