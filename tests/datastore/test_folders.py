"""Folders and patterns of a store that is not this machine."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from mlrun.datastore import folders, get_dataitem, get_store
from mlrun.datastore.base import DataStore
from mlrun.errors import MLRunNotFoundError

NAMES = ("a1.csv", "a2.csv", "b.csv", "deep/a3.csv", "deep/er/a4.csv", "_SUCCESS", "deep/.hidden.csv")


@pytest.fixture
def root() -> str:
    return f"folders-{uuid.uuid4().hex}"


@pytest.fixture
def store(root: str) -> DataStore:
    store, _ = get_store("memory://a")
    for name in NAMES:
        store.put(f"{root}/{name}", "n\n1\n")
    return store


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", ["a1.csv", "a2.csv", "b.csv", "deep/a3.csv", "deep/er/a4.csv"]),
        ("a*.csv", ["a1.csv", "a2.csv"]),
        ("a?.csv", ["a1.csv", "a2.csv"]),
        ("[!a]*.csv", ["b.csv"]),
        ("**/a*.csv", ["a1.csv", "a2.csv", "deep/a3.csv", "deep/er/a4.csv"]),
        ("*/a*.csv", ["deep/a3.csv"]),
        ("deep/*.csv", ["a3.csv"]),
    ],
)
def test_what_is_meant_is_copied(
    store: DataStore, root: str, tmp_path: Path, pattern: str, found: list[str]
) -> None:
    folders.download(store, f"{root}/{pattern}", str(tmp_path / "to"))

    assert (
        sorted(str(path.relative_to(tmp_path / "to")) for path in (tmp_path / "to").rglob("*.csv")) == found
    )


def test_a_pattern_that_nothing_matches_is_not_found(store: DataStore, root: str, tmp_path: Path) -> None:
    with pytest.raises(MLRunNotFoundError, match=r"no file is in memory://.*/x\*"):
        folders.download(store, f"{root}/x*", str(tmp_path))


def test_a_name_with_special_letters_is_no_pattern(store: DataStore, root: str) -> None:
    store.put(f"{root}/a[1].csv", "1")

    assert not folders.is_pattern(store, f"{root}/a[1].csv")
    assert folders.is_pattern(store, f"{root}/a[2].csv")
    assert not folders.is_pattern(get_store("http://host/a")[0], "a?b=1")


@pytest.mark.parametrize(("address", "rows"), [("", 5), ("/", 5), ("/a*.csv", 2), ("/a1.csv", 1)])
def test_its_tables_are_read_as_one(store: DataStore, root: str, address: str, rows: int) -> None:
    item = get_dataitem(f"memory://{root}{address}")

    frame = item.as_df()

    assert frame.to_dict("list") == {"n": [1] * rows}
    item.remove_local()
    assert item.as_df()["n"].tolist() == [1] * rows


def test_a_table_that_is_nowhere_is_not_found(root: str) -> None:
    with pytest.raises(MLRunNotFoundError, match="nothing at"):
        get_dataitem(f"memory://{root}/t.csv").as_df()
