"""What every database promises about projects."""

from __future__ import annotations

import pytest

from mlrun.db.base import Record, RunDB
from mlrun.errors import (
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunPreconditionFailedError,
)
from mlrun.testing.run_records import a_run


def a_project(name: str = "iris", owner: str = "me", **labels: str) -> Record:
    return {"metadata": {"name": name, "labels": labels}, "spec": {"owner": owner}, "new": [1]}


def fill(db: RunDB, project: str) -> None:
    """One record of each kind."""
    db.store_run(a_run("1", project=project), "1", project)
    db.store_log("1", project, b"log")
    db.store_metrics("1", [{"key": "a", "value": 1}], project)
    db.store_artifact("k", {}, project=project)
    db.store_function({}, "train", project)


def told(project: Record) -> Record:
    """Without what a server may say about a project by itself."""
    return {key: value for key, value in project.items() if key not in ("kind", "status")}


class ProjectsContract:
    """The projects of the port."""

    def test_a_project_is_read_as_it_was_created(self, db: RunDB) -> None:
        created = db.create_project(a_project(stage="test"))

        assert created == db.get_project("iris")
        assert told(created) == told(a_project(stage="test"))

    def test_a_project_is_created_once(self, db: RunDB) -> None:
        db.create_project(a_project())

        with pytest.raises(MLRunConflictError, match="project 'iris' exists"):
            db.create_project(a_project(owner="you"))

        assert db.get_project("iris")["spec"]["owner"] == "me"

    def test_a_stored_project_is_replaced(self, db: RunDB) -> None:
        db.store_project("iris", a_project(stage="test"))

        stored = db.store_project("iris", {"spec": {"owner": "you"}})

        assert stored == db.get_project("iris")
        assert told(stored) == {"metadata": {"name": "iris"}, "spec": {"owner": "you"}}
        assert db.list_projects(labels="stage") == []

    def test_a_missing_project_is_named(self, db: RunDB) -> None:
        with pytest.raises(MLRunNotFoundError) as raised:
            db.get_project("iris")

        assert str(raised.value) == "no project 'iris'"

    def test_a_project_needs_a_name(self, db: RunDB) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="the name of a project is needed"):
            db.create_project({"metadata": {}})

    @pytest.mark.parametrize(
        ("filter", "found"),
        [
            ({}, ["a", "b", "c"]),
            ({"owner": "me"}, ["a"]),
            ({"labels": "stage=test"}, ["b"]),
            ({"labels": ["stage"]}, ["a", "b"]),
            ({"state": "online"}, ["a"]),
            ({"state": "archived"}, ["b"]),
        ],
        ids=str,
    )
    def test_every_filter_of_projects_holds(self, db: RunDB, filter: Record, found: list[str]) -> None:
        db.create_project(a_project("b", "you", stage="test") | {"status": {"state": "archived"}})
        db.create_project(a_project("a", stage="dev"))
        db.store_run(a_run("1", project="c"), "1", "c")

        records = db.list_projects(**filter)

        assert [record["metadata"]["name"] for record in records] == found
        assert db.list_projects(format_="name_only", **filter) == found

    def test_projects_that_only_hold_records_count_too(self, db: RunDB) -> None:
        db.store_run({}, "1", "r")
        db.store_artifact("k", {}, project="a")
        db.store_function({}, "f", "f")

        assert db.list_projects(format_="name_only") == ["a", "f", "r"]

    @pytest.mark.parametrize(
        ("filter", "message"),
        [
            ({"format_": "names"}, "'names' is not a format of projects: full, name_only"),
            ({"onwer": "me"}, "'onwer' is not one of them. Did you mean 'owner'"),
        ],
    )
    def test_a_wrong_filter_of_projects_is_answered(self, db: RunDB, filter: Record, message: str) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match=message):
            db.list_projects(**filter)

    def test_what_is_in_projects_is_counted(self, db: RunDB) -> None:
        fill(db, "iris")
        db.store_run(a_run("2", project="iris", state="error"), "2", "iris")
        db.store_artifact("m", {"kind": "model"}, project="iris", tag="v1")
        db.store_artifact("m", {"kind": "model"}, project="iris", tag="v2", tree="2")
        db.create_project(a_project("wine"))

        wine, iris = db.summarize_projects(["wine", "iris"])

        assert (wine["name"], wine["models_count"], wine["runs_failed_recent_count"]) == ("wine", 0, 0)
        assert (iris["name"], iris["models_count"], iris["runs_failed_recent_count"]) == ("iris", 1, 1)

    def test_an_empty_project_is_deleted(self, db: RunDB) -> None:
        db.create_project(a_project())

        db.delete_project("iris", "check")
        db.get_project("iris")
        db.delete_project("iris")
        db.delete_project("iris")

        assert db.list_projects() == []

    @pytest.mark.parametrize("strategy", ["check", "restricted"])
    def test_a_full_project_is_kept(self, db: RunDB, strategy: str) -> None:
        fill(db, "iris")

        with pytest.raises(MLRunPreconditionFailedError, match="holds 1 runs, 1 artifacts, 1 functions"):
            db.delete_project("iris", strategy)

        assert len(db.list_runs(project="iris")) == 1

    def test_a_project_is_deleted_with_all_that_is_in_it(self, db: RunDB) -> None:
        fill(db, "iris")
        fill(db, "other")

        db.delete_project("iris", "cascade")

        assert db.list_projects(format_="name_only") == ["other"]
        assert (db.get_log_size("1", "iris"), db.list_metrics("1", "iris")) == (0, [])
        assert (db.get_log_size("1", "other"), len(db.list_metrics("1", "other"))) == (3, 1)
        assert db.list_artifact_tags("iris") == []

    def test_an_unknown_strategy_for_projects_is_answered(self, db: RunDB) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match=r"'cascading'.*Did you mean 'cascade'"):
            db.delete_project("iris", "cascading")
