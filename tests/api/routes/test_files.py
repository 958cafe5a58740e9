"""Files behind artifacts: those of the allowed places, and no other."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mlrun.api.app import create_app
from mlrun.api.routes import files
from mlrun.errors import MLRunAccessDeniedError

FILES, STAT = "/api/v1/projects/p1/files", "/api/v1/projects/p1/filestat"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "root" / "sub" / "a.html").write_bytes(b"0123456789")
    (tmp_path / "secret").write_bytes(b"secret")
    return tmp_path / "root"


@pytest.fixture
def client(db: Any, root: Path) -> TestClient:
    return TestClient(
        create_app(db, allowed_paths=(str(root), "memory://bucket")), base_url="http://localhost"
    )


@pytest.mark.parametrize(
    ("query", "body"), [({}, b"0123456789"), ({"offset": 8}, b"89"), ({"size": 3, "offset": 2}, b"234")]
)
def test_a_file_is_read(client: TestClient, root: Path, query: dict[str, int], body: bytes) -> None:
    answer = client.get(FILES, params={"path": f"{root}/sub/a.html", **query})

    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["content-type"] == "text/html"


def test_a_page_among_the_artifacts_can_do_nothing(client: TestClient, root: Path) -> None:
    answer = client.get(FILES, params={"path": f"{root}/sub/a.html"})

    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_is_known_of_a_file(client: TestClient, root: Path) -> None:
    stat = client.get(STAT, params={"path": f"file://{root}/sub/a.html"}).json()

    assert (stat["size"], stat["mimetype"]) == (10, "text/html")
    assert stat["modified"].startswith("20")


def test_the_data_of_an_artifact_is_read(client: TestClient, db: Any, root: Path) -> None:
    db.store_artifact("k", {"spec": {"target_path": f"{root}/sub/a.html"}}, project="p1", tree="t")

    assert client.get(FILES, params={"path": "store://artifacts/p1/k"}).content == b"0123456789"


@pytest.mark.parametrize("address", [FILES, STAT])
@pytest.mark.parametrize(
    "path",
    [
        "{root}/../secret",
        "{root}/sub/../../secret",
        "/etc/passwd",
        "file:///etc/passwd",
        "{root}/link",
        "{root}x",
        "http://localhost/x",
        "memory://other/x",
        "memory://bucketx/x",
        "memory://bucket/../other/x",
        "memory://bucket/%2e%2e/other/x",
        "s3://bucket/x",
        "store://artifacts/p1/outside",
        "~/x",
        "secret",
    ],
)
def test_no_path_leaves_the_allowed_places(
    client: TestClient, db: Any, root: Path, address: str, path: str
) -> None:
    (root / "link").symlink_to(root.parent / "secret")
    db.store_artifact("outside", {"spec": {"target_path": "/etc/passwd"}}, project="p1", tree="t")

    answer = client.get(address, params={"path": path.format(root=root)})

    assert answer.status_code == 403
    assert "secret" not in answer.text.replace(path, "").replace("./secret", "")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("path=", 400),
        ("path=%00", 400),
        ("path=memory://bucket/none", 404),
        ("path=x&schema=s3", 403),
    ],
)
def test_what_is_wrong_is_answered(client: TestClient, query: str, status: int) -> None:
    assert client.get(f"{FILES}?{query}").status_code == status


def test_what_is_no_file_is_answered(client: TestClient, root: Path) -> None:
    os.mkfifo(root / "pipe")

    for name in ("sub", "pipe"):
        assert client.get(FILES, params={"path": f"{root}/{name}"}).status_code == 400


@pytest.mark.parametrize("offset", [10, (1 << 63) - 1])
def test_past_the_end_there_is_nothing(client: TestClient, root: Path, offset: int) -> None:
    answer = client.get(FILES, params={"path": f"{root}/sub/a.html", "offset": offset})

    assert (answer.status_code, answer.content) == (200, b"")


def test_a_large_file_is_given_in_pieces(
    client: TestClient, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST", 9)
    path = {"path": f"{root}/sub/a.html"}

    assert client.get(FILES, params=path).status_code == 400
    assert client.get(FILES, params={**path, "size": 100}).content == b"012345678"
    assert client.get(FILES, params={**path, "offset": 5}).content == b"56789"


def test_nothing_is_allowed_unless_said() -> None:
    with pytest.raises(MLRunAccessDeniedError, match="allowed_file_paths"):
        files.allowed("/etc/passwd", ())
