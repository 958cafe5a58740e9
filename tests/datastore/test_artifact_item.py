"""Data and record of an artifact in one object."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from mlrun.datastore import ArtifactItem, DataItem, get_dataitem
from mlrun.datastore.local import LocalStore

URL = "store://models/iris/train_model@tree"


@pytest.fixture
def item(tmp_path: Path) -> ArtifactItem:
    path = str(tmp_path / "model.txt")
    Path(path).write_text("abc is 123")
    record = {"kind": "model", "metadata": {"key": "model"}, "spec": {"target_path": path}, "status": {}}
    return ArtifactItem("model", LocalStore(), path, path, meta=record, artifact_url=URL)


def test_it_is_a_data_item_and_a_mapping(item: ArtifactItem) -> None:
    assert isinstance(item, DataItem)
    assert isinstance(item, Mapping)


def test_it_reads_the_record(item: ArtifactItem, tmp_path: Path) -> None:
    assert item["spec"]["target_path"] == str(tmp_path / "model.txt")
    assert list(item) == ["kind", "metadata", "spec", "status"]
    assert dict(item) == item.meta
    assert "kind" in item and len(item) == 4


def test_a_key_that_the_record_lacks_is_a_key_error(item: ArtifactItem) -> None:
    with pytest.raises(KeyError):
        item["spce"]


def test_get_reads_the_data_unless_it_is_given_a_name(item: ArtifactItem) -> None:
    assert item.get() == b"abc is 123"
    assert item.get(3) == b"abc"
    assert item.get(size=2, offset=4) == b"is"
    assert item.get(encoding="utf-8") == "abc is 123"
    assert item.get("kind") == "model"


@pytest.mark.parametrize("default", [None, 0, "x"])
def test_get_of_a_missing_name_is_the_default(item: ArtifactItem, default: object) -> None:
    assert item.get("nothing", default) == default
    assert item.get("nothing", default=default) == default
    assert item.get("nothing") is None


def test_printing_it_shows_addresses_and_record(item: ArtifactItem, tmp_path: Path) -> None:
    text = str(item)

    assert text.splitlines()[:3] == [f"url: {tmp_path}/model.txt", f"artifact_url: {URL}", "kind: model"]
    assert "  key: model" in text
    assert repr(item) == text


def test_formatted_it_is_its_address(item: ArtifactItem, tmp_path: Path) -> None:
    assert f"{item}" == "{}".format(item) == item.url == str(tmp_path / "model.txt")  # noqa: UP032


def test_it_stands_for_a_path(item: ArtifactItem, tmp_path: Path) -> None:
    assert os.fspath(item) == str(tmp_path / "model.txt")


def test_it_may_be_an_input_again(item: ArtifactItem) -> None:
    assert get_dataitem(item) is item


def test_it_is_true_and_equals_itself_only(item: ArtifactItem) -> None:
    empty = ArtifactItem("a", LocalStore(), "/a")

    assert empty and item == item
    assert item != dict(item)
    assert len({item, empty}) == 2
