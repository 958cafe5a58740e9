"""A client of the API over the empty database of the test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from mlrun.api.app import create_app

Run = dict[str, Any]


@pytest.fixture
def client(db: Any) -> TestClient:
    return client_of(db)


@pytest.fixture
def store_runs(db: Any) -> Callable[..., None]:
    """Store so many runs in project p1, one a minute."""

    def store(count: int, **status: Any) -> None:
        db.store_runs(
            {
                "metadata": {"name": f"run{number}", "uid": f"u{number}", "project": "p1"},
                "status": {
                    "state": "completed",
                    "start_time": f"2026-01-01T{number // 60:02}:{number % 60:02}:00+00:00",
                    **status,
                },
            }
            for number in range(count)
        )

    return store


def client_of(db: Any, **options: Any) -> TestClient:
    return TestClient(create_app(db, **options), base_url="http://localhost")
