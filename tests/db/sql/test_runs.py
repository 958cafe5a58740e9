"""What SQLite adds to the contract of runs: which way a listing goes."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.sql import SQLiteRunDB


def plans(db: SQLiteRunDB, filter: dict[str, Any]) -> list[str]:
    """How SQLite looks for the runs that match."""
    statements: list[str] = []
    with db.connections.read() as connection:  # the one that the listing gets as well
        connection.set_trace_callback(statements.append)
    db.list_runs(**filter)
    with db.connections.read() as connection:
        connection.set_trace_callback(None)
        asked = [text for text in statements if text.lstrip().startswith(("SELECT", "WITH"))]
        return [row[3] for text in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {text}")]


@pytest.mark.parametrize(
    "filter",
    [
        {},
        {"project": "iris"},
        {"name": "train"},
        {"name": "~rain", "project": "iris"},
        {"uid": "1"},
        {"uid": ["1", "2"], "project": "iris"},
        {"state": "running"},
        {"states": ["running", "error"], "project": "iris"},
        {"labels": "owner=me"},
        {"labels": "owner=me", "project": "iris"},
        {"start_time_from": "2024-05-01"},
        {"last_update_time_from": "2024-05-01", "project": "iris"},
    ],
    ids=str,
)
@pytest.mark.parametrize("last", [0, 10])
def test_every_filter_has_its_index(db: SQLiteRunDB, filter: dict[str, Any], last: int) -> None:
    db.store_run({"metadata": {"name": "train", "labels": {"owner": "me"}}}, "1", "iris")

    steps = plans(db, {**filter, "last": last})

    tables = [step for step in steps if "runs" in step or "run_labels" in step]
    assert tables and all("INDEX" in step or "PRIMARY KEY" in step for step in tables), steps
