"""A notification is sent once, and what became of it is recorded."""

from __future__ import annotations

import pytest

import mlrun
from mlrun.errors import MLRunBaseError, MLRunInvalidArgumentError, RunError
from mlrun.model import Notification
from mlrun.notifications.push import push


def a_webhook(receiver, **parts):
    return {"kind": "webhook", "name": "n", "message": "m", "params": {"url": receiver.url}, **parts}


def train(context, fail=False):
    context.log_result("accuracy", 0.9)
    if fail:
        raise ValueError("no data")


def run_it(**options):
    return mlrun.new_function("train").run(handler=train, **options)


def test_who_waits_for_the_end_is_told_of_it(receiver, db):
    run = run_it(notifications=[a_webhook(receiver)])

    [request] = receiver.received
    assert request.body["runs"][0]["status"]["results"] == {"accuracy": 0.9}
    stored = db.read_run(run.uid())["status"]["notifications"]["n"]
    assert (stored["status"], stored["states"]) == ("sent", ["completed"])


def test_a_failure_is_told_and_raised(receiver, db):
    with pytest.raises(RunError):
        run_it(params={"fail": True}, notifications=[a_webhook(receiver, when=["error"])])

    assert receiver.received[0].body["runs"][0]["status"]["state"] == "error"


def test_the_start_and_the_end_are_told(receiver, db):
    run_it(notifications=[a_webhook(receiver, when=["running", "completed"])])

    states = [request.body["runs"][0]["status"]["state"] for request in receiver.received]
    assert states == ["running", "completed"]


def test_a_sweep_is_told_of_once(receiver, db):
    run_it(hyperparams={"x": [1, 2, 3]}, notifications=[a_webhook(receiver)])

    assert len(receiver.received) == 1


def test_another_state_is_not_told(receiver, db):
    run = run_it(notifications=[a_webhook(receiver, when=["error"])])

    assert receiver.received == []
    assert "notifications" not in db.read_run(run.uid())["status"]


@pytest.mark.parametrize(("limit", "times"), [(0.8, 1), (0.95, 0)])
def test_a_condition_decides(receiver, db, limit, times):
    run_it(notifications=[a_webhook(receiver, condition=f"{{{{ results.accuracy > {limit} }}}}")])

    assert len(receiver.received) == times


def test_what_was_sent_is_not_sent_again(receiver, db):
    told = [Notification.of(a_webhook(receiver))]
    run = run_it(notifications=told)

    push(run, told, db)

    assert len(receiver.received) == 1


def test_one_that_does_not_arrive_is_recorded_and_changes_nothing(receiver, db):
    receiver.status = 500
    hidden = {"url": f"{receiver.url}/s3cr3t-path"}

    run = run_it(notifications=[a_webhook(receiver, params={}, secret_params=hidden)])

    assert run.state() == "completed"
    entry = db.read_run(run.uid())["status"]["notifications"]["n"]
    assert (entry["status"], entry["reason"]) == ("error", "127.0.0.1 answered 500 Internal Server Error")


def test_what_is_secret_is_in_no_record(receiver, db):
    hidden = {"url": f"{receiver.url}/s3cr3t-path"}

    run = run_it(notifications=[a_webhook(receiver, params={}, secret_params=hidden)])

    assert receiver.received[0].path == "/s3cr3t-path"
    assert "s3cr3t-path" not in str(db.read_run(run.uid()))


def test_what_the_database_keeps_apart_is_sent_too(receiver, db):
    run = run_it()
    hidden = {"url": f"{receiver.url}/s3cr3t-path"}
    db.store_run_notifications([a_webhook(receiver, params={}, secret_params=hidden)], run.uid())
    stored = run.refresh().spec.notifications

    push(run, [Notification.from_dict(one) for one in stored], db)

    assert receiver.received[0].path == "/s3cr3t-path"


def test_a_wrong_notification_starts_nothing(db):
    with pytest.raises(MLRunInvalidArgumentError, match="it needs 'webhook'"):
        run_it(notifications=[{"kind": "slack", "name": "n"}])

    assert list(db.list_runs()) == []


def test_a_kind_of_another_package_may_fail_in_any_way(db, monkeypatch):
    def send(*_):
        raise KeyError("oops")

    monkeypatch.setattr("mlrun.notifications.screen.Console.send", send)

    run = run_it(notifications=[Notification("console", "n")])

    assert db.read_run(run.uid())["status"]["notifications"]["n"]["reason"] == "'oops'"


def test_notifications_of_a_task_are_sent_too(receiver, db):
    task = mlrun.new_task("train", handler=train)
    task.spec.notifications = [a_webhook(receiver)]

    mlrun.new_function("train").run(task)

    assert len(receiver.received) == 1
    assert issubclass(RunError, MLRunBaseError)
