"""Where the secret parts of notifications are, and when they go."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.sql import SQLiteRunDB


def store(db: SQLiteRunDB, uid: str, name: str, **params: Any) -> None:
    notification = {"kind": "slack", "name": name, "secret_params": params}
    db.store_run_notifications([notification], uid, "iris")


def kept(db: SQLiteRunDB) -> list[tuple[str, str]]:
    with db.connections.read() as connection:
        return connection.execute("SELECT name, value FROM project_secrets ORDER BY name").fetchall()


@pytest.fixture(autouse=True)
def runs(db: SQLiteRunDB) -> None:
    for uid in ("a", "a/b", "b"):
        db.store_run({}, uid, "iris")


def params(db: SQLiteRunDB, uid: str) -> Any:
    return db.read_run(uid, "iris")["spec"]["notifications"][0]["secret_params"]


def test_the_body_says_where_the_secret_is(db: SQLiteRunDB) -> None:
    store(db, "a", "to me", webhook="w")

    assert kept(db) == [("mlrun.notifications/a/0/to%20me", '{"webhook":"w"}')]
    assert params(db, "a") == {"secret": "mlrun.notifications/a/0/to%20me"}


def test_a_notification_that_is_masked_already_keeps_its_secret(db: SQLiteRunDB) -> None:
    store(db, "a", "n", webhook="w")

    store(db, "a", "n", **params(db, "a"))

    assert len(kept(db)) == 1


def test_replaced_notifications_take_their_secrets_along(db: SQLiteRunDB) -> None:
    store(db, "a", "n", webhook="w")

    store(db, "a", "m", webhook="v")

    assert kept(db) == [("mlrun.notifications/a/0/m", '{"webhook":"v"}')]


def test_without_a_mask_the_body_has_it_all(db: SQLiteRunDB) -> None:
    notification = {"kind": "slack", "name": "n", "secret_params": {"webhook": "w"}}

    db.store_run_notifications([notification], "a", "iris", mask_params=False)

    assert (kept(db), params(db, "a")) == ([], {"webhook": "w"})


@pytest.mark.parametrize("delete", ["del_run", "del_runs"])
def test_a_deleted_run_takes_only_its_own_secrets_along(db: SQLiteRunDB, delete: str) -> None:
    for uid in ("a", "a/b", "b"):
        store(db, uid, "n", webhook=uid)

    if delete == "del_run":
        db.del_run("a", "iris")
    else:
        db.del_runs(project="iris", uids=["a"])

    assert [value for _, value in kept(db)] == ['{"webhook":"a/b"}', '{"webhook":"b"}']
