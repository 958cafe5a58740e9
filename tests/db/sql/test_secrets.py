"""What no door gives out: the values of secrets, where they are kept."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from mlrun.db.sql import SQLiteRunDB
from mlrun.errors import MLRunInvalidArgumentError

HIDDEN = "s3cr3t-value"


def test_a_run_gets_the_values(db: SQLiteRunDB) -> None:
    db.create_project_secrets("iris", secrets={"b": HIDDEN, "a": "1"})
    db.store_datastore_profile({"name": "lake", "type": "s3", "object": "{}", "private": "p"}, "iris")

    assert db.read_project_secrets("iris") == {"a": "1", "b": HIDDEN}
    assert db.read_project_secrets("other") == {}


@pytest.mark.parametrize("value", ["a\x00b", "\udc80"])
def test_a_value_that_is_no_text_is_not_said(db: SQLiteRunDB, value: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="the secret 'a' has a character") as raised:
        db.create_project_secrets("iris", secrets={"a": HIDDEN + value})

    assert HIDDEN not in repr(raised.value)


def test_values_are_in_no_log_and_no_repr(db: SQLiteRunDB, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    db.create_project_secrets("iris", secrets={"a": HIDDEN})

    assert HIDDEN not in caplog.text + repr(db) + repr(db.list_project_secret_keys("iris"))


def test_deleting_all_secrets_leaves_those_of_profiles(db: SQLiteRunDB) -> None:
    db.create_project_secrets("iris", secrets={"a": HIDDEN})
    db.store_datastore_profile({"name": "lake", "type": "s3", "object": "{}", "private": "p"}, "iris")

    db.delete_project_secrets("iris")

    assert db.read_datastore_profile_secrets("lake", "iris") == "p"


def test_the_file_is_its_owners_only(db: SQLiteRunDB, path: Path) -> None:
    db.create_project_secrets("iris", secrets={"a": HIDDEN})

    files = [path, path.with_name("mlrun.db-wal"), path.with_name("mlrun.db-shm")]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 3


def test_a_file_that_is_there_keeps_its_mode(db: SQLiteRunDB, path: Path) -> None:
    path.touch()
    path.chmod(0o660)

    db.create_project_secrets("iris", secrets={"a": HIDDEN})

    assert stat.S_IMODE(path.stat().st_mode) == 0o660
