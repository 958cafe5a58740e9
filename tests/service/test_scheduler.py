"""Schedules fire at their time; no test waits for it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from mlrun.config import mlconf
from mlrun.db.base import Record
from mlrun.service.jobs import run_of_schedule
from mlrun.service.lease import Lease
from mlrun.service.scheduler import LONGEST_S, Scheduler

START = "2100-01-01"


@pytest.fixture
def nightly(db: Any) -> Record:
    scheduled = {"task": {"metadata": {"name": "train"}, "spec": {"function": "iris/train"}}}
    trigger = {"hour": "2", "start_date": START}
    record = {"name": "nightly", "cron_trigger": trigger, "scheduled_object": scheduled}
    return db.create_schedule("iris", record)


def at(db: Any, time: str, fired: list[int] | None = None) -> Scheduler:
    return Scheduler(db, run_of_schedule, lambda: (fired or []).append(1), lambda: f"{time}.000000+00:00")


def test_nothing_fires_before_its_time(db: Any, nightly: Record) -> None:
    lease = Lease(db, "scheduler")

    pause_s = at(db, "2100-01-01T01:59:59").round(lease)

    assert db.count_queued() == 0 and pause_s == LONGEST_S


def test_a_schedule_fires_at_its_time_and_once(db: Any, nightly: Record) -> None:
    lease = Lease(db, "scheduler")

    for _ in range(3):
        at(db, "2100-01-01T02:00:00").round(lease)

    (run,) = db.list_runs(project="iris")
    assert (
        run["metadata"]["labels"]["mlrun/schedule-name"] == "nightly" and run["metadata"]["name"] == "train"
    )
    assert db.get_schedule("iris", "nightly")["next_run_time"].startswith("2100-01-02T02")


def test_two_servers_fire_it_once(home_dbs: list[Any]) -> None:
    first, second = home_dbs
    scheduled = {"task": {"spec": {"function": "iris/train"}}}
    record = {"name": "nightly", "cron_trigger": {"hour": "2", "start_date": START}}
    first.create_schedule("iris", {**record, "scheduled_object": scheduled})
    leases = [Lease(db, "scheduler") for db in home_dbs]

    for _, (db, lease) in itertools.product(range(2), zip(home_dbs, leases)):
        at(db, "2100-01-01T02:00:00").round(lease)

    assert len(second.list_runs(project="iris")) == 1


@pytest.mark.parametrize(("rule", "runs", "missed"), [("once", 1, 2), ("skip", 0, 3)])
def test_what_was_missed_while_nobody_was_there_is_said(
    db: Any, nightly: Record, rule: str, runs: int, missed: int
) -> None:
    with mlconf.override(httpdb__scheduling__misfire=rule):
        at(db, "2100-01-03T12:00:00").round(Lease(db, "scheduler"))

    schedule = db.get_schedule("iris", "nightly")
    assert (len(db.list_runs(project="iris")), schedule["missed_count"]) == (runs, missed)


def test_a_server_that_has_lost_the_lease_stops_on_the_way(db: Any, nightly: Record) -> None:
    other, mine = Lease(db, "scheduler"), Lease(db, "scheduler")
    other.keep()

    at(db, "2100-01-01T02:00:00").round(mine)

    assert db.count_queued() == 0


def test_a_schedule_that_names_no_function_says_so(db: Any) -> None:
    db.create_schedule("iris", {"name": "empty", "cron_trigger": {"hour": "2", "start_date": START}})

    at(db, "2100-01-01T02:00:00").round(Lease(db, "scheduler"))

    schedule = db.get_schedule("iris", "empty")
    assert "its scheduled_object has no task with a function" in schedule["status_text"]
    assert schedule["skipped_count"] == 1
