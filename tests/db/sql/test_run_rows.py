"""What the columns of a run say."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.sql import SQLiteRunDB

T1, T2, T3 = (f"2024-05-0{day}T00:00:00.000000+00:00" for day in (1, 2, 3))


def times(db: SQLiteRunDB) -> tuple[Any, ...]:
    with db.connections.read() as connection:
        return connection.execute("SELECT start_time, last_update, end_time FROM runs").fetchone()


@pytest.mark.parametrize(
    ("status", "columns"),
    [
        ({"start_time": T1, "last_update": T2, "end_time": T3}, (T1, T2, T3)),
        ({"start_time": T2, "last_update": T1, "end_time": T1}, (T2, T2, T2)),
        ({"start_time": T1, "last_update": T2, "state": "completed"}, (T1, T2, T2)),
        ({"start_time": T1, "last_update": T2}, (T1, T2, None)),
        ({"last_update": T1}, (T1, T1, None)),
        ({"start_time": "2024-05-01T02:00:00+02:00", "last_update": T2}, (T1, T2, None)),
    ],
    ids=str,
)
def test_no_run_is_updated_or_ends_before_it_starts(
    db: SQLiteRunDB, status: dict[str, str], columns: tuple[Any, ...]
) -> None:
    db.store_run({"status": status}, "1")

    assert times(db) == columns


def test_a_start_that_was_told_once_is_kept(db: SQLiteRunDB) -> None:
    db.store_run({"status": {"state": "running", "start_time": T2, "last_update": T2}}, "1")

    db.store_run({"status": {"state": "completed", "last_update": T1}}, "1")

    assert times(db) == (T2, T2, T2)


def test_one_batch_may_have_a_run_twice(db: SQLiteRunDB) -> None:
    first = {
        "metadata": {"uid": "1", "labels": {"a": "1"}},
        "status": {"state": "running", "results": {"r": 1}},
    }
    second = {"metadata": {"uid": "1", "labels": {"b": "2"}}, "status": {"state": "completed"}}

    db.store_runs([first, second])

    assert (len(db.list_runs(labels="b=2")), db.list_runs(labels="a"), db.list_runs(results="r = 1")) == (
        1,
        [],
        [],
    )


def test_a_batch_of_new_and_known_runs_has_the_labels_of_each(db: SQLiteRunDB) -> None:
    def run(iteration: int, **labels: str) -> dict[str, Any]:
        return {"metadata": {"uid": "1", "iteration": iteration, "labels": labels}}

    db.store_runs([run(number, a="1") for number in range(0, 400, 2)])
    db.store_runs([run(number, b="1") for number in range(400)])

    assert len(db.list_runs(iter=True, labels="b=1")) == 400
    assert db.list_runs(iter=True, labels="a") == []
