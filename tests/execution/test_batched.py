"""What many short children write, in batches."""

from __future__ import annotations

import pytest

from mlrun.errors import MLRunConflictError
from mlrun.execution.batched import BatchedDB

UID, PROJECT = "3f2a", "iris"


@pytest.fixture
def never_late(monkeypatch):
    """What waits is written by flush() only."""
    monkeypatch.setattr("mlrun.execution.batched.DELAY_S", 3600)


@pytest.fixture
def batched(db, never_late):
    made = BatchedDB(db)
    yield made
    made.flush()


def record(iteration, state="running", **status):
    meta = {"uid": UID, "project": PROJECT, "iteration": iteration, "name": "t"}
    return {"metadata": meta, "status": {"state": state, **status}}


def states(db):
    return {run["metadata"]["iteration"]: run["status"]["state"] for run in db.list_runs(uid=UID, iter=True)}


def store(db, iteration, state="running", **status):
    db.store_run(record(iteration, state, **status), UID, PROJECT, iteration)


def test_nothing_is_written_before_it_is_flushed(batched, db):
    store(batched, 1)
    store(batched, 2)

    assert states(db) == {}
    batched.flush()
    assert states(db) == {1: "running", 2: "running"}


def test_of_a_run_the_newest_record_counts(batched, db):
    store(batched, 1)
    store(batched, 1, "completed", results={"a": 1})
    batched.flush()

    assert db.read_run(UID, PROJECT, 1)["status"]["results"] == {"a": 1}


def test_what_waits_is_written_by_itself(db):
    batched = BatchedDB(db)
    store(batched, 1)

    while not states(db):
        pass

    assert states(db) == {1: "running"}


def test_who_sees_the_end_sees_the_log(batched, db, monkeypatch):
    written = []
    monkeypatch.setattr(db, "store_log", lambda *args, **kwargs: written.append("log"))
    monkeypatch.setattr(db, "store_runs", lambda runs: written.append("runs"))

    store(batched, 1, "completed")
    batched.store_log(UID, PROJECT, b"one\n", append=True)
    batched.flush()

    assert written == ["log", "runs"]


def test_pieces_of_a_log_keep_their_order(batched, db):
    batched.store_log(UID, PROJECT, b"one\n", append=True)
    batched.store_log(UID, PROJECT, "two\n", append=True)
    batched.flush()

    assert db.get_log(UID, PROJECT)[1] == b"one\ntwo\n"


def test_a_run_that_is_read_is_the_newest(batched):
    store(batched, 1)

    assert batched.read_run(UID, PROJECT, 1)["status"]["state"] == "running"


def test_a_run_that_was_aborted_keeps_no_other_from_being_written(batched, db):
    store(db, 1, "aborted")
    store(batched, 1, "completed")
    store(batched, 2, "completed")

    batched.flush()

    assert states(db) == {1: "aborted", 2: "completed"}
    assert list(batched.refused) == [(UID, PROJECT, 1)]
    with pytest.raises(MLRunConflictError, match="is aborted"):
        store(batched, 1, "completed")


def test_what_could_not_be_written_waits_on(batched, db, monkeypatch):
    def away(*args, **kwargs):
        raise OSError("away")

    store(batched, 1)
    batched.store_log(UID, PROJECT, b"one\n", append=True)
    with monkeypatch.context() as broken:
        broken.setattr(db, "store_log", away)
        with pytest.raises(OSError, match="away"):
            batched.flush()
        broken.undo()
        broken.setattr(db, "store_runs", away)
        with pytest.raises(OSError, match="away"):
            batched.flush()
    store(batched, 1, "completed")
    batched.flush()

    assert states(db) == {1: "completed"}
    assert db.get_log(UID, PROJECT)[1] == b"one\n"
