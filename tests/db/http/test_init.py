"""The treaty of the port, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mlrun.db.http import HTTPRunDB
from mlrun.testing.databases import RunDBContract


class TestHTTPRunDB(RunDBContract):
    """Against an API server over SQLite."""

    @pytest.fixture
    def db(self, up: Any) -> Iterator[HTTPRunDB]:
        db = HTTPRunDB(up.url).connect()
        yield db
        db.close()
