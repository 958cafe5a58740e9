"""What no door gives out: the private parts of datastore profiles."""

from __future__ import annotations

import pytest

from mlrun.db.sql import SQLiteRunDB
from mlrun.errors import MLRunNotFoundError


def store(db: SQLiteRunDB, **parts: str) -> None:
    db.store_datastore_profile({"name": "lake", "type": "s3", "object": "{}", **parts}, "iris")


def test_the_private_part_is_read_where_it_is_kept(db: SQLiteRunDB) -> None:
    store(db, private="p")

    assert db.read_datastore_profile_secrets("lake", "iris") == "p"


def test_a_profile_without_a_private_part_has_an_empty_one(db: SQLiteRunDB) -> None:
    store(db, private="p")
    store(db)

    assert db.read_datastore_profile_secrets("lake", "iris") == ""


def test_a_deleted_profile_takes_its_private_part_along(db: SQLiteRunDB) -> None:
    store(db, private="p")
    db.delete_datastore_profile("lake", "iris")
    store(db)

    assert db.read_datastore_profile_secrets("lake", "iris") == ""


def test_a_missing_profile_has_no_private_part(db: SQLiteRunDB) -> None:
    with pytest.raises(MLRunNotFoundError, match="no datastore profile 'lake' in project iris"):
        db.read_datastore_profile_secrets("lake", "iris")
