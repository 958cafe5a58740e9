"""Which bytes are whose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlrun.artifacts import places

UID = "9d8e" * 8


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("/a/b/", "/a/b"),
        ("file:///a/b", "/a/b"),
        ("S3://bucket/a/", "s3://bucket/a"),
        ("a/b", ""),
        ("train", ""),
        ("", ""),
        ("/a\0", ""),
    ],
)
def test_equal_places_are_equal_texts(address: str, same: str) -> None:
    assert places.comparable(address) == same


@pytest.mark.parametrize(
    ("address", "is_inside"),
    [
        ("/data/a", True),
        ("/data", False),
        ("/database/a", False),
        ("s3://bucket/x/a", True),
        ("s3://bucket/x", False),
        ("s3://bucket/x/../y", False),
        ("s3://bucket/x/%2e%2e/y", False),
        ("s3://bucket/xy", False),
    ],
)
def test_a_place_holds_what_is_below_it(address: str, is_inside: bool) -> None:
    assert places.is_inside(address, ["/data/", "s3://bucket/x/"]) is is_inside


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/usr")

    assert not places.is_inside(places.comparable(f"{tmp_path}/link/bin"), [str(tmp_path)])


@pytest.mark.parametrize(
    ("address", "tree", "is_ours"),
    [
        (f"/out/train/{UID}/0/a", UID, True),
        (f"/out/{UID}", UID, False),
        ("/etc/passwd", "etc", False),
        ("/out/a", UID, False),
        (f"/out/{'a' * 40}.csv", UID, True),
        (f"/out/{'b' * 40}.csv", UID, False),
    ],
)
def test_our_names_have_the_uid_or_the_hash(address: str, tree: str, is_ours: bool) -> None:
    record: dict[str, Any] = {"metadata": {"tree": tree, "hash": "a" * 40}}

    assert places.has_our_name(address, record) is is_ours


def test_what_a_record_shows_names_nothing() -> None:
    spec = {"target_path": "/a", "extra_data": {"x": ["/b"]}, "inline": "/c", "header": ["/d"]}

    assert sorted(places.named_by({"spec": spec})) == ["/a", "/b"]


def test_every_version_is_gone_over(db: Any) -> None:
    for number in range(1203):
        db.store_artifact("a", {}, project=f"p{number % 2}", tree=f"t{number}")

    assert len({record["metadata"]["tree"] for record in places.all_artifacts(db)}) == 1203
