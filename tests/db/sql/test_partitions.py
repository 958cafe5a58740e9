"""Groups by name are found name by name, or, where there are many, along the time."""

from __future__ import annotations

import pytest
from tests.db.sql.test_runs import plans

from mlrun.db.sql import SQLiteRunDB, partitions

GROUPS = {"project": "iris", "partition_by": "name"}


@pytest.fixture
def many(db: SQLiteRunDB, monkeypatch: pytest.MonkeyPatch) -> SQLiteRunDB:
    monkeypatch.setattr(partitions, "MOST_NAMES", 2)
    db.store_runs([{"metadata": {"uid": str(n), "name": f"n{n % 6}", "project": "iris"}} for n in range(12)])
    return db


def test_few_names_are_steps_in_an_index(many: SQLiteRunDB, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "MOST_NAMES", 100)

    steps = plans(many, GROUPS)

    assert any("parents_by_name_and_update (project=? AND name>?)" in step for step in steps), steps
    assert any("parents_by_name_and_update (project=? AND name=?)" in step for step in steps), steps


def test_of_many_names_only_as_many_runs_are_read_as_are_shown(many: SQLiteRunDB) -> None:
    steps = plans(many, {**GROUPS, "last": 2})

    assert any("parents_by_project (project=?)" in step for step in steps), steps
    assert not any("TEMP B-TREE FOR ORDER BY" in step for step in steps), steps


@pytest.mark.parametrize("last", [0, 2, 5, 6])
def test_many_names_give_the_newest_of_each(many: SQLiteRunDB, last: int) -> None:
    found = [run["metadata"]["name"] for run in many.list_runs(**GROUPS, last=last)]

    assert found == ["n5", "n4", "n3", "n2", "n1", "n0"][: last or None]
