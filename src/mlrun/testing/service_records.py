"""What every database promises about schedules, background tasks and notifications of runs."""

from __future__ import annotations

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mlrun.db.base import Record, RunDB
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunNotImplementedServerError,
)
from mlrun.testing.run_records import a_run

HIDDEN = "s3cr3t-value"
NIGHTLY = {"minute": "0", "hour": "2", "day": "*", "month": "*", "day_of_week": "*"}


def a_schedule(name: str = "nightly", **parts: Any) -> Record:
    task = {"task": {"spec": {"function": "iris/train"}}}
    return {"name": name, "kind": "job", "scheduled_object": task, "cron_trigger": "0 2 * * *", **parts}


def a_notification(name: str = "n1", **parts: Any) -> Record:
    return {"kind": "slack", "name": name, "message": "done", "when": ["completed"], **parts}


class SchedulesContract:
    """Schedules."""

    def test_a_schedule_is_read_as_it_was_created(self, db: RunDB) -> None:
        created = db.create_schedule("iris", a_schedule(labels={"owner": "me"}, more=[1]))

        schedule = db.get_schedule("iris", "nightly")

        assert schedule == created
        assert {
            **a_schedule(labels={"owner": "me"}, more=[1]),
            "cron_trigger": NIGHTLY,
        }.items() <= schedule.items()
        assert schedule.cron_trigger.hour == "2"  # type: ignore[attr-defined]

    def test_a_schedule_says_what_it_is(self, db: RunDB) -> None:
        schedule = db.create_schedule("iris", {"name": "nightly", "cron_trigger": {"hour": 2}})

        assert (schedule["project"], schedule["kind"], schedule["concurrency_limit"]) == ("iris", "job", 1)
        assert schedule["cron_trigger"] == {"hour": 2}
        assert {"state", "next_run_time", "last_run_uri"} <= set(schedule)
        assert datetime.datetime.fromisoformat(schedule["creation_time"]).tzinfo

    def test_a_schedule_is_created_once(self, db: RunDB) -> None:
        db.create_schedule("iris", a_schedule())
        db.create_schedule("other", a_schedule())

        with pytest.raises(MLRunConflictError, match="schedule 'nightly' exists in project iris"):
            db.create_schedule("iris", a_schedule())

    def test_one_of_many_creates_it(self, db: RunDB) -> None:
        def create(number: int) -> bool:
            try:
                return bool(db.create_schedule("iris", a_schedule(number=number)))
            except MLRunConflictError:
                return False

        with ThreadPoolExecutor(8) as pool:
            created = list(pool.map(create, range(8)))

        assert created.count(True) == 1
        assert db.get_schedule("iris", "nightly")["number"] == created.index(True)

    def test_parts_of_a_schedule_are_changed(self, db: RunDB) -> None:
        before = db.create_schedule("iris", a_schedule(labels={"a": "1"}))

        changes = {"cron_trigger": "*/15 * * * mon-fri", "labels": {"b": "2"}, "desired_state": "offline"}
        updated = db.update_schedule("iris", "nightly", changes)

        schedule = db.get_schedule("iris", "nightly")
        assert updated in (None, schedule)  # the API answers nothing
        assert schedule["cron_trigger"]["minute"] == "*/15"
        assert (schedule["labels"], schedule["desired_state"]) == ({"b": "2"}, "offline")
        assert schedule["scheduled_object"] == before["scheduled_object"]
        assert schedule["creation_time"] == before["creation_time"]

    def test_a_missing_schedule_is_named(self, db: RunDB) -> None:
        with pytest.raises(MLRunNotFoundError, match="no schedule 'nightly' in project iris"):
            db.get_schedule("iris", "nightly")
        with pytest.raises(MLRunNotFoundError, match="no schedule 'nightly' in project iris"):
            db.update_schedule("iris", "nightly", {"cron_trigger": "0 2 * * *"})

    @pytest.mark.parametrize(
        ("parts", "message"),
        [
            ({"name": ""}, "the name of a schedule is needed"),
            ({"cron_trigger": "0 2 * *"}, "has 4 fields; five are"),
            ({"cron_trigger": "0 25 * * *"}, "hour='25' is none"),
            ({"cron_trigger": None}, "cron_trigger is the text of five fields"),
            ({"cron_trigger": "0 0 30 2 *"}, "never fires"),
            ({"kind": "jobs"}, "'jobs' is not a kind of schedules"),
            ({"concurrency_limit": 0}, "concurrency_limit=0"),
        ],
    )
    def test_a_wrong_schedule_is_answered(self, db: RunDB, parts: Record, message: str) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match=message):
            db.create_schedule("iris", a_schedule(**parts))

        assert db.list_schedules("iris")["schedules"] == []

    @pytest.mark.parametrize(
        ("filter", "found"),
        [
            ({}, ["a", "b"]),
            ({"name": "a"}, ["a"]),
            ({"name": "~B"}, ["b"]),
            ({"kind": "pipeline"}, ["b"]),
            ({"labels": "owner=me"}, ["a"]),
            ({"labels": {"owner": None}}, ["a", "b"]),
            ({"name": "absent"}, []),
        ],
        ids=str,
    )
    def test_schedules_are_listed(self, db: RunDB, filter: Record, found: list[str]) -> None:
        db.create_schedule("iris", a_schedule("b", kind="pipeline", labels={"owner": "you"}))
        db.create_schedule("iris", a_schedule("a", labels={"owner": "me"}))
        db.create_schedule("other", a_schedule("c"))

        schedules = db.list_schedules("iris", **filter)

        assert [one.name for one in schedules.schedules] == found  # type: ignore[attr-defined]

    def test_schedules_are_deleted(self, db: RunDB) -> None:
        for name in "abc":
            db.create_schedule("iris", a_schedule(name))
        db.create_schedule("other", a_schedule("a"))

        db.delete_schedule("iris", "a")
        assert [one["name"] for one in db.list_schedules("iris")["schedules"]] == ["b", "c"]
        db.delete_schedules("iris")

        assert db.list_schedules("iris")["schedules"] == []
        assert len(db.list_schedules("other")["schedules"]) == 1

    def test_the_last_run_comes_along_where_it_is_asked_for(self, db: RunDB) -> None:
        db.create_schedule("iris", a_schedule())

        assert db.get_schedule("iris", "nightly", include_last_run=True).get("last_run") in ({}, None)


class ChangesContract:
    """A number for whoever waits for something to change."""

    def test_a_write_changes_it_where_there_is_one(self, db: RunDB) -> None:
        before = db.changes()
        db.create_project({"metadata": {"name": "iris"}})
        after = db.changes()

        assert (before is None and after is None) or before != after


class WaitingContract:
    """Who waits for a run hears of its end."""

    def test_a_run_that_has_ended_is_not_waited_for(self, db: RunDB) -> None:
        db.store_run(a_run("1", "error"), "1")

        assert db.wait_for_run("1") == "error"

    def test_the_end_of_a_run_ends_the_waiting(self, db: RunDB) -> None:
        db.store_run(a_run("1", "running", iteration=2), "1", iter=2)
        timer = threading.Timer(0.1, db.update_run, ({"status.state": "aborted"}, "1", "", 2))
        timer.start()

        assert db.wait_for_run("1", iter=2) == "aborted"
        timer.join()

    def test_a_run_that_goes_on_is_waited_for_only_so_long(self, db: RunDB) -> None:
        db.store_run(a_run("1", "running"), "1")

        assert db.wait_for_run("1", timeout_s=0.1) == "running"

    def test_a_run_that_is_not_there_is_not_waited_for(self, db: RunDB) -> None:
        with pytest.raises(MLRunNotFoundError):
            db.wait_for_run("none")


class InvokingContract:
    """Firing a schedule now."""

    def test_a_schedule_that_is_not_there_is_not_fired(self, db: RunDB) -> None:
        with pytest.raises((MLRunNotFoundError, MLRunNotImplementedServerError)):  # a server fires them
            db.invoke_schedule("iris", "absent")


class TasksContract:
    """Background tasks, where the records are."""

    def test_a_task_is_read_as_it_was_stored(self, db: RunDB) -> None:
        stored = db.store_background_task({"metadata": {"name": "t", "project": "iris", "kind": "build"}})

        task = db.get_project_background_task("iris", "t")

        assert task == stored == db.get_background_task("t", "iris")
        assert (task.status.state, task.metadata.kind) == ("running", "build")  # type: ignore[attr-defined]

    def test_a_task_goes_on(self, db: RunDB) -> None:
        before = db.store_background_task({"metadata": {"name": "t"}})

        db.store_background_task({"metadata": {"name": "t"}, "status": {"state": "failed", "error": "no"}})

        task = db.get_background_task("t")
        assert (task["status"]["state"], task["status"]["error"]) == ("failed", "no")
        assert task["metadata"]["created"] == before["metadata"]["created"] < task["metadata"]["updated"]

    @pytest.mark.parametrize(
        ("filter", "found"),
        [
            ({}, ["c", "b", "a"]),
            ({"name": "a"}, ["a"]),
            ({"kind": "build"}, ["b"]),
            ({"state": "failed"}, ["c"]),
            ({"created_to": "2024-05-02"}, ["b", "a"]),
            ({"created_from": "2024-05-02T12:00:00+00:00"}, ["c"]),
            ({"last_update_time_to": "2024-05-02"}, []),
        ],
        ids=str,
    )
    def test_tasks_are_listed(self, db: RunDB, filter: Record, found: list[str]) -> None:
        for day, (name, kind, state) in enumerate(
            (("a", "", ""), ("b", "build", "succeeded"), ("c", "", "failed"))
        ):
            metadata = {"name": name, "kind": kind, "project": "iris", "created": f"2024-05-0{day + 1}"}
            db.store_background_task({"metadata": metadata, "status": {"state": state}})
        db.store_background_task({"metadata": {"name": "d"}})

        assert [task["metadata"]["name"] for task in db.list_background_tasks("iris", **filter)] == found

    def test_a_missing_task_is_named(self, db: RunDB) -> None:
        with pytest.raises(MLRunNotFoundError, match="no background task '4f0c'"):
            db.get_background_task("4f0c")

    @pytest.mark.parametrize(
        ("task", "message"),
        [
            ({"metadata": {}}, "the name of a background task is needed"),
            (
                {"metadata": {"name": "t"}, "status": {"state": "done"}},
                "'done' is not a state of background tasks",
            ),
        ],
    )
    def test_a_wrong_task_is_answered(self, db: RunDB, task: Record, message: str) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match=message):
            db.store_background_task(task)


class NotificationsContract:
    """Notifications of runs."""

    def test_notifications_are_a_part_of_the_run(self, db: RunDB) -> None:
        db.store_run(a_run("1", project="iris"), "1")

        db.store_run_notifications([a_notification(), a_notification("n2")], "1", "iris")
        db.store_run_notifications([a_notification("n3")], "1", "iris")

        notifications = db.read_run("1", "iris")["spec"]["notifications"]
        assert [one["name"] for one in notifications] == ["n3"]

    def test_what_is_secret_is_kept_apart(self, db: RunDB) -> None:
        db.store_run(a_run("1", project="iris"), "1")

        db.store_run_notifications([a_notification(secret_params={"webhook": HIDDEN})], "1", "iris")

        assert HIDDEN not in str(db.read_run("1", "iris"))
        assert db.list_project_secret_keys("iris")["secret_keys"] == []

    def test_what_is_secret_is_given_to_who_sends(self, db: RunDB) -> None:
        db.store_run(a_run("1", project="iris"), "1")
        db.store_run_notifications([a_notification(secret_params={"webhook": HIDDEN})], "1", "iris")

        try:
            given = db.read_run_notifications("1", "iris")
        except MLRunAccessDeniedError:  # an API server gives no secrets out
            return

        assert given == [a_notification(secret_params={"webhook": HIDDEN})]

    def test_a_run_does_not_get_the_secret_of_another_one(self, db: RunDB) -> None:
        db.store_runs([a_run(uid, project="iris") for uid in "12"])
        db.store_run_notifications([a_notification(secret_params={"webhook": HIDDEN})], "1", "iris")
        stolen = db.read_run("1", "iris")["spec"]["notifications"]
        db.store_run_notifications(stolen, "2", "iris")

        try:
            given = db.read_run_notifications("2", "iris")
        except MLRunAccessDeniedError:
            return

        assert HIDDEN not in str(given)

    def test_many_runs_are_notified_about(self, db: RunDB) -> None:
        runs = [a_run(uid, project="iris") for uid in "12"]
        db.store_runs(runs)

        db.set_run_notifications("iris", [runs[0], "2"], [a_notification()])

        for uid in "12":
            assert db.read_run(uid, "iris")["spec"]["notifications"][0]["name"] == "n1"

    def test_notifications_need_their_run(self, db: RunDB) -> None:
        with pytest.raises(MLRunNotFoundError, match="no run iris/1"):
            db.store_run_notifications([a_notification()], "1", "iris")

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ([a_notification(name="")], "the name of a notification is needed"),
            ([a_notification(kind=None)], "the kind of notification 'n1' is needed"),
            ([a_notification(), a_notification()], "given twice: n1"),
        ],
    )
    def test_wrong_notifications_are_answered(self, db: RunDB, given: list[Record], message: str) -> None:
        db.store_run(a_run("1", project="iris"), "1")

        with pytest.raises(MLRunInvalidArgumentError, match=message):
            db.store_run_notifications(given, "1", "iris")

        assert "notifications" not in db.read_run("1", "iris")["spec"]


class ServiceRecordsContract(
    SchedulesContract, InvokingContract, ChangesContract, WaitingContract, NotificationsContract
):
    """What a service keeps for its clients; its tasks are its own."""
