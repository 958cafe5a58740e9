"""Labels are kept beside their owner."""

from __future__ import annotations

import pytest

from mlrun.db.sql import SQLiteRunDB
from mlrun.db.sql.tables import owner_and_labels, store_labels


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"a": "1"}),
        ({"a": "1"}, {}),
        ({"a": "1", "b": "1"}, {"a": "2", "c": "1"}),
        ({"a": "1"}, {"a": "1"}),
    ],
)
def test_labels_become_what_they_shall_be(
    db: SQLiteRunDB, before: dict[str, str], after: dict[str, str]
) -> None:
    db.store_run({"metadata": {"labels": before}}, "1")

    with db.connections.write() as connection:
        owner, stored = owner_and_labels(connection, "runs", "run_labels", "uid = '1'", {})
        store_labels(connection, "run_labels", owner, after, stored)
        now = owner_and_labels(connection, "runs", "run_labels", "uid = '1'", {})[1]

    assert (stored, now) == (before, after)
