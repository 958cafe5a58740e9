"""Firings: each once, whoever is there to fire; what was missed is said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.db.sql.conftest import Start

from mlrun.db.base import Record
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError, MLRunNotFoundError

HERE = "process@here"
NIGHT = "2100-01-01T02:00:00.000000+00:00"


def make_run(schedule: Record, uid: str) -> Record:
    return {"metadata": {"name": schedule["name"], "uid": uid, "project": schedule["project"]}}


@pytest.fixture
def nightly(home_db: Any) -> Record:
    """A schedule whose first time is 2100-01-01 at 2."""
    trigger = {"hour": "2", "start_date": "2100-01-01"}
    return home_db.create_schedule("iris", {"name": "nightly", "cron_trigger": trigger})


def end_runs(db: Any) -> None:
    for run in db.list_runs(project="iris", state="created"):
        db.update_run({"status.state": "completed"}, run["metadata"]["uid"], "iris")


def test_a_schedule_is_due_at_its_time(home_db: Any, nightly: Record) -> None:
    assert nightly["next_run_time"] == home_db.next_schedule_due() == NIGHT

    assert home_db.due_schedules("2100-01-01T01:59:59.999999+00:00") == []
    assert home_db.due_schedules(NIGHT) == [("iris", "nightly")]
    assert home_db.fire_schedule("iris", "nightly", make_run) is None


def test_a_firing_submits_a_run_and_moves_the_time_on(home_db: Any, nightly: Record) -> None:
    run = home_db.fire_schedule("iris", "nightly", make_run, now=NIGHT)

    schedule = home_db.get_schedule("iris", "nightly", include_last_run=True)
    assert schedule["next_run_time"] == home_db.next_schedule_due() == "2100-01-02T02:00:00.000000+00:00"
    assert schedule["last_run"] == run and schedule["last_run_time"] == NIGHT
    assert (schedule["missed_count"], schedule["skipped_count"]) == (0, 0)
    assert home_db.open_submission(run["metadata"]["uid"], "iris").schedule == "nightly"


def test_one_of_many_fires_it(home_db: Any, nightly: Record) -> None:
    def fire(_: int) -> bool:
        return home_db.fire_schedule("iris", "nightly", make_run, now=NIGHT) is not None

    with ThreadPoolExecutor(8) as pool:
        fired = list(pool.map(fire, range(8)))

    assert fired.count(True) == 1 and home_db.count_queued() == 1


def test_nothing_fires_beside_a_live_run(home_db: Any, nightly: Record) -> None:
    home_db.fire_schedule("iris", "nightly", make_run, now=NIGHT)

    second = home_db.fire_schedule("iris", "nightly", make_run, now="2100-01-02T02:00:01.000000+00:00")

    schedule = home_db.get_schedule("iris", "nightly")
    assert second is None and schedule["skipped_count"] == 1
    assert "1 of its runs have not ended (concurrency_limit=1)" in schedule["status_text"]
    end_runs(home_db)
    assert home_db.fire_schedule("iris", "nightly", make_run, now="2100-01-03T02:00:00.000000+00:00")


def test_as_many_may_be_live_as_the_limit_says(home_db: Any, nightly: Record) -> None:
    home_db.update_schedule("iris", "nightly", {"concurrency_limit": 2})

    days = [f"2100-01-0{day}T02:00:00.000000+00:00" for day in (1, 2, 3)]
    fired = [home_db.fire_schedule("iris", "nightly", make_run, now=day) for day in days]

    assert [run is not None for run in fired] == [True, True, False]


@pytest.mark.parametrize(("is_late_run", "missed", "runs"), [(True, 3, 1), (False, 4, 0)])
def test_what_was_missed_is_counted_and_the_last_made_up_for_or_not(
    home_db: Any, nightly: Record, is_late_run: bool, missed: int, runs: int
) -> None:
    home_db.fire_schedule("iris", "nightly", make_run, is_late_run, now="2100-01-04T12:00:00.000000+00:00")

    schedule = home_db.get_schedule("iris", "nightly")
    assert schedule["missed_count"] == missed and home_db.count_queued() == runs
    assert f"{missed} firings from {NIGHT} on were missed" in schedule["status_text"]
    assert schedule["next_run_time"].startswith("2100-01-05T02:00")


def test_a_moment_late_is_not_missed(home_db: Any, nightly: Record) -> None:
    late = "2100-01-01T02:00:30.000000+00:00"

    assert home_db.fire_schedule("iris", "nightly", make_run, is_late_run=False, now=late)

    assert home_db.get_schedule("iris", "nightly")["missed_count"] == 0


def test_a_run_that_can_not_be_made_is_noted(home_db: Any, nightly: Record) -> None:
    def refuse(schedule: Record, uid: str) -> Record:
        raise MLRunInvalidArgumentError("it names no function")

    assert home_db.fire_schedule("iris", "nightly", refuse, now=NIGHT) is None

    schedule = home_db.get_schedule("iris", "nightly")
    assert "was not started: it names no function" in schedule["status_text"]
    assert schedule["next_run_time"] > NIGHT


def test_a_schedule_ends(home_db: Any) -> None:
    trigger = {"hour": "2", "start_date": "2100-01-01", "end_date": "2100-01-01T12:00"}
    home_db.create_schedule("iris", {"name": "once", "cron_trigger": trigger})

    home_db.fire_schedule("iris", "once", make_run, now=NIGHT)

    assert home_db.get_schedule("iris", "once")["next_run_time"] is None
    assert home_db.next_schedule_due() == "" and home_db.due_schedules("2200-01-01") == []


@pytest.mark.parametrize("parts", [{"desired_state": "offline"}, {"kind": "pipeline"}], ids=str)
def test_what_nobody_may_or_can_run_does_not_fire(home_db: Any, nightly: Record, parts: Record) -> None:
    home_db.update_schedule("iris", "nightly", parts)

    assert home_db.due_schedules("2200-01-01") == []


def test_a_schedule_is_invoked_beside_its_times(home_db: Any, nightly: Record) -> None:
    run = home_db.invoke_schedule_now("iris", "nightly", make_run)

    schedule = home_db.get_schedule("iris", "nightly", include_last_run=True)
    assert schedule["last_run"] == run and schedule["next_run_time"] == NIGHT
    with pytest.raises(MLRunConflictError, match="1 of its runs have not ended"):
        home_db.invoke_schedule_now("iris", "nightly", make_run)
    with pytest.raises(MLRunNotFoundError, match="no schedule 'absent'"):
        home_db.invoke_schedule_now("iris", "absent", make_run)


def test_one_of_many_processes_fires_it(db: Any, start: Start) -> None:
    trigger = {"hour": "2", "start_date": "2100-01-01"}
    db.create_schedule("iris", {"name": "nightly", "cron_trigger": trigger})
    code = f"""
print('ready', flush=True); input()
run = db.fire_schedule("iris", "nightly", lambda schedule, uid: run(uid, "pending") | {{
    "metadata": {{"uid": uid, "project": "iris"}}}}, now="{NIGHT}")
sys.exit(0 if run else 3)
""".replace("run = db", "fired = db").replace("if run", "if fired")
    programs = [start(code) for _ in range(3)]
    for program in programs:
        program.stdout.readline()

    for program in programs:
        program.communicate("\n", timeout=60)

    assert sorted(program.returncode for program in programs) == [0, 3, 3]
    assert db.count_queued() == 1
