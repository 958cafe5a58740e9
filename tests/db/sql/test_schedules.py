"""What a scheduler writes into schedules."""

from __future__ import annotations

from tests.db.sql.conftest import Start

from mlrun.db.sql import SQLiteRunDB


def test_the_last_run_comes_along(db: SQLiteRunDB) -> None:
    db.create_schedule("iris", {"name": "nightly", "cron_trigger": "0 2 * * *"})
    db.store_run({"metadata": {"name": "train"}}, "1", "iris")
    db.update_schedule(
        "iris", "nightly", {"last_run_uri": "iris/1#0", "next_run_time": "2026-01-01T02:00:00Z"}
    )

    (listed,) = db.list_schedules("iris", include_last_run=True).schedules

    assert listed.last_run.metadata.name == "train"
    assert "last_run" not in db.get_schedule("iris", "nightly")


def test_a_last_run_that_was_deleted_is_empty(db: SQLiteRunDB) -> None:
    db.create_schedule("iris", {"name": "nightly", "cron_trigger": "0 2 * * *", "last_run_uri": "iris/1"})

    assert db.get_schedule("iris", "nightly", include_last_run=True).last_run == {}


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
