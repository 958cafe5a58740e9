"""Databases of every schema version are opened, and only ours."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from mlrun.db.sql import SQLiteRunDB, schema
from mlrun.errors import MLRunIncompatibleVersionError, MLRunInvalidArgumentError

# One file for each version that was released, made by that version with what fill() stores.
KEPT = sorted((Path(__file__).parents[2] / "upgrade").glob("schema-*.db"))


def fill(db: SQLiteRunDB) -> None:
    """One record of each kind; written with the version of a schema, and read with every later one."""
    labels = {"owner": "me"}
    metadata = {"name": "train", "uid": "1", "project": "iris", "labels": labels}
    status = {"state": "completed", "start_time": "2024-05-01T00:00:00+00:00", "results": {"accuracy": 0.5}}
    db.create_project({"metadata": {"name": "iris", "labels": labels}})
    db.store_run({"kind": "run", "metadata": metadata, "status": status}, "1")
    db.store_log("1", "iris", b"log\n")
    db.store_metrics("1", [{"key": "loss", "value": 0.25}], "iris")
    db.store_artifact(
        "train_model", {"kind": "model", "metadata": {"key": "model"}}, tag="v1", project="iris"
    )
    db.store_function({"kind": "job", "metadata": {"labels": labels}}, "train", "iris", tag="v1")


def fill_service(db: SQLiteRunDB) -> None:
    """What came with version 2."""
    db.create_project_secrets("iris", secrets={"token": "abc"})
    db.store_datastore_profile({"name": "lake", "type": "s3", "object": "{}", "private": "hidden"}, "iris")
    db.create_schedule("iris", {"name": "nightly", "cron_trigger": "0 2 * * *", "labels": {"owner": "me"}})
    db.store_background_task({"metadata": {"name": "t1", "project": "iris"}})
    db.store_log("1", "iris", b"!", append=True, once="k1")


def check_service(db: SQLiteRunDB) -> None:
    assert db.read_project_secrets("iris") == {"token": "abc"}
    assert db.read_datastore_profile_secrets("lake", "iris") == "hidden"
    assert [one.name for one in db.list_schedules("iris", labels="owner=me").schedules] == ["nightly"]
    assert db.get_background_task("t1", "iris").status.state == "running"
    db.store_log("1", "iris", b"!", append=True, once="k1")
    assert db.get_log("1", "iris")[1].count(b"!") == 1


def fill_acting(db: SQLiteRunDB) -> None:
    """What came with version 5."""
    run = {"metadata": {"name": "train", "uid": "2", "project": "iris"}, "status": {"state": "pending"}}
    db.submit_run(run, hidden="abc")
    db.hold_lease("scheduler", "somebody", 0)


def check_acting(db: SQLiteRunDB) -> None:
    (submission,) = db.take_submissions("here")
    assert (submission.uid, db.hidden_of(submission)) == ("2", "abc")
    assert db.hold_lease("scheduler", "me", 60)


def check(db: SQLiteRunDB) -> None:
    scope = {"project": "iris", "labels": "owner=me"}
    assert [run["status"]["results"] for run in db.list_runs("train", **scope)] == [{"accuracy": 0.5}]
    state, log = db.get_log("1", "iris")
    assert (state, log[:4]) == ("completed", b"log\n")
    assert [row["value"] for row in db.list_metrics("1", "iris")] == [0.25]
    assert db.read_artifact("train_model", "v1", project="iris")["kind"] == "model"
    assert len(db.list_artifacts("model", "iris", category="model")) == 1
    assert [function["kind"] for function in db.list_functions(tag="v1", **scope)] == ["job"]
    assert db.list_projects(format_="name_only", labels="owner=me") == ["iris"]
    assert len(db.list_runs(results="accuracy = 0.5", end_time_to="2100-01-01", **scope)) == 1
    assert len(db.list_functions(kind="job", **scope)) == 1


def tables(db: SQLiteRunDB) -> list[str]:
    with db.connections.read() as connection:
        return [text for (text,) in connection.execute("SELECT sql FROM sqlite_master ORDER BY name")]


def version(path: Path) -> int:
    raw = sqlite3.connect(path)
    number = int(raw.execute("PRAGMA user_version").fetchone()[0])
    raw.close()
    return number


def test_every_version_is_kept() -> None:
    assert [path.stem for path in KEPT] == [f"schema-{step.version}" for step in schema.migrations()]


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.stem)
def test_a_kept_database_is_read_and_written(kept: Path, path: Path, db: SQLiteRunDB) -> None:
    shutil.copy(kept, path)

    check(db)
    db.delete_project("iris", "cascade")
    fill(db)

    check(db)
    assert version(path) == schema.latest()


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.stem)
def test_a_kept_database_becomes_as_a_new_one(
    kept: Path, path: Path, db: SQLiteRunDB, tmp_path: Path
) -> None:
    shutil.copy(kept, path)

    databases = [db, SQLiteRunDB(f"sqlite:///{tmp_path}/new.db")]

    assert tables(databases[0]) == tables(databases[1])


@pytest.mark.parametrize("kept", KEPT[1:], ids=lambda kept: kept.stem)
def test_what_a_service_keeps_is_read_and_written(kept: Path, path: Path, db: SQLiteRunDB) -> None:
    shutil.copy(kept, path)

    check_service(db)


@pytest.mark.parametrize("kept", KEPT[4:], ids=lambda kept: kept.stem)
def test_what_a_service_was_to_do_is_done(kept: Path, path: Path, db: SQLiteRunDB) -> None:
    shutil.copy(kept, path)

    check_acting(db)


@pytest.mark.parametrize("kept", KEPT[1:], ids=lambda kept: kept.stem)
def test_schedules_that_were_records_fire(kept: Path, path: Path, db: SQLiteRunDB) -> None:
    shutil.copy(kept, path)

    assert db.get_schedule("iris", "nightly")["next_run_time"] == db.next_schedule_due() > "2026"


def test_a_new_database_has_the_latest_version(db: SQLiteRunDB, path: Path) -> None:
    fill(db)

    check(db)
    assert version(path) == schema.latest()


def test_steps_are_numbered_without_a_gap() -> None:
    assert [step.version for step in schema.migrations()] == list(range(1, schema.latest() + 1))


def test_a_step_runs_once(db: SQLiteRunDB, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(db)
    new = schema.latest() + 1
    script = "ALTER TABLE runs ADD COLUMN colour TEXT;\nUPDATE runs SET colour = 'red';\n"
    steps = (*schema.migrations(), schema.Migration(new, script))
    monkeypatch.setattr(schema, "migrations", lambda: steps)
    db.close()

    check(db)
    db.close()

    check(db)
    assert version(path) == new


def test_a_step_that_fails_changes_nothing(
    db: SQLiteRunDB, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(db)
    db.close()
    before = schema.latest()
    wrong = schema.Migration(before + 1, "DROP TABLE logs;\nDROP TABLE absent;\n")
    steps = (*schema.migrations(), wrong)
    with monkeypatch.context() as patch:
        patch.setattr(schema, "migrations", lambda: steps)
        with pytest.raises(Exception, match="no such table: absent"):
            db.connect()

    check(db)
    assert version(path) == before


def test_a_newer_database_is_not_touched(db: SQLiteRunDB, path: Path) -> None:
    fill(db)
    db.close()
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version = 99")
    raw.close()

    with pytest.raises(MLRunIncompatibleVersionError) as raised:
        db.connect()

    message = f"mlrun.db has schema version 99, and this mlrun knows up to {schema.latest()}"
    assert message in str(raised.value)


def test_a_database_of_another_program_is_not_touched(db: SQLiteRunDB, path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE songs (name TEXT)")
    raw.close()

    with pytest.raises(MLRunInvalidArgumentError, match=r"is a SQLite database of another program.*songs"):
        db.connect()

    raw = sqlite3.connect(path)
    assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("songs",)]
    raw.close()


def test_an_empty_file_is_a_new_database(db: SQLiteRunDB, path: Path) -> None:
    path.touch()

    assert db.list_runs() == []
