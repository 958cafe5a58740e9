"""Keys of writes are forgotten, and two writers of one key write once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.db.sql.conftest import Start

from mlrun.db.sql import SQLiteRunDB, seen


def keys(db: SQLiteRunDB) -> list[str]:
    with db.connections.read() as connection:
        return [name for (name,) in connection.execute("SELECT name FROM seen ORDER BY name")]


def make_old(db: SQLiteRunDB, days: float) -> None:
    with db.connections.write() as connection:
        connection.execute("UPDATE seen SET time = :then", {"then": seen.times.days_before_now(days)})


def test_a_key_is_forgotten_after_its_time(db: SQLiteRunDB) -> None:
    db.store_log("1", body=b"x", once="old")
    make_old(db, seen.DAYS + 0.1)

    SQLiteRunDB(db.url).store_log("1", body=b"x", once="new")

    assert keys(db) == ["new"]


def test_a_key_is_known_for_a_day_at_least(db: SQLiteRunDB) -> None:
    db.store_log("1", body=b"x", once="old")
    make_old(db, 1)

    SQLiteRunDB(db.url).store_log("1", body=b"x", once="new")

    assert keys(db) == ["new", "old"]


def test_one_looks_for_old_keys_once_in_a_while(db: SQLiteRunDB, monkeypatch: pytest.MonkeyPatch) -> None:
    db.store_log("1", body=b"x", once="old")
    make_old(db, seen.DAYS + 0.1)

    db.store_log("1", body=b"x", once="soon after")
    assert keys(db) == ["old", "soon after"]

    monkeypatch.setattr(seen, "_EVERY_S", 0)
    db.store_log("1", body=b"x", once="later")
    assert keys(db) == ["later", "soon after"]


def test_threads_that_send_one_key_write_once(db: SQLiteRunDB) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: db.store_log("1", body=b"x", append=True, once="k"), range(16)))

    assert db.get_log("1")[1] == b"x"


def test_processes_that_send_one_key_write_once(db: SQLiteRunDB, path: Path, start: Start) -> None:
    db.connect()
    code = "print('ready', flush=True); input()\ndb.store_log('1', '', b'x', append=True, once='k')"
    writers = [start(code) for _ in range(3)]
    for writer in writers:
        writer.stdout.readline()

    for writer in writers:
        writer.communicate("\n", timeout=60)

    assert [writer.returncode for writer in writers] == [0] * 3
    assert db.get_log("1")[1] == b"x"
