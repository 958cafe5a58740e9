"""What counts as a change: every write of anybody, and nothing else."""

from __future__ import annotations

import os
from typing import Any

import pytest

from mlrun.db.sql import SQLiteRunDB
from mlrun.errors import MLRunBaseError


def test_nothing_but_a_write_changes_it(db: Any) -> None:
    db.store_run({}, "u1")
    before = db.changes()

    db.list_runs()

    assert db.changes() == before
    db.store_log("u1", "", b"x")
    assert db.changes() != before


def test_a_write_of_another_process_changes_it(db: Any) -> None:
    db.store_run({}, "u1")
    before = db.changes()

    if (child := os.fork()) == 0:
        db.store_run({}, "u2")
        os._exit(0)
    _, status = os.waitpid(child, 0)

    assert status == 0 and db.changes() != before


def test_a_file_that_was_replaced_has_changed(db: Any, tmp_path: Any) -> None:
    db.store_run({}, "u1")
    before = db.changes()
    other = SQLiteRunDB(f"sqlite:///{tmp_path}/other.db").connect()
    other.close()

    os.replace(f"{tmp_path}/other.db", db.connections.path)

    assert db.changes() != before


def test_a_file_that_is_not_there_is_answered(tmp_path: Any) -> None:
    with pytest.raises(MLRunBaseError, match="can not open the database"):
        SQLiteRunDB(f"sqlite:///{tmp_path}/none.db").changes()


def test_a_closed_one_goes_on(db: Any) -> None:
    db.store_run({}, "u1")
    db.changes()

    db.close()

    assert isinstance(db.changes(), int)
    db.close()
