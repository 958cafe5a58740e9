from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlrun.artifacts import Artifact, LinkArtifact
from mlrun.artifacts.base import reference, store
from mlrun.config import mlconf
from mlrun.datastore import get_dataitem
from mlrun.errors import MLRunInvalidArgumentTypeError, MLRunNotFoundError

RECORD = {
    "kind": "artifact",
    "metadata": {"key": "model", "project": "iris", "iter": 0, "tree": "3f", "uid": "9b", "tag": "v1"},
    "spec": {"target_path": "/data/model.txt", "db_key": "train_model", "size": 3},
    "status": {"state": "created"},
}


def test_a_record_survives_being_read_and_written() -> None:
    assert Artifact.from_dict(RECORD).to_dict() == RECORD


def test_shortcuts_read_and_write_the_record() -> None:
    artifact = Artifact("model")

    artifact.labels = {"a": 1}
    artifact.tag = "v2"
    artifact.target_path = "/x"

    assert artifact.metadata.labels == {"a": 1}
    assert (artifact.metadata.tag, artifact.spec.target_path, artifact.key) == ("v2", "/x", "model")


def test_any_field_of_the_record_can_be_given() -> None:
    artifact = Artifact("model", description="best so far", license="MIT", labels={"a": 1})

    assert artifact.to_dict()["metadata"]["description"] == "best so far"
    assert artifact.spec.license == "MIT"


def test_a_field_that_is_not_there_is_answered_with_the_nearest() -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match="Did you mean 'description'"):
        Artifact("model", descripton="x")


def test_an_address_names_this_very_version() -> None:
    assert Artifact.from_dict(RECORD).uri == "store://artifacts/iris/train_model#0@3f^9b"


@pytest.mark.parametrize(
    ("options", "url"),
    [
        ({}, "store://artifacts/iris/train_model#0:v1@3f"),
        ({"with_tag": False}, "store://artifacts/iris/train_model#0@3f"),
        ({"with_tree": False}, "store://artifacts/iris/train_model#0:v1"),
        ({"project": "other", "with_tree": False}, "store://artifacts/other/train_model#0:v1"),
    ],
)
def test_an_address_by_tag_or_tree(options: dict[str, Any], url: str) -> None:
    assert Artifact.from_dict(RECORD).get_store_url(**options) == url


def test_the_short_form_leaves_out_what_can_be_long() -> None:
    artifact = Artifact("note", body="x")
    artifact.inline = "a long text"
    artifact.status.preview = [[1]]

    data = artifact.base_dict()

    assert "inline" not in data["spec"]
    assert "preview" not in data.get("status", {})
    assert data["metadata"]["key"] == "note"


def test_a_record_can_be_written_as_text() -> None:
    artifact = Artifact.from_dict(RECORD)

    assert json.loads(artifact.to_json()) == RECORD
    assert yaml.safe_load(artifact.to_yaml()) == RECORD
    assert list(artifact.to_dict(fields=["kind"])) == ["kind"]
    assert "status" not in artifact.to_dict(exclude=["status"])


def test_a_body_that_was_given_is_the_body() -> None:
    assert Artifact("note", body="hello").get_body() == "hello"


def test_a_stored_body_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")

    artifact = Artifact.from_dict({**RECORD, "spec": {"target_path": f"{tmp_path}/a.txt"}})

    assert artifact.get_body() == b"hello"
    assert artifact.to_dataitem().get() == b"hello"


def test_an_inline_artifact_has_no_file() -> None:
    artifact = Artifact.from_dict({**RECORD, "spec": {"inline": "hello"}})

    assert artifact.get_body() == "hello"
    assert artifact.is_inline()
    with pytest.raises(MLRunNotFoundError, match="get_body"):
        artifact.to_dataitem()


def test_an_artifact_can_be_written_without_a_run(tmp_path: Path) -> None:
    artifact = Artifact("note", body="hello")

    artifact.upload(str(tmp_path))

    assert (tmp_path / "note").read_text() == "hello"
    assert artifact.hash == hashlib.sha1(b"hello").hexdigest()


def test_a_file_is_not_copied_onto_itself(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    artifact = Artifact("note", src_path="a.txt", target_path=f"{tmp_path}/a.txt")

    artifact.upload()

    assert (tmp_path / "a.txt").read_text() == "hello"
    assert artifact.size == 5


def test_hashes_are_not_made_where_the_settings_say_so(tmp_path: Path) -> None:
    artifact = Artifact("note", body="hello")

    with mlconf.override(artifacts__calculate_hash=False):
        artifact.upload(str(tmp_path))

    assert artifact.hash == ""


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (Artifact.from_dict(RECORD), "/data/model.txt"),
        (LinkArtifact("best", project="iris"), "store://artifacts/iris/best#0"),
        ("plot.html", "plot.html"),
        (Path("/a/b"), "/a/b"),
    ],
)
def test_what_lies_elsewhere_has_an_address(value: Any, address: str) -> None:
    assert reference(value, "x") == address


def test_a_data_item_is_referred_to_by_its_address(tmp_path: Path) -> None:
    item = get_dataitem(f"{tmp_path}/a.csv")

    assert Artifact("note", extra_data={"raw": item}).extra_data == {"raw": f"{tmp_path}/a.csv"}


def test_extra_data_without_an_address_is_refused() -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match="extra_data 'raw' is a list"):
        Artifact("note", extra_data={"raw": [1]})


def test_storing_takes_over_what_the_database_added(db: Any) -> None:
    artifact = Artifact.from_dict({**RECORD, "metadata": {"key": "model", "tree": "3f", "iter": 0}})

    store(db, artifact)

    assert artifact.uid
    assert artifact.created
    assert artifact.tag == "latest"
