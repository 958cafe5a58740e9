"""What SQLite adds to the contract of artifacts: which way a listing goes."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.sql import SQLiteRunDB


@pytest.mark.parametrize(
    "filter",
    [
        {},
        {"project": "iris"},
        {"tag": "*"},
        {"tag": "v1", "project": "iris"},
        {"name": "k", "tag": "*"},
        {"tree": "t"},
        {"uid": "u"},
        {"kind": "model"},
        {"category": "dataset", "project": "iris"},
        {"labels": "owner=me"},
        {"since": "2024-05-01"},
    ],
    ids=str,
)
def test_every_filter_has_its_index(db: SQLiteRunDB, filter: dict[str, Any]) -> None:
    db.store_artifact("k", {"kind": "model"}, tree="t", project="iris")
    statements: list[str] = []
    with db.connections.read() as connection:
        connection.set_trace_callback(statements.append)

    db.list_artifacts(limit=10, **filter)

    with db.connections.read() as connection:
        connection.set_trace_callback(None)
        asked = [f"EXPLAIN QUERY PLAN {text}" for text in statements if text.startswith("SELECT")]
        steps = [row[3] for text in asked for row in connection.execute(text)]
    tables = [step for step in steps if "artifact" in step]
    assert tables and all("INDEX" in step or "PRIMARY KEY" in step for step in tables), steps
