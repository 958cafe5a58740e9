"""Every record from one home to another, as often as one likes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlrun.db.base import RunDB
from mlrun.db.copy import _MOST_ROWS, copy_records
from mlrun.db.sql import SQLiteRunDB
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError

Home = Callable[[], Any]


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "postgres":
        return request.getfixturevalue("postgres_db")
    return SQLiteRunDB(f"sqlite:///{tmp_path}/target.db")


@pytest.fixture
def source(tmp_path: Path) -> SQLiteRunDB:
    db = SQLiteRunDB(f"sqlite:///{tmp_path}/source.db")
    fill(db)
    return db


def fill(db: RunDB) -> None:
    labels = {"owner": "me", "näme": "wért"}
    for uid in ("b", "a", "c"):
        metadata = {"name": "train", "uid": uid, "labels": labels}
        db.store_run({"metadata": metadata, "status": {"state": "completed"}, "unknown": {"kept": 1}}, uid)
        db.store_run({"metadata": metadata}, uid, iter=1)
    for piece in (b"one\n", b"\x00\xff\n", b"three\n"):
        db.store_log("a", "", piece, append=True)
    db.store_metrics("a", [{"key": "loss", "value": 1 / n, "labels": {"n": n}} for n in range(1, 8)])
    db.store_metrics("b", [{"key": "nan", "value": None}])
    for tree in ("t1", "t2", "t3"):
        chart = {"kind": "chart", "metadata": {"tree": tree, "labels": labels}}
        db.store_artifact("chart", chart, tag="good" if tree == "t2" else "")
    for image in ("one", "two"):
        db.store_function({"kind": "job", "spec": {"image": image}}, "train", tag=image)
        db.store_function({"kind": "job", "spec": {"image": image}}, "train")
    db.create_project({"metadata": {"name": "iris", "labels": labels}, "spec": {"owner": "me"}})
    db.create_project_secrets("iris", secrets={"token": "abc"})
    db.store_datastore_profile({"name": "lake", "type": "s3", "object": "{}", "private": "p"}, "iris")
    db.create_schedule("iris", {"name": "nightly", "cron_trigger": "0 2 * * *", "labels": labels})
    db.store_background_task({"metadata": {"name": "task", "project": "iris"}})
    db.store_log("a", "", b"!", append=True, once="key")
    db.update_run({"status.results": {"loss": 0.1, "stage": "test"}}, "a")


def everything(db: RunDB) -> dict[str, Any]:
    tags, profiles = db.list_artifact_tags(), db.list_datastore_profiles("iris")
    return {
        "runs": list(db.list_runs(sort=False, iter=True)),
        "labelled": len(db.list_runs(labels="näme=wért", iter=True)),
        "logs": [db.get_log(uid) for uid in "abc"],
        "metrics": [db.list_metrics(uid) for uid in "abc"],
        "artifacts": list(db.list_artifacts(tag="*")),
        "tags": {tag: list(db.list_artifacts(tag=tag)) for tag in tags},
        "functions": db.list_functions(),
        "function tags": [db.get_function("train", tag=tag) for tag in ("one", "two", "latest")],
        "projects": db.list_projects(),
        "found by result": len(db.list_runs(results=["loss = 0.1", "stage = test"])),
        "secrets": db.read_project_secrets("iris"),
        "profiles": [db.read_datastore_profile_secrets(one["name"], "iris") for one in profiles],
        "schedules": db.list_schedules(labels="näme=wért"),
        "tasks": db.list_background_tasks("iris"),
    }


def test_everything_arrives(source: SQLiteRunDB, target: Any) -> None:
    copied = {line.table: line for line in copy_records(source, target)}

    assert everything(target) == everything(source)
    assert (copied["runs"].rows, copied["runs"].written, copied["runs"].others) == (6, 6, 0)
    assert (copied["metrics"].rows, copied["logs"].rows, copied["artifact_tags"].rows) == (8, 4, 2)


def test_it_comes_back_the_same(source: SQLiteRunDB, target: Any, tmp_path: Path) -> None:
    back = SQLiteRunDB(f"sqlite:///{tmp_path}/back.db")

    there = copy_records(source, target)
    again = copy_records(target, back)

    assert everything(back) == everything(source)
    assert [line.digest for line in there] == [line.digest for line in again]


def test_a_repeated_copy_writes_nothing(source: SQLiteRunDB, target: Any) -> None:
    first = copy_records(source, target)

    second = copy_records(source, target)

    assert [line.written for line in second] == [0] * len(second)
    assert [line.digest for line in first] == [line.digest for line in second]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("runs", "id"),
        ("run_labels", "owner_id"),
        ("logs", "start"),
        ("metrics", "id"),
        ("artifacts", "id"),
        ("artifact_tags", "owner_id"),
        ("functions", "id"),
    ],
)
def test_a_copy_that_was_stopped_goes_on(source: SQLiteRunDB, target: Any, table: str, column: str) -> None:
    copy_records(source, target)
    with target.connections.write() as connection:
        connection.execute(f"DELETE FROM {table} WHERE {column} = (SELECT MAX({column}) FROM {table})")

    copied = {line.table: line.written for line in copy_records(source, target)}

    assert copied[table] > 0
    assert everything(target) == everything(source)


def test_what_changed_in_the_source_is_brought_over(source: SQLiteRunDB, target: Any) -> None:
    copy_records(source, target)
    source.store_run({"metadata": {"name": "other", "labels": {"new": "label"}}}, "a", iter=1)
    source.store_log("a", "", b"another\n", append=False)
    source.store_metrics("a", [{"key": "loss", "value": 0}])
    source.tag_artifacts(source.read_artifact("chart", tree="t1"), tag_name="good")
    source.tag_artifacts(source.read_artifact("chart", tree="t1"), tag_name="best")
    source.delete_artifacts_tags(source.read_artifact("chart", tree="t1"), tag_name="good")

    copy_records(source, target)

    assert everything(target) == everything(source)
    assert len(target.list_runs(labels="owner", iter=True)) == 5


def test_what_only_the_target_has_stays(source: SQLiteRunDB, target: Any) -> None:
    target.store_run({"metadata": {"labels": {"mine": "1"}}}, "mine")
    target.store_log("mine", "", b"my log")
    target.store_metrics("mine", [{"key": "loss", "value": 1}])
    target.store_artifact("mine", {"kind": "chart"}, tag="mine")

    copied = {line.table: line.others for line in copy_records(source, target)}

    assert copied["runs"] == copied["run_labels"] == copied["logs"] == copied["metrics"] == 1
    assert len(target.list_runs(labels="mine")) == 1
    assert target.get_log("mine")[1] == b"my log"
    assert target.read_artifact("mine", "mine")["kind"] == "chart"


def test_a_series_that_differs_is_written_anew(source: SQLiteRunDB, target: Any) -> None:
    target.store_metrics("a", [{"key": "loss", "value": n} for n in (1, 9, 9, 9, 9, 9, 9, 9, 9)])
    target.store_log("a", "", b"another log, of other length\n")
    target.store_log("a", "", b"with a piece\n", append=True)

    copy_records(source, target)

    assert everything(target) == everything(source)


def test_more_than_one_batch_is_copied(tmp_path: Path, target: Any) -> None:
    source = SQLiteRunDB(f"sqlite:///{tmp_path}/source.db")
    count = _MOST_ROWS * 2 + 1
    source.store_runs({"metadata": {"uid": f"{n:05}", "labels": {"n": str(n)}}} for n in range(count))
    source.store_metrics("00000", [{"key": "loss", "value": n} for n in range(count)])

    copied = {line.table: line.written for line in copy_records(source, target)}

    assert copied["runs"] == copied["run_labels"] == copied["metrics"] == count
    assert [row["value"] for row in target.list_metrics("00000")] == list(range(count))


def test_a_source_that_changes_meanwhile_is_said(
    source: SQLiteRunDB, target: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlrun.db import copy

    write_all = copy._write_all

    def and_then_changes(*given: Any) -> int:
        written = write_all(*given)
        source.store_run({}, "late")
        return written

    monkeypatch.setattr(copy, "_write_all", and_then_changes)

    with pytest.raises(MLRunConflictError, match=r"runs of sqlite.* differ after copying"):
        copy_records(source, target)


def test_a_database_is_not_copied_to_itself(source: SQLiteRunDB) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="can not be copied to itself"):
        copy_records(source, SQLiteRunDB(source.url))
