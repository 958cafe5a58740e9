"""Every record to and from a server, as often as one likes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlrun.config import mlconf
from mlrun.db import carry as carrying
from mlrun.db.base import RunDB
from mlrun.db.copy import Copied, copy_records
from mlrun.db.http import HTTPRunDB
from mlrun.db.sql import SQLiteRunDB
from mlrun.errors import (
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunServiceUnavailableError,
)

TIMES = ("created", "updated")  # of artifacts and functions: when this home got them


@pytest.fixture
def local(tmp_path: Path) -> SQLiteRunDB:
    return SQLiteRunDB(f"sqlite:///{tmp_path}/local.db")


@pytest.fixture
def remote(emptied: Any) -> HTTPRunDB:
    return HTTPRunDB(emptied.url)


def fill(db: RunDB) -> None:
    labels = {"owner": "me", "näme": "wért"}
    for uid in ("b", "a", "c"):
        metadata = {"name": "train", "uid": uid, "labels": labels}
        db.store_run({"metadata": metadata, "status": {"state": "completed"}, "unknown": {"kept": 1}}, uid)
        db.store_run({"metadata": metadata}, uid, iter=1)
    for piece in (b"one\n", b"\x00\xff\n", b"three\n"):
        db.store_log("a", "", piece, append=True)
    rows = [{"key": "loss", "value": 1 / n, "labels": {"n": str(n)}} for n in range(1, 8)]
    db.store_metrics("a", rows)
    db.store_metrics("a", rows[:2], iter=1)
    for tree in ("t1", "t2", "t3"):
        chart = {"kind": "chart", "metadata": {"tree": tree, "labels": labels}}
        db.store_artifact("chart", chart, tag="good" if tree == "t2" else "")
    db.tag_artifacts(db.read_artifact("chart", tree="t1"), tag_name="latest")
    for image in ("one", "two"):
        db.store_function({"kind": "job", "spec": {"image": image}}, "train", tag=image)
    for tag in ("first", "prod", ""):
        db.store_function({"kind": "job", "spec": {"image": "one"}}, "train", tag=tag)
    db.create_project({"metadata": {"name": "iris", "labels": labels}, "spec": {"owner": "me"}})
    db.create_schedule("iris", {"name": "nightly", "kind": "job", "cron_trigger": "0 1 * * *"})
    db.store_datastore_profile({"name": "lake", "type": "s3", "object": "{}", "private": "{}"}, "iris")


def everything(db: RunDB) -> dict[str, Any]:
    def timeless(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for record in records:
            for name in TIMES:
                record["metadata"].pop(name, None)
        return records

    return {
        "runs": sorted(db.list_runs(iter=True), key=str),
        "logs": [db.get_log(uid) for uid in "abc"],
        "metrics": [db.list_metrics(uid, iter=iter) for uid in "abc" for iter in (0, 1)],
        "artifacts": timeless(list(db.list_artifacts(tag="*"))),
        "tags": {tag: timeless(list(db.list_artifacts(tag=tag))) for tag in db.list_artifact_tags()},
        "functions": timeless(db.list_functions()),
        "function tags": db.list_function_tags(),
        "projects": db.list_projects(format_="name_only"),
        "project": db.get_project("iris")["metadata"]["labels"],
        "schedules": [one["cron_trigger"] for one in db.list_schedules("iris")["schedules"]],
        "profiles": db.list_datastore_profiles("iris"),
    }


def by_name(copied: list[Copied]) -> dict[str, Copied]:
    return {line.table: line for line in copied}


def test_everything_goes_to_a_server_and_comes_back(
    local: SQLiteRunDB, remote: HTTPRunDB, tmp_path: Path
) -> None:
    fill(local)
    back = SQLiteRunDB(f"sqlite:///{tmp_path}/back.db")

    there = by_name(copy_records(local, remote))
    again = by_name(copy_records(remote, back))

    assert everything(remote) == everything(local)
    assert everything(back) == everything(local)
    assert (there["runs"].rows, there["runs"].written, there["runs"].others) == (6, 6, 0)
    assert (there["logs"].rows, there["metrics"].rows, there["artifact tags"].rows) == (1, 2, 2)
    assert {name: line.digest for name, line in there.items()} == {
        name: line.digest for name, line in again.items()
    }


def test_a_repeated_copy_writes_nothing(local: SQLiteRunDB, remote: HTTPRunDB) -> None:
    fill(local)
    copy_records(local, remote)

    assert {line.table: line.written for line in copy_records(local, remote) if line.written} == {}


def test_from_server_to_server(remote: HTTPRunDB, over_postgres: Any, postgres_db: Any) -> None:
    fill(remote)
    target = HTTPRunDB(over_postgres.url)

    copy_records(remote, target)

    assert everything(target) == everything(remote)


def test_what_changed_is_brought_over_and_what_only_the_target_has_stays(
    local: SQLiteRunDB, remote: HTTPRunDB
) -> None:
    fill(local)
    copy_records(local, remote)
    remote.store_run({"metadata": {"labels": {"mine": "1"}}}, "mine")
    remote.store_log("b", "", b"another log\n")
    local.store_run({"metadata": {"name": "other"}}, "a", iter=1)
    local.store_log("a", "", b"four\n", append=True)
    local.store_metrics("a", [{"key": "loss", "value": 0}])
    local.tag_artifacts(local.read_artifact("chart", tree="t3"), tag_name="good")
    local.tag_artifacts(local.read_artifact("chart", tree="t3"), tag_name="best")

    copied = by_name(copy_records(local, remote))

    assert copied["runs"].others == 1 and remote.read_run("mine")
    remote.del_run("mine")
    assert everything(remote) == everything(local)


def test_a_run_that_has_ended_in_another_way_is_replaced(local: SQLiteRunDB, remote: HTTPRunDB) -> None:
    fill(local)
    remote.store_run({"status": {"state": "error"}}, "a")
    remote.store_run({"status": {"state": "error"}}, "a", iter=1)

    copy_records(local, remote)

    assert everything(remote) == everything(local)


def test_more_than_a_page_arrives_in_its_order(
    local: SQLiteRunDB, remote: HTTPRunDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "PAGE", 7)
    local.store_runs(
        {
            "metadata": {"uid": f"{n:03}"},
            "status": {"state": "completed", "start_time": f"2024-05-02T12:00:{n // 2:02}+00:00"},
        }
        for n in range(40)
    )

    copied = by_name(copy_records(local, remote))

    assert copied["runs"].written == 40
    assert list(remote.list_runs()) == list(local.list_runs())
    assert list(remote.list_runs(sort=False)) == list(local.list_runs(sort=False))


def test_secrets_are_named_and_stay_where_they_are(local: SQLiteRunDB, remote: HTTPRunDB) -> None:
    local.create_project({"metadata": {"name": "iris"}})
    local.create_project_secrets("iris", secrets={"key": "not-a-secret", "other": "x"})
    remote.create_project_secrets("iris", secrets={"other": "x"})

    secrets = by_name(copy_records(local, remote))["secrets"]

    assert secrets.note.endswith("create them there: iris: key")
    assert "not-a-secret" not in secrets.note


def test_metrics_that_are_others_are_not_mixed(local: SQLiteRunDB, remote: HTTPRunDB) -> None:
    fill(local)
    remote.store_run({}, "a")
    remote.store_metrics("a", [{"key": "loss", "value": 99}])

    with pytest.raises(MLRunConflictError, match=r"del_run\('a', 'default'\)"):
        copy_records(local, remote)


def test_a_source_that_changes_meanwhile_is_said(
    local: SQLiteRunDB, remote: HTTPRunDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(local)
    compared = carrying._compared

    def and_then_changes(*given: Any) -> Copied:
        if given[2].name == "runs":
            local.store_run({}, "late")
        return compared(*given)

    monkeypatch.setattr(carrying, "_compared", and_then_changes)

    with pytest.raises(MLRunConflictError, match=r"1 runs of sqlite.* differ after copying"):
        copy_records(local, remote)


def test_a_server_that_is_away_ends_the_copy_and_nothing_waits(local: SQLiteRunDB, server: Any) -> None:
    mlconf.set("httpdb.http.retries", 0)
    fill(local)
    target = HTTPRunDB(server.url)

    with pytest.raises(MLRunServiceUnavailableError):
        copy_records(local, target)

    assert target.journal.is_empty()


def test_a_server_is_not_copied_to_itself(remote: HTTPRunDB) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="can not be copied to itself"):
        copy_records(remote, HTTPRunDB(remote.url))
