"""From the address of an artifact to its data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlrun.config import mlconf
from mlrun.datastore import get_artifact_item, get_dataitem, get_object
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError


class Records:
    """Answers with one record, and remembers what was asked."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record
        self.asked: list[tuple[Any, ...]] = []

    def read_artifact(
        self,
        key: str,
        tag: str = "",
        iter: int | None = None,
        project: str = "",
        tree: str | None = None,
        uid: str | None = None,
    ) -> dict[str, Any]:
        self.asked.append((project, key, iter, tag, tree, uid))
        return self.record


@pytest.fixture
def db(tmp_path: Path) -> Records:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    return Records(
        {"kind": "dataset", "metadata": {"key": "a"}, "spec": {"target_path": str(tmp_path / "a.csv")}}
    )


def test_an_artifact_s_data_is_read(db: Records) -> None:
    assert get_object("store://datasets/iris/a", db=db) == b"a,b\n1,2\n"


def test_the_item_carries_the_record_and_both_addresses(db: Records, tmp_path: Path) -> None:
    item = get_dataitem("store://datasets/iris/a:v1", db=db)

    assert item.meta == db.record
    assert item.artifact_url == "store://datasets/iris/a:v1"
    assert item.url == str(item) == str(tmp_path / "a.csv")
    assert item.get_artifact_type() == "datasets"


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("store://datasets/iris/a", ("iris", "a", None, "", None, None)),
        ("store://iris/a#3:v1", ("iris", "a", 3, "v1", None, None)),
        ("store://models/iris/a#0@tree^uid", ("iris", "a", 0, "", "tree", "uid")),
        ("store://a", ("default", "a", None, "", None, None)),
    ],
)
def test_every_part_of_the_address_is_asked_for(db: Records, url: str, asked: tuple[Any, ...]) -> None:
    get_dataitem(url, db=db)

    assert db.asked == [asked]


def test_the_active_project_is_meant_where_none_is_named(db: Records) -> None:
    mlconf.active_project = "mine"

    get_dataitem("store://a", db=db)

    assert db.asked[0][0] == "mine"


def test_the_default_database_is_asked_when_none_is_given(db: Records) -> None:
    from mlrun.db import get_run_db

    get_run_db().store_artifact("a", db.record, project="iris", tree="t1", iter=0)

    assert get_object("store://iris/a") == b"a,b\n1,2\n"


def test_an_artifact_without_data_is_an_error() -> None:
    with pytest.raises(MLRunNotFoundError, match=r"no spec\.target_path"):
        get_dataitem("store://iris/a", db=Records({"kind": "link", "spec": {}}))


def test_another_form_is_refused(db: Records) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="store://<kind>/<project>/<key>"):
        get_dataitem("store://", db=db)


def test_a_flat_record_of_an_old_client_is_understood(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1")

    assert (
        get_object("store://iris/a", db=Records({"key": "a", "target_path": str(tmp_path / "a.txt")})) == b"1"
    )


def test_the_format_of_the_record_reads_a_file_without_a_suffix(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a,b\n1,2\n")
    db = Records({"kind": "dataset", "spec": {"target_path": str(tmp_path / "a"), "format": "csv"}})

    frame = get_dataitem("store://iris/a", db=db).as_df()

    assert frame.to_dict("list") == {"a": [1], "b": [2]}


def test_an_artifact_item_is_made_by_its_address(db: Records) -> None:
    item = get_artifact_item("store://datasets/iris/a", db=db, key="a")

    assert (item["kind"], item.key, item.get()) == ("dataset", "a", b"a,b\n1,2\n")
