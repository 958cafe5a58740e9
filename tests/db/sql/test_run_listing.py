"""The two ways of a listing, few rows first or along the time, find the same."""

from __future__ import annotations

import random
from typing import Any

import pytest

from mlrun.db.sql import SQLiteRunDB, partitions, where

FILTERS: list[dict[str, Any]] = [
    {},
    {"name": "a"},
    {"name": "a", "project": "p"},
    {"name": "~A"},
    {"labels": "k=1"},
    {"labels": ["k=1", "l"]},
    {"state": "error"},
    {"states": ["error", "running"], "project": "p"},
    {"results": "r > 0.5"},
    {"results": ["r > 0.2", "w = x"], "labels": "k"},
    {"last_update_time_from": "2024-05-10T00:00:00+00:00"},
    {"end_time_to": "2024-05-20T00:00:00+00:00", "name": "b", "project": "q"},
    {"name": "a", "project": "p", "state": "completed", "labels": "k=1", "results": "r > 0.1"},
    {"iter": True, "results": "r > 0.5"},
    {"iter": True, "last_update_time_to": "2024-05-20T00:00:00+00:00"},
]
GROUPS = {"partition_by": "project_and_name", "rows_per_partition": 2}


@pytest.fixture
def filled(db: SQLiteRunDB) -> SQLiteRunDB:
    chance = random.Random(3)
    runs = []
    for number in range(200):
        day = chance.randrange(1, 29)
        metadata = {
            "uid": str(number),
            "name": chance.choice("aabc"),
            "project": chance.choice("pq"),
            "iteration": chance.choice((0, 0, 0, 1)),
            "labels": {chance.choice("kl"): str(chance.randrange(3)) for _ in range(2)},
        }
        status = {
            "state": chance.choice(("completed", "completed", "error", "running")),
            "start_time": f"2024-05-{day:02}T00:00:00+00:00",
            "last_update": f"2024-05-{min(day + chance.randrange(3), 28):02}T12:00:00+00:00",
            "results": {"r": chance.random(), "w": chance.choice("xy")},
        }
        runs.append({"metadata": metadata, "status": status})
    db.store_runs(runs)
    return db


def uids(db: SQLiteRunDB, **filter: Any) -> list[str]:
    return [run["metadata"]["uid"] for run in db.list_runs(**filter)]


@pytest.mark.parametrize("filter", FILTERS, ids=str)
@pytest.mark.parametrize("few", [0, 20])
def test_every_way_finds_the_same(
    filled: SQLiteRunDB, filter: dict[str, Any], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = uids(filled, **filter)
    assert every

    monkeypatch.setattr(where, "FEW", few)

    assert uids(filled, **filter) == every
    assert uids(filled, **filter, last=7) == every[:7]
    assert uids(filled, **filter, last=7, offset=5) == every[5:12]


@pytest.mark.parametrize("filter", FILTERS, ids=str)
@pytest.mark.parametrize("sort_by", ["created", "updated"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_every_way_finds_the_same_groups(
    filled: SQLiteRunDB, filter: dict[str, Any], sort_by: str, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {**GROUPS, "partition_sort_by": sort_by, "partition_order": order, **filter}
    by_names = uids(filled, **asked)
    first = uids(filled, **asked, last=3)

    monkeypatch.setattr(where, "FEW", 0)
    names_again = uids(filled, **asked)
    monkeypatch.setattr(partitions, "MOST_NAMES", 1)
    ranked, walked = uids(filled, **asked), uids(filled, **asked, last=3)
    monkeypatch.setattr(partitions, "MOST_NAMES", 2)
    limited = uids(filled, **asked, last=1, offset=1)

    assert by_names == names_again == ranked
    assert first == walked == by_names[:3]
    assert limited == by_names[1:2]
