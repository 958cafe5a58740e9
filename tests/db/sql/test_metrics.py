"""Metrics are kept as numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from mlrun.db.sql import SQLiteRunDB


@pytest.mark.parametrize(("value", "number"), [(1, 1.0), (True, 1.0), ("0.5", 0.5), (Fraction(1, 4), 0.25)])
def test_whatever_is_a_number_is_stored_as_one(db: SQLiteRunDB, value: Any, number: float) -> None:
    db.store_metrics("1", [{"key": "a", "value": value}])

    assert db.list_metrics("1")[0]["value"] == number


def test_a_series_keeps_its_order_beside_others(db: SQLiteRunDB) -> None:
    for step in range(50):
        db.store_metrics("1", [{"key": key, "value": step} for key in ("b", "a")])

    assert [row["value"] for row in db.list_metrics("1", key="a")] == list(range(50))
