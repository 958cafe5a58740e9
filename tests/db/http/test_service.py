import pytest

from mlrun.errors import (
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunNotImplementedServerError,
)
from mlrun.testing.run_records import a_run

NIGHTLY = {"name": "nightly", "kind": "job", "cron_trigger": "0 1 * * *", "scheduled_object": {"a": 1}}


def test_a_schedule_is_kept_changed_and_deleted(db):
    created = db.create_schedule("iris", NIGHTLY)
    with pytest.raises(MLRunConflictError):
        db.create_schedule("iris", NIGHTLY)

    db.update_schedule("iris", "nightly", {"cron_trigger": "30 2 * * *"})

    found = db.get_schedule("iris", "nightly")
    assert (created.name, found.cron_trigger.minute, found.scheduled_object.a) == ("nightly", "30", 1)
    assert [one.name for one in db.list_schedules("iris", name="~night", kind="job").schedules] == ["nightly"]
    db.delete_schedule("iris", "nightly")
    db.delete_schedules("iris")
    with pytest.raises(MLRunNotFoundError, match="no schedule 'nightly' in project iris"):
        db.get_schedule("iris", "nightly")


def test_a_wrong_trigger_is_answered_as_it_is_where_the_records_are(db):
    with pytest.raises(MLRunInvalidArgumentError):
        db.create_schedule("iris", NIGHTLY | {"cron_trigger": "at noon"})


def test_background_tasks_are_read(db):
    db.store_run(a_run("1", "running"), "1", "iris")
    db.abort_run("1", "iris")

    tasks = db.list_background_tasks("iris")

    assert tasks[0].status.state == "succeeded"
    assert db.get_project_background_task("iris", tasks[0].metadata.name).metadata.project == "iris"
    with pytest.raises(MLRunNotFoundError):
        db.get_background_task("none", "iris")
    with pytest.raises(MLRunNotImplementedServerError, match="made by the server itself"):
        db.store_background_task({})


def test_notifications_of_runs_are_set(db):
    for uid in ("1", "2"):
        db.store_run(a_run(uid, "running"), uid, "iris")
    mail = {"kind": "console", "name": "mine", "message": "done", "when": ["completed"]}

    db.set_run_notifications("iris", ["1", a_run("2")], [mail])

    for uid in ("1", "2"):
        (found,) = db.read_run(uid, "iris")["spec"]["notifications"]
        assert (found["name"], found["kind"]) == ("mine", "console")
    with pytest.raises(MLRunNotFoundError, match="no run iris/3"):
        db.store_run_notifications([mail], "3", "iris")
