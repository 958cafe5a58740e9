"""Leases: one holder at a time, by the clock of the database."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mlrun.db import liveness
from mlrun.db.sql.leases import holder_of_this_process


def test_one_has_it_until_it_runs_out(home_db: Any) -> None:
    assert home_db.hold_lease("a", "me", 60)
    assert not home_db.hold_lease("a", "you", 60) and home_db.hold_lease("b", "you", 60)

    assert home_db.hold_lease("a", "me", 0)
    assert home_db.lease_holder("a") == ""
    assert home_db.hold_lease("a", "you", 60) and not home_db.hold_lease("a", "me", 60)
    assert home_db.lease_holder("a") == "you"


def test_it_is_given_back_by_its_holder_only(home_db: Any) -> None:
    home_db.hold_lease("a", "me", 60)

    home_db.release_lease("a", "you")
    assert home_db.lease_holder("a") == "me"
    home_db.release_lease("a", "me")

    assert home_db.hold_lease("a", "you", 60)


def test_one_of_many_gets_it(home_db: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda number: home_db.hold_lease("a", f"holder {number}", 60), range(8)))

    assert got.count(True) == 1
    assert home_db.lease_holder("a") == f"holder {got.index(True)}"


def test_a_holder_that_is_gone_holds_nothing(home_db: Any) -> None:
    code = "from mlrun.db.sql.leases import holder_of_this_process as h; print(h('x'))"
    gone = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip()
    assert home_db.hold_lease("a", gone, 60)

    assert home_db.hold_lease("a", "you", 60)


def test_a_holder_that_lives_holds_it(home_db: Any) -> None:
    home_db.hold_lease("a", holder_of_this_process("1"), 60)

    assert not home_db.hold_lease("a", holder_of_this_process("2"), 60)
    assert json.loads(holder_of_this_process("1"))["pid"] == liveness.process_stamp()["pid"]


def test_the_clock_is_that_of_the_database(home_db: Any) -> None:
    before = datetime.datetime.now(datetime.timezone.utc)

    clock = datetime.datetime.fromisoformat(home_db.clock())

    assert abs(clock - before) < datetime.timedelta(seconds=60)
    assert len(home_db.clock()) == len("2024-05-31T09:30:00.000000+00:00")
