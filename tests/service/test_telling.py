"""A server tells of the runs that it has started."""

from __future__ import annotations

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.run import Run, RunSpec
from mlrun.service.telling import HIDDEN, as_hidden, give_back, secrets_of, take, tell


def a_webhook(receiver, **parts):
    return {"kind": "webhook", "name": "n", "message": "m", "params": {"url": receiver.url}, **parts}


@pytest.fixture
def run(db, receiver):
    record = {
        "metadata": {"uid": "3f2a", "project": "iris", "name": "train"},
        "spec": {"notifications": [a_webhook(receiver)]},
        "status": {"state": "completed"},
    }
    db.store_run(record, "3f2a")
    return Run.from_dict(record)


def test_what_is_secret_is_hidden_until_the_run_starts(receiver):
    hidden = {"url": f"{receiver.url}/s3cr3t"}
    spec = RunSpec(notifications=[a_webhook(receiver, params={}, secret_params=hidden)])

    taken = as_hidden({"TOKEN": "a"} | take(spec))

    assert "s3cr3t" not in str(spec.notifications)
    run = Run(spec=spec)
    assert give_back(run, taken) == {"TOKEN": "a"}
    assert run.spec.notifications[0]["secret_params"] == hidden


def test_where_nothing_is_secret_nothing_is_hidden(receiver):
    spec = RunSpec(notifications=[a_webhook(receiver)])

    assert take(spec) == {}
    assert HIDDEN not in as_hidden({})
    run = Run(spec=spec)
    assert give_back(run, "") == {}
    assert run.spec.notifications[0]["params"] == {"url": receiver.url}


def test_a_wrong_notification_is_refused():
    with pytest.raises(MLRunInvalidArgumentError, match="it needs 'webhook'"):
        take(RunSpec(notifications=[{"kind": "slack", "name": "n"}]))


def test_a_run_is_told_of_once(run, receiver, db):
    tell(run, db)
    tell(Run.from_dict(db.read_run("3f2a", "iris")), db)

    assert len(receiver.received) == 1
    assert db.read_run("3f2a", "iris")["status"]["notifications"]["n"]["status"] == "sent"


def test_an_iteration_gets_the_secrets_and_tells_nobody(receiver):
    spec = RunSpec(notifications=[a_webhook(receiver, params={}, secret_params={"url": receiver.url})])
    hidden = as_hidden({"TOKEN": "a"} | take(spec))
    child = Run.from_dict({"metadata": {"iteration": 2}})

    assert give_back(child, hidden) == secrets_of(hidden) == {"TOKEN": "a"}
    assert child.spec.notifications == []
