"""Logs, metrics and tags, where the target has a part of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlrun.db import carry_history
from mlrun.db.sql import SQLiteRunDB

RUN: dict[str, Any] = {"metadata": {"uid": "1", "project": "iris"}}


@pytest.fixture
def source(tmp_path: Path) -> SQLiteRunDB:
    db = SQLiteRunDB(f"sqlite:///{tmp_path}/source.db")
    db.store_run(RUN, "1", "iris")
    return db


@pytest.fixture
def target(tmp_path: Path) -> SQLiteRunDB:
    return SQLiteRunDB(f"sqlite:///{tmp_path}/target.db")


@pytest.mark.parametrize(
    "there", [b"", b"0123", b"01xx", b"another log that is longer\n", b"0123456789\xff\n"]
)
def test_a_log_arrives_whatever_is_there(
    source: SQLiteRunDB, target: SQLiteRunDB, monkeypatch: pytest.MonkeyPatch, there: bytes
) -> None:
    monkeypatch.setattr(carry_history, "PIECE", 3)
    source.store_log("1", "iris", b"0123456789\xff\n")
    target.store_log("1", "iris", there)

    count, written, _ = carry_history.copy_logs(source, target, [RUN], 1)

    assert target.get_log("1", "iris")[1] == b"0123456789\xff\n"
    assert (count, written) == (1, int(there != b"0123456789\xff\n"))


def test_what_is_missing_of_a_series_is_added(
    source: SQLiteRunDB, target: SQLiteRunDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry_history, "ROWS", 2)
    rows = [{"key": "a", "value": float(n), "timestamp": f"2024-05-02T12:00:0{n}+00:00"} for n in range(5)]
    source.store_metrics("1", rows, "iris")
    target.store_metrics("1", rows[:1], "iris")

    assert carry_history.copy_metrics(source, target, [RUN], 1)[:2] == (1, 1)
    assert target.list_metrics("1", "iris") == source.list_metrics("1", "iris")
    assert carry_history.copy_metrics(source, target, [RUN], 1)[:2] == (1, 0)


def test_a_tag_stands_where_it_stands_in_the_source(source: SQLiteRunDB, target: SQLiteRunDB) -> None:
    for db in (source, target):
        for tree in ("t1", "t2"):
            db.store_artifact("chart", {"metadata": {"tree": tree}}, project="iris", tag="best")
    source.tag_artifacts(source.read_artifact("chart", tree="t1", project="iris"), "iris", "best")

    carry_history.copy_tags(source, target, ["iris"])

    assert target.read_artifact("chart", "best", project="iris")["metadata"]["tree"] == "t1"
    assert target.read_artifact("chart", project="iris")["metadata"]["tree"] == "t2"
