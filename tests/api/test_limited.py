"""Who is limited to projects finds no others, by no method of the port."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from mlrun.api.limited import BY_NAME, OF_ONE, LimitedDB
from mlrun.db.base import RunDB
from mlrun.errors import MLRunAccessDeniedError, MLRunInvalidArgumentError
from mlrun.testing.lineage_records import store_step

PORT = sorted(name for name, _ in inspect.getmembers(RunDB, inspect.isfunction) if not name.startswith("_"))


@pytest.fixture
def filled(db: Any) -> Any:
    for number, project in enumerate(("iris", "wine", "rice")):
        db.create_project({"metadata": {"name": project}})
        for step in (1, 2):
            start = f"2026-01-0{step}T00:00:0{number}+00:00"
            run = {"metadata": {"name": "train"}, "status": {"state": "completed", "start_time": start}}
            db.store_run(run, f"{project}{step}", project)
            db.store_artifact(
                f"{project}-model", {"kind": "model"}, tree=f"t{step}", project=project, tag=project
            )
        db.store_function({"kind": "job"}, "train", project)
    return db


@pytest.fixture
def iris(filled: Any) -> Any:
    return LimitedDB(filled, frozenset({"iris"}))


@pytest.fixture
def two(filled: Any) -> Any:
    return LimitedDB(filled, frozenset({"iris", "rice"}))


def uids(runs: Any) -> list[str]:
    return [run["metadata"]["uid"] for run in runs]


@pytest.mark.parametrize("name", PORT)
def test_no_method_of_the_port_tells_of_another_project(filled: Any, iris: Any, name: str) -> None:
    values: dict[str, Any] = {
        "project": "wine", "names": ["wine"],
        "uid": "wine1", "run_uid": "wine1", "key": "wine-model", "name": "train",
        "struct": {}, "structs": [{"metadata": {"uid": "x", "project": "wine"}}], "updates": {}, "rows": [],
        "artifact": {}, "artifacts": [], "objects": [], "tag_objects": [], "tag_name": "t", "function": {},
        "hash_key": "h", "task": {"metadata": {"name": "n", "project": "wine"}}, "schedule": {},
        "profile": {}, "runs": [], "notifications": [], "notification_objects": [],
    }  # fmt: skip
    if name in ("close", "connect"):
        return
    if name in (*BY_NAME, "create_project"):
        values |= {"name": "wine", "project": {"metadata": {"name": "wine"}}}
    if name == "list_projects":
        assert iris.list_projects(format_="name_only") == ["iris"]
        return
    asked = inspect.signature(getattr(RunDB, name)).parameters
    arguments = {
        key: values[key]
        for key, parameter in asked.items()
        if key in values and (parameter.default is parameter.empty or key in ("project", "uid"))
    }

    with pytest.raises(MLRunAccessDeniedError):
        getattr(iris, name)(**arguments)


def test_what_is_not_of_the_port_is_closed(iris: Any) -> None:
    for name in ("connections", "address", "create_token", "close", "read_project_secrets"):
        with pytest.raises(MLRunAccessDeniedError):
            getattr(iris, name)


def test_every_method_that_is_let_through_is_one_of_the_port() -> None:
    assert set(PORT) >= OF_ONE | BY_NAME


def test_its_own_project_is_as_it_is(filled: Any, iris: Any) -> None:
    assert iris.read_run("iris1", "iris") == filled.read_run("iris1", "iris")
    assert iris.list_runs(project="iris", last=1) == filled.list_runs(project="iris", last=1)
    iris.store_run({}, "new", "iris")
    iris.store_runs([{"metadata": {"uid": "more", "project": "iris"}}])
    assert {"new", "more"} <= set(uids(filled.list_runs(project="iris")))


def test_a_record_that_names_its_project_itself_is_held_to_it(iris: Any, filled: Any) -> None:
    iris.store_run({"metadata": {"project": "iris"}}, "named")

    assert filled.read_run("named", "iris")
    with pytest.raises(MLRunAccessDeniedError):
        iris.store_run({"metadata": {"project": "wine"}}, "named")
    with pytest.raises(MLRunAccessDeniedError):
        iris.store_run({}, "of-the-default-project")


@pytest.mark.parametrize("every", ["", "*"])
def test_a_listing_of_every_project_is_one_of_its_own(iris: Any, two: Any, every: str) -> None:
    assert uids(iris.list_runs(project=every)) == ["iris2", "iris1"]
    assert uids(two.list_runs(project=every)) == ["rice2", "iris2", "rice1", "iris1"]
    assert {a["metadata"]["project"] for a in two.list_artifacts(project=every, tag="*")} == {"iris", "rice"}
    assert {f["metadata"]["project"] for f in two.list_functions(project=every)} == {"iris", "rice"}
    assert {row["project"] for row in two.list_function_tags(every)} == {"iris", "rice"}
    assert "wine" not in two.list_artifact_tags(every) and "rice" in two.list_artifact_tags(every)


def test_a_listing_of_several_projects_ends_where_it_should(two: Any) -> None:
    assert uids(two.list_runs(last=3)) == ["rice2", "iris2", "rice1"]
    assert len(two.list_artifacts(tag="*", limit=3)) == 3
    assert uids(two.list_runs(last=2, offset=1)) == ["iris2", "rice1"]
    assert uids(two.list_runs(offset=3)) == ["iris1"]
    assert len(two.list_functions(limit=1)) == 1


@pytest.mark.parametrize("by", ["name", "project_and_name"])
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort_by", ["created", "updated"])
def test_groups_over_several_projects_are_as_if_there_were_no_others(
    filled: Any, two: Any, by: str, order: str, sort_by: str
) -> None:
    for number, project in enumerate(("iris", "wine", "rice")):
        start = f"2026-01-03T00:00:0{number}+00:00"
        filled.store_run(
            {"metadata": {"name": "test"}, "status": {"start_time": start}}, f"t{number}", project
        )
        for tree in ("t1", "t2"):
            filled.store_artifact("shared", {"kind": "model"}, tree=tree, project=project)
    for run in filled.list_runs(project="iris") + filled.list_runs(project="rice"):
        filled.update_run({}, run["metadata"]["uid"], run["metadata"]["project"])  # says when
    asked = {"partition_by": by, "partition_order": order, "partition_sort_by": sort_by}
    bounds = [{}, {"rows_per_partition": 2}, {"rows_per_partition": 3, "offset": 1}]
    of_runs = [*bounds, {"max_partitions": 1}, {"last": 2, "rows_per_partition": 2}]
    of_artifacts = [*bounds, {"limit": 2}]

    runs = [uids(two.list_runs(**asked, **bound)) for bound in of_runs]
    artifacts = [versions(two.list_artifacts(tag="*", **asked, **bound)) for bound in of_artifacts]

    filled.del_runs(project="wine", name="~t")
    filled.del_artifacts(project="wine", tag="*")
    assert runs == [uids(filled.list_runs(**asked, **bound)) for bound in of_runs]
    assert artifacts == [versions(filled.list_artifacts(tag="*", **asked, **bound)) for bound in of_artifacts]


def versions(artifacts: Any) -> list[tuple[str, str, str]]:
    about = [artifact["metadata"] for artifact in artifacts]
    return [(one["project"], one["key"], one["tree"]) for one in about]


def test_deleting_many_stays_in_its_projects(filled: Any, two: Any) -> None:
    assert two.del_runs(name="train") == 4
    assert two.del_artifacts(tag="*") == 4

    assert uids(filled.list_runs()) == ["wine2", "wine1"]
    assert len(filled.list_artifacts(tag="*")) == 2


def test_a_limit_is_no_filter(filled: Any, iris: Any) -> None:
    for delete in (iris.del_runs, iris.del_artifacts):
        with pytest.raises(MLRunInvalidArgumentError, match="needs a filter"):
            delete()

    assert len(filled.list_runs(project="iris")) == 2


def test_a_foreign_project_looks_like_none(iris: Any) -> None:
    told = []
    for project in ("wine", "none"):
        with pytest.raises(MLRunAccessDeniedError) as refused:
            iris.get_project(project)
        told.append(str(refused.value).replace(project, "P"))

    assert told[0] == told[1]


def test_lineage_ends_where_another_project_begins(db: Any) -> None:
    (of_p,) = store_step(db, "p1", ["raw"], {"file": "s3://bucket/of-p.csv"})
    sources = [
        {"name": "data", "url": of_p, "artifact": of_p},
        {"name": "file", "url": "s3://bucket/own.csv"},
    ]
    run = {"metadata": {"name": "train"}, "status": {"state": "completed", "sources": sources}}
    db.store_run(run, "i1", "iris")
    producer = {"kind": "run", "name": "train", "uri": "iris/i1"}
    db.store_artifact("made", {"spec": {"producer": producer}}, project="iris", tree="i1")

    graph = LimitedDB(db, frozenset({"iris"})).list_lineage("made", "iris")

    assert "of-p" in str(db.list_lineage("made", "iris"))
    assert [node["name"] for node in graph["nodes"]] == ["made", "train", "s3://bucket/own.csv"]
    assert len(graph["edges"]) == 2
