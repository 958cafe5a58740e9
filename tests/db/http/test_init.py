"""The treaty of the port, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mlrun.db.http import HTTPRunDB
from mlrun.testing.databases import RunDBContract


class TestOverSQLite(RunDBContract):
    """Against an API server over SQLite."""

    @pytest.fixture
    def db(self, emptied: Any) -> Iterator[HTTPRunDB]:
        db = HTTPRunDB(emptied.url).connect()
        yield db
        db.close()


class TestOverPostgreSQL(RunDBContract):
    """Against an API server over PostgreSQL."""

    @pytest.fixture
    def db(self, over_postgres: Any, postgres_db: Any) -> Iterator[HTTPRunDB]:
        db = HTTPRunDB(over_postgres.url).connect()
        yield db
        db.close()
