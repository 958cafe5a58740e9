"""What every database promises about runs that were left in the middle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from mlrun.db.base import Record, RunDB
from mlrun.errors import MLRunConflictError, MLRunNotFoundError
from mlrun.testing.run_records import a_run

GONE = {"host": "elsewhere", "pid": 7}
MINE = {"host": "here", "pid": 8}


def a_child(iteration: int, state: str, **status: object) -> Record:
    child = a_run("1", state, project="iris")
    child["metadata"]["iteration"] = iteration
    child["status"].update(status)
    return child


class RunResumingContract:
    """``resume_run``."""

    def store_sweep(self, db: RunDB, state: str, *children: Record) -> None:
        run = a_run("1", state, project="iris")
        run["status"].update({"error": "why", "process": GONE})
        db.store_runs([run, *children])

    def test_a_run_that_was_left_becomes_live_again(self, db: RunDB) -> None:
        self.store_sweep(db, "error")

        assert db.resume_run("1", "iris", MINE) == []

        status = db.read_run("1", "iris")["status"]
        assert (status["state"], status["process"]) == ("running", MINE)
        assert not {"error", "end_time"} & status.keys()
        assert [run["metadata"]["uid"] for run in db.list_runs(project="iris", state="running")] == ["1"]

    def test_children_that_did_not_end_of_themselves_run_anew(self, db: RunDB) -> None:
        self.store_sweep(
            db,
            "aborted",
            a_child(1, "completed"),
            a_child(2, "error", error="its own"),
            a_child(3, "error", reason="ProcessGone"),
            a_child(4, "aborted"),
            a_child(5, "running"),
        )

        children = db.resume_run("1", "iris", MINE)

        states = ["completed", "error", "created", "created", "created"]
        assert [child["status"]["state"] for child in children] == states
        for child in children:
            iteration = child["metadata"]["iteration"]
            assert db.read_run("1", "iris", iteration)["status"]["state"] == states[iteration - 1]

    def test_children_go_on_whose_pods_are_there(self, db: RunDB) -> None:
        live, over = {"process": {"pod": "a"}}, {"process": {"pod": "b"}}
        self.store_sweep(
            db,
            "error",
            a_child(1, "running", **live),
            a_child(2, "pending", **live),
            a_child(3, "completed", **live),
            a_child(4, "running", **over),
        )

        children = db.resume_run("1", "iris", MINE, pods=["a"])

        assert [child["status"]["state"] for child in children] == [
            "running",
            "pending",
            "completed",
            "created",
        ]
        assert db.read_run("1", "iris", 1)["status"]["process"] == {"pod": "a"}

    def test_a_child_that_had_its_own_pod_is_another_attempt(self, db: RunDB) -> None:
        pod = {"process": {"pod": "a"}}
        self.store_sweep(
            db,
            "error",
            a_child(1, "aborted", **pod),
            a_child(2, "error", reason="Deleted", **pod),
            a_child(3, "error", reason="ContainerStatusUnknown", retry_count=1, **pod),
            a_child(4, "pending", **pod),
            a_child(5, "running"),
        )

        children = db.resume_run("1", "iris", MINE)

        assert {child["status"]["state"] for child in children} == {"created"}
        assert [child["status"].get("retry_count", 0) for child in children] == [1, 1, 2, 0, 0]

    def test_it_ends_as_any_run(self, db: RunDB) -> None:
        self.store_sweep(db, "error")
        db.resume_run("1", "iris", MINE)

        db.update_run({"status.state": "completed"}, "1", "iris")

        with pytest.raises(MLRunConflictError, match="is completed"):
            db.update_run({"status.state": "running"}, "1", "iris")

    def test_a_completed_run_has_nothing_left(self, db: RunDB) -> None:
        self.store_sweep(db, "completed")

        with pytest.raises(MLRunConflictError, match="is completed; there is nothing to go on with"):
            db.resume_run("1", "iris", MINE)

    def test_a_live_run_is_left_to_its_process(self, db: RunDB) -> None:
        self.store_sweep(db, "running")

        with pytest.raises(MLRunConflictError, match=r"pid 7 on host elsewhere.* is not known to be gone"):
            db.resume_run("1", "iris", MINE)

        assert db.read_run("1", "iris")["status"]["process"] == GONE

    def test_a_live_run_is_taken_from_a_process_that_was_seen_to_be_gone(self, db: RunDB) -> None:
        self.store_sweep(db, "running")

        db.resume_run("1", "iris", MINE, gone=GONE)

        assert db.read_run("1", "iris")["status"]["process"] == MINE

    def test_of_two_callers_one_gets_it(self, db: RunDB) -> None:
        self.store_sweep(db, "error")

        def take(pid: int) -> bool:
            try:
                db.resume_run("1", "iris", {"host": "elsewhere", "pid": pid})
            except MLRunConflictError:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(take, range(1, 5))) == 1

    def test_a_run_that_is_not_there_is_not_taken_up(self, db: RunDB) -> None:
        with pytest.raises(MLRunNotFoundError, match="no run iris/1"):
            db.resume_run("1", "iris", MINE)
