"""When schedules fire, and what came of it, in their records."""

from __future__ import annotations

from typing import Any

import pytest
from tests.db.sql.conftest import Start

from mlrun.db.base import Record
from mlrun.db.sql import SQLiteRunDB
from mlrun.errors import MLRunInvalidArgumentError


def a_run(schedule: Record, uid: str) -> Record:
    return {"metadata": {"name": "train", "uid": uid, "project": schedule["project"]}}


def test_the_last_run_comes_along(db: SQLiteRunDB) -> None:
    db.create_schedule("iris", {"name": "nightly", "cron_trigger": "0 2 * * *"})
    db.invoke_schedule_now("iris", "nightly", a_run)

    (listed,) = db.list_schedules("iris", include_last_run=True).schedules

    assert listed.last_run.metadata.name == "train"
    assert "last_run" not in db.get_schedule("iris", "nightly")


def test_a_last_run_that_was_deleted_is_empty(db: SQLiteRunDB) -> None:
    db.create_schedule("iris", {"name": "nightly", "cron_trigger": "0 2 * * *"})
    run = db.invoke_schedule_now("iris", "nightly", a_run)
    db.del_run(run["metadata"]["uid"], "iris")

    assert db.get_schedule("iris", "nightly", include_last_run=True).last_run == {}


@pytest.mark.parametrize(
    ("trigger", "message"),
    [
        ("0 0 30 2 *", "never fires"),
        ({"year": 2020}, "year=2020 never fires"),
        ({"hour": 2, "end_date": "2020-01-01"}, "end_date=2020-01-01 never fires"),
        ({"hour": 2, "timezone": "Europe/Berlyn"}, "not a time zone.* Did you mean 'Europe/Berlin'"),
    ],
    ids=str,
)
def test_a_schedule_that_never_fires_is_refused(db: SQLiteRunDB, trigger: Any, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        db.create_schedule("iris", {"name": "nightly", "cron_trigger": trigger})

    db.create_schedule("iris", {"name": "nightly", "cron_trigger": "0 2 * * *"})
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        db.update_schedule("iris", "nightly", {"cron_trigger": trigger})


def test_the_next_time_is_known_while_a_schedule_is_online(db: SQLiteRunDB) -> None:
    trigger = {"hour": 2, "start_date": "2100-01-01"}  # it is not two o'clock in the middle of this
    created = db.create_schedule("iris", {"name": "nightly", "cron_trigger": trigger})

    offline = db.update_schedule("iris", "nightly", {"desired_state": "offline"})
    online = db.update_schedule("iris", "nightly", {"desired_state": "online", "labels": {"a": "1"}})
    moved = db.update_schedule("iris", "nightly", {"cron_trigger": {"hour": 3}})

    assert created["next_run_time"][11:13] == "02" and offline["next_run_time"] is None
    assert online["next_run_time"] == created["next_run_time"] and moved["next_run_time"][11:13] == "03"


def test_what_the_home_keeps_of_a_schedule_is_not_to_be_changed(db: SQLiteRunDB) -> None:
    before = db.create_schedule("iris", {"name": "nightly", "cron_trigger": {"hour": 2}, "missed_count": 7})

    changes = {"next_run_time": "2020-01-01", "last_run_uri": "x@1#0", "missed_count": 3, "name": "other"}

    assert db.update_schedule("iris", "nightly", changes) == before


def test_one_of_many_processes_creates_it(db: SQLiteRunDB, start: Start) -> None:
    db.connect()
    code = """
from mlrun.errors import MLRunConflictError
print('ready', flush=True); input()
try:
    db.create_schedule("iris", {"name": "nightly", "cron_trigger": "0 2 * * *"})
except MLRunConflictError:
    sys.exit(3)
"""
    creators = [start(code) for _ in range(3)]
    for creator in creators:
        creator.stdout.readline()

    for creator in creators:
        creator.communicate("\n", timeout=60)

    assert sorted(creator.returncode for creator in creators) == [0, 3, 3]
