"""What waits for a server is delivered though nobody calls."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

from mlrun.config import mlconf
from mlrun.db.http import HTTPRunDB
from mlrun.db.http.courier import Courier
from mlrun.db.sql import SQLiteRunDB
from mlrun.testing.run_records import a_run

PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def soon(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mlconf.set("httpdb.http.retries", 0)
    monkeypatch.setattr("mlrun.db.http.courier.SOONEST_S", 0.01)
    monkeypatch.setattr("mlrun.db.http.delivery.LOOK_S", PATIENCE_S)


@pytest.fixture
def couriers() -> Callable[[], list[threading.Thread]]:
    """Those of this test: one of an earlier test may still wait for a server that does not come back."""
    earlier = set(threading.enumerate())

    def found() -> list[threading.Thread]:
        here = set(threading.enumerate()) - earlier
        return [thread for thread in here if thread.name == "mlrun-courier"]

    return found


class Work:
    """Something that waits, until *tries* were made."""

    def __init__(self, tries: int) -> None:
        self.left = tries
        self.is_done = threading.Event()

    def __call__(self) -> float | None:
        self.left -= 1
        if self.left > 0:
            return 0.01
        self.is_done.set()
        return None

    deliver = __call__


def test_a_log_arrives_though_its_run_prints_nothing_more(server: Any) -> None:
    db = HTTPRunDB(server.url).connect()
    db.store_run(a_run("1", "running"), "1")
    db.store_log("1", body=b"it begins\n", append=True)

    server.start()

    seen = SQLiteRunDB(server.database).connect()
    until(lambda: seen.get_log_size("1") > 0, "the log has arrived")
    assert seen.get_log("1") == ("running", b"it begins\n")
    until(db.journal.is_empty, "nothing waits")


def test_it_tries_until_nothing_waits() -> None:
    work = Work(tries=3)

    Courier(work.deliver).call()

    assert work.is_done.wait(PATIENCE_S)
    assert work.left == 0


def test_it_ends_when_nothing_waits_and_begins_anew(couriers: Any) -> None:
    work = Work(tries=1)
    courier = Courier(work.deliver)
    courier.call()
    assert work.is_done.wait(PATIENCE_S)
    until(lambda: not couriers(), "its thread has ended")

    work.is_done.clear()
    courier.call()

    assert work.is_done.wait(PATIENCE_S)


def test_it_ends_with_its_owner(couriers: Any) -> None:
    work = Work(tries=1 << 30)
    Courier(work.deliver).call()
    assert couriers()

    del work

    until(lambda: not couriers(), "its thread has ended")


def test_it_makes_no_tries_after_its_end(couriers: Any) -> None:
    work = Work(tries=1 << 30)
    courier = Courier(work.deliver)
    courier.call()

    courier.end(PATIENCE_S)

    assert not couriers()


def test_a_forked_child_has_one_of_its_own() -> None:
    work = Work(tries=1 << 30)
    courier = Courier(work.deliver)
    courier.call()

    if not (child := os.fork()):
        work.left = 1
        courier.call()
        os._exit(0 if work.is_done.wait(PATIENCE_S) else 1)

    assert os.waitpid(child, 0)[1] == 0
    courier.end(PATIENCE_S)


def until(is_so: Callable[[], bool], claim: str) -> None:
    never = threading.Event()
    for _ in range(int(PATIENCE_S / 0.02)):
        if is_so():
            return
        never.wait(0.02)
    raise AssertionError(f"not so after {PATIENCE_S} s: {claim}")
