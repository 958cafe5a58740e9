"""The condition of a listing."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.sql import SQLiteRunDB, where
from mlrun.db.sql.where import Where
from mlrun.errors import MLRunInvalidArgumentError

UNUSED: Any = None  # a connection that is not asked


def test_no_condition_is_all() -> None:
    condition = Where(UNUSED, "runs")

    condition.project("*")
    condition.equal("state", "")
    condition.one_of("uid", [])
    condition.between("start_time", "", "")

    assert (str(condition), condition.values, bool(condition)) == ("1 = 1", {}, False)


def test_values_do_not_become_text() -> None:
    condition = Where(UNUSED, "runs")

    condition.project("a'; DROP TABLE runs; --")
    condition.one_of("uid", ["x", "y", "x"])
    condition.between("start_time", "a", "b")

    assert str(condition) == (
        "project = :project AND uid IN (:uid_0, :uid_1)"
        " AND start_time >= :start_time_first AND start_time <= :start_time_last"
    )
    assert sorted(condition.values.values()) == ["a", "a'; DROP TABLE runs; --", "b", "x", "y"]


def test_too_many_values_are_answered() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="30001 values of uid; 30000 are taken at once"):
        Where(UNUSED, "runs").one_of("uid", map(str, range(30001)))


def test_many_values_are_taken(db: SQLiteRunDB) -> None:
    db.store_run({}, "7")

    assert len(db.list_runs(uid=[str(number) for number in range(3000)])) == 1


@pytest.mark.parametrize("few", [0, 1, 2, 100])
def test_many_and_few_owners_are_found_alike(
    db: SQLiteRunDB, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(where, "FEW", few)
    for number in range(4):
        labels = {"half": number % 2, "one": number == 3, "all": ""}
        db.store_run({"metadata": {"labels": labels}}, str(number))
        db.store_artifact("k", {}, tree=str(number), tag=f"v{number}")

    found = [len(db.list_runs(labels=labels)) for labels in ("all", "half=1", "one=True", "half=1,one=False")]

    assert found == [4, 2, 1, 1]
    assert [len(db.list_artifacts(tag=tag)) for tag in ("latest", "v1", "v9", "*")] == [1, 1, 0, 4]


@pytest.mark.parametrize("name", ["100%", "a_b", "back\\slash", "Größe", "[x]", "*"])
def test_a_part_of_a_name_is_meant_as_it_is_written(db: SQLiteRunDB, name: str) -> None:
    db.store_run({"metadata": {"name": f"x{name}x"}}, "1")
    db.store_run({"metadata": {"name": "x100xaxbxbackslashx"}}, "2")

    found = [db.list_runs(wanted) for wanted in (name, f"~{name.upper()}")]

    assert [[run["metadata"]["uid"] for run in runs] for runs in found] == [["1"], ["1"]]
