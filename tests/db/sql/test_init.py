"""The database in one SQLite file keeps the contract of every database."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.db.base import RunDB
from mlrun.db.sql import SQLiteRunDB
from mlrun.testing.databases import WholeDBContract


class TestSQLite(WholeDBContract):
    @pytest.fixture
    def db(self, tmp_path: Path) -> RunDB:
        return SQLiteRunDB(f"sqlite:///{tmp_path}/mlrun.db").connect()


def test_it_says_where_it_is(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/mlrun.db"

    assert repr(SQLiteRunDB(url)) == f"SQLiteRunDB({url!r})"


def test_the_file_is_there_once_it_is_connected(tmp_path: Path) -> None:
    SQLiteRunDB(f"sqlite:///{tmp_path}/new/folder/mlrun.db").connect()

    assert (tmp_path / "new/folder/mlrun.db").is_file()
