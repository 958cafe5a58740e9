"""A run whose process was killed is ended by whoever reads it."""

from __future__ import annotations

import threading

import pytest

from mlrun.db.liveness import PROCESS_GONE, process_stamp
from mlrun.db.sql import SQLiteRunDB, abandoned

RUNNER = """
db.store_run(run("1", "running", process=process_stamp()), "1")
print(os.getpid(), flush=True)
input()
"""
GONE = {**process_stamp(), "pid": 4194305}


def live(uid: str = "1", iteration: int = 0, process: dict | None = None) -> dict:
    metadata = {"uid": uid, "iteration": iteration}
    return {"metadata": metadata, "status": {"state": "running", "process": process or GONE}}


def test_a_killed_run_is_an_error(db: SQLiteRunDB, start) -> None:
    with start(RUNNER) as runner:
        pid = runner.stdout.readline().strip()
        before = db.read_run("1")["status"]["state"]
        runner.kill()
        runner.wait()

        status = db.read_run("1")["status"]

    assert (before, status["state"]) == ("running", "error")
    assert status["error"].startswith(f"the process that ran it (pid {pid} on host ")


def test_its_reason_is_one_that_somebody_who_knows_more_may_replace(db: SQLiteRunDB) -> None:
    db.store_run(live(), "1")

    assert db.read_run("1")["status"]["reason"] == PROCESS_GONE


def test_a_run_that_was_being_aborted_is_aborted(db: SQLiteRunDB) -> None:
    run = live()
    run["status"] |= {"state": "aborting", "status_text": "enough", "reason": "TooLong"}
    db.store_run(run, "1")

    status = db.read_run("1")["status"]

    assert (status["state"], status["status_text"], status.get("error")) == ("aborted", "enough", None)
    assert status["reason"] == "TooLong"


def test_readers_at_once_agree(db: SQLiteRunDB) -> None:
    db.store_run(live(), "1")
    others = [SQLiteRunDB(db.url).connect() for _ in range(6)]
    together = threading.Barrier(len(others))
    found = []

    def read(reader: SQLiteRunDB) -> None:
        together.wait()
        found.append(reader.read_run("1"))

    threads = [threading.Thread(target=read, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 6 and all(run == found[0] for run in found)


def test_who_comes_late_changes_nothing(db: SQLiteRunDB) -> None:
    db.store_run(live(), "1")
    ended = db.read_run("1")

    with db.connections.write() as connection:
        key = {"project": "default", "uid": "1", "iteration": 0}
        abandoned.end(connection, key, '{"pid": 4194305}')

    assert db.read_run("1") == ended


def test_a_run_that_another_process_took_over_goes_on(db: SQLiteRunDB) -> None:
    db.store_run(live(process=process_stamp()), "1")

    with db.connections.write() as connection:
        abandoned.end(connection, {"project": "default", "uid": "1", "iteration": 0}, '{"pid": 4194305}')

    assert db.read_run("1")["status"]["state"] == "running"


def test_a_gone_child_leaves_its_parent_running(db: SQLiteRunDB) -> None:
    db.store_runs([live(process=process_stamp()), live(iteration=1)])

    states = [run["status"]["state"] for run in db.list_runs(iter=True, sort=False)]

    assert states == ["running", "error"]


def test_each_process_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []
    monkeypatch.setattr(abandoned, "is_gone", lambda process: not looked_at.append(process))
    rows = [("p", str(number), 0, f"process {number % 2}") for number in range(10)]

    assert abandoned.gone(rows) == rows
    assert sorted(looked_at) == ["process 0", "process 1"]


def test_deleting_by_state_counts_gone_runs(db: SQLiteRunDB) -> None:
    db.store_run(live(), "1")

    assert db.del_runs(state="running") == 0
    assert db.del_runs(state="error") == 1
