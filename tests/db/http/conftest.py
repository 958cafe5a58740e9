"""A database over a server that the tests of a module share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mlrun.db.http import HTTPRunDB


@pytest.fixture
def db(emptied: Any) -> Iterator[HTTPRunDB]:
    db = HTTPRunDB(emptied.url).connect()
    yield db
    db.close()
