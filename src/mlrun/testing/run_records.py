"""What every database promises about runs: storing, reading, changing and deleting them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from mlrun.config import mlconf
from mlrun.db.base import Record, RunDB
from mlrun.errors import (
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunNotFoundError,
)

LIVE = ("created", "pending", "running", "aborting", "pendingRetry", "unknown")
FINAL = ("completed", "error", "aborted", "skipped")


def a_run(
    uid: str,
    state: str = "completed",
    name: str = "train",
    project: str = "default",
    iteration: int = 0,
    labels: dict[str, Any] | None = None,
    **status: Any,
) -> Record:
    metadata: Record = {"name": name, "uid": uid, "project": project, "labels": labels or {}}
    if iteration:
        metadata["iteration"] = iteration
    return {"kind": "run", "metadata": metadata, "spec": {}, "status": {"state": state, **status}}


class RunsContract:
    """One run at a time."""

    def test_a_run_is_read_as_it_was_stored(self, db: RunDB) -> None:
        run = a_run("1", labels={"a": "b"}, results={"accuracy": 0.5, "text": "gräßlich", "none": None})
        run["of a newer program"] = [{"kept": True}]

        db.store_run(run, "1")

        assert db.read_run("1") == run

    def test_a_stored_run_is_a_copy(self, db: RunDB) -> None:
        run = a_run("1", results={"a": 1})
        db.store_run(run, "1")

        run["status"]["results"]["a"] = 2

        assert db.read_run("1")["status"]["results"] == {"a": 1}

    def test_storing_leaves_the_callers_run_alone(self, db: RunDB) -> None:
        run: Record = {"status": {"state": "running"}}

        db.store_run(run, "1", "iris", iter=2)

        assert run == {"status": {"state": "running"}}

    def test_the_key_of_the_call_is_written_into_the_run(self, db: RunDB) -> None:
        db.store_run({}, "1", "iris", iter=2)

        metadata = db.read_run("1", "iris", iter=2)["metadata"]

        assert metadata == {"uid": "1", "project": "iris", "iteration": 2}

    def test_no_project_is_the_default_one(self, db: RunDB) -> None:
        db.store_run({}, "1")

        assert db.read_run("1", mlconf.default_project) == db.read_run("1")

    def test_no_project_is_the_one_that_the_run_names(self, db: RunDB) -> None:
        db.store_run(a_run("1", project="iris"), "1")

        assert db.read_run("1", "iris")["metadata"]["project"] == "iris"

    def test_projects_and_iterations_are_apart(self, db: RunDB) -> None:
        for project, iteration in [("a", 0), ("a", 1), ("b", 0)]:
            db.store_run(a_run("1", name=f"{project}{iteration}", project=project), "1", project, iteration)

        names = [db.read_run("1", *key)["metadata"]["name"] for key in [("a", 0), ("a", 1), ("b", 0)]]

        assert names == ["a0", "a1", "b0"]

    def test_what_is_not_a_number_becomes_null(self, db: RunDB) -> None:
        db.store_run(a_run("1", results={"loss": float("nan")}), "1")

        assert db.read_run("1")["status"]["results"] == {"loss": None}

    @pytest.mark.parametrize(
        ("key", "message"),
        [
            (("1",), "no run default/1"),
            (("1", "iris"), "no run iris/1"),
            (("1", "iris", 3), "no run iris/1#3"),
        ],
    )
    def test_a_missing_run_is_named(self, db: RunDB, key: tuple[Any, ...], message: str) -> None:
        with pytest.raises(MLRunNotFoundError) as raised:
            db.read_run(*key)

        assert str(raised.value) == message

    @pytest.mark.parametrize("uid", ["", None, 5])
    def test_a_run_needs_a_uid(self, db: RunDB, uid: Any) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="the uid of a run is needed"):
            db.store_run({}, uid)

    @pytest.mark.parametrize("iteration", [-1, "1", 1.5])
    def test_an_iteration_is_a_number_from_0(self, db: RunDB, iteration: Any) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="is not an iteration"):
            db.store_run({}, "1", iter=iteration)

    @pytest.mark.parametrize("struct", [None, [], "run", {"metadata": []}, {"status": "completed"}])
    def test_a_run_is_a_dictionary(self, db: RunDB, struct: Any) -> None:
        with pytest.raises(MLRunInvalidArgumentTypeError, match="is a dictionary, not"):
            db.store_run(struct, "1")

    def test_a_value_that_holds_itself_is_refused(self, db: RunDB) -> None:
        results: Record = {}
        results["self"] = results

        with pytest.raises(MLRunInvalidArgumentError, match="run default/1: a value that holds itself"):
            db.store_run(a_run("1", results=results), "1")

    def test_a_time_that_is_none_is_refused(self, db: RunDB) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match=r"status.start_time of run default/1: 'soon'"):
            db.store_run(a_run("1", start_time="soon"), "1")


class RunStatesContract:
    """A run goes forward only."""

    @pytest.mark.parametrize("state", sorted({*LIVE} - {"aborting"}))
    def test_a_live_run_may_go_to_any_state(self, db: RunDB, state: str) -> None:
        for other in (*LIVE, *FINAL):
            uid = f"{state}-{other}"
            db.store_run(a_run(uid, state), uid)

            db.store_run(a_run(uid, other), uid)

            assert db.read_run(uid)["status"]["state"] == other

    @pytest.mark.parametrize("state", LIVE)
    def test_a_run_that_is_being_aborted_is_so_until_it_ends(self, db: RunDB, state: str) -> None:
        db.store_run(a_run("1", "aborting", status_text="enough", reason="TooLong"), "1")

        db.store_run(a_run("1", state, results={"a": 1}, status_text="", reason=""), "1")
        db.update_run({"status.state": state, "status.results.b": 2}, "1")

        status = db.read_run("1")["status"]
        assert (status["state"], status["results"]) == ("aborting", {"a": 1, "b": 2})
        assert state == "aborting" or (status["status_text"], status["reason"]) == ("enough", "TooLong")
        assert db.list_runs(state="aborting")

    @pytest.mark.parametrize("state", FINAL)
    def test_a_run_that_is_being_aborted_may_end_anyhow(self, db: RunDB, state: str) -> None:
        db.store_run(a_run("1", "aborting"), "1")

        db.store_run(a_run("1", state, results={"a": 1}), "1")

        status = db.read_run("1")["status"]
        assert (status["state"], status["results"]) == (state, {"a": 1})

    @pytest.mark.parametrize("state", FINAL)
    def test_a_finished_run_does_not_go_back(self, db: RunDB, state: str) -> None:
        db.store_run(a_run("1", state), "1")

        for other in {*LIVE, *FINAL} - {state}:
            with pytest.raises(MLRunConflictError) as raised:
                db.store_run(a_run("1", other), "1")
            assert str(raised.value) == f"run default/1 is {state}; a finished run can not go back to {other}"

        assert db.read_run("1")["status"]["state"] == state

    @pytest.mark.parametrize("state", FINAL)
    def test_a_finished_run_may_be_stored_again(self, db: RunDB, state: str) -> None:
        db.store_run(a_run("1", state), "1")

        db.store_run(a_run("1", state, results={"a": 1}), "1")

        assert db.read_run("1")["status"]["results"] == {"a": 1}

    def test_a_run_without_a_state_is_created(self, db: RunDB) -> None:
        db.store_run({}, "1")

        assert len(db.list_runs(state="created")) == 1

    def test_a_word_that_is_no_state_is_answered(self, db: RunDB) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match=r"Did you mean .*completed"):
            db.store_run(a_run("1", "complete"), "1")

    def test_a_live_run_is_aborted(self, db: RunDB) -> None:
        db.store_run(a_run("1", "running"), "1")

        run = db.abort_run("1", status_text="enough")

        assert run["status"]["state"] == "aborted"
        assert db.read_run("1")["status"]["status_text"] == "enough"

    def test_a_finished_run_is_not_aborted(self, db: RunDB) -> None:
        db.store_run(a_run("1", "completed"), "1")

        with pytest.raises(MLRunConflictError, match="run default/1 is completed"):
            db.abort_run("1")


class ManyRunsContract:
    """Storing many runs at once."""

    def test_many_are_stored_at_once(self, db: RunDB) -> None:
        db.store_runs(a_run("1", iteration=number) for number in range(20))

        assert len(db.list_runs(iter=True)) == 20

    def test_none_may_be_stored_at_once(self, db: RunDB) -> None:
        db.store_runs([])

        assert db.list_runs() == []

    def test_one_conflict_stores_none(self, db: RunDB) -> None:
        db.store_run(a_run("2", "completed"), "2")

        with pytest.raises(MLRunConflictError, match="run default/2 is completed"):
            db.store_runs([a_run("1"), a_run("2", "running"), a_run("3")])

        assert [run["metadata"]["uid"] for run in db.list_runs()] == ["2"]

    def test_one_without_a_uid_stores_none(self, db: RunDB) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="the uid of a run is needed"):
            db.store_runs([a_run("1"), {}])

        assert db.list_runs() == []

    def test_what_is_written_together_is_there(self, db: RunDB) -> None:
        db.store_run(a_run("1", "completed"), "1")

        with db.together():
            db.store_run(a_run("2", "running"), "2")
            with pytest.raises(MLRunConflictError):
                db.store_run(a_run("1", "running"), "1")
            db.update_run({"status.results.a": 1}, "2")
            db.store_log("2", body=b"line\n", append=True)
            assert db.read_run("2")["status"]["results"] == {"a": 1}

        assert db.read_run("2")["status"]["results"] == {"a": 1}
        assert db.get_log("2") == ("running", b"line\n")
        assert db.read_run("1")["status"]["state"] == "completed"


class RunUpdatesContract:
    """Changing single values."""

    def test_values_are_set_by_dotted_key(self, db: RunDB) -> None:
        db.store_run(a_run("1", "running", results={"a": 1}), "1")

        run = db.update_run({"status.results.b": 2, "metadata.labels.k": "v", "spec.new.deep": []}, "1")

        assert run["status"]["results"] == {"a": 1, "b": 2}
        assert run == db.read_run("1")
        assert len(db.list_runs(labels="k=v")) == 1

    def test_an_update_notes_when_it_was(self, db: RunDB) -> None:
        db.store_run(a_run("1", "running"), "1")
        before = datetime.datetime.now(datetime.timezone.utc)

        status = db.update_run({"status.state": "completed"}, "1")["status"]

        assert before <= datetime.datetime.fromisoformat(status["last_update"])
        assert status["end_time"] == status["last_update"]

    def test_an_update_keeps_to_the_times_that_it_is_given(self, db: RunDB) -> None:
        when = "2024-05-01T00:00:00+00:00"
        db.store_run(a_run("1", "running"), "1")

        updates = {"status.state": "completed", "status.last_update": when, "status.end_time": when}
        status = db.update_run(updates, "1")["status"]

        assert (status["last_update"], status["end_time"]) == (when, when)

    def test_an_update_needs_its_run(self, db: RunDB) -> None:
        with pytest.raises(MLRunNotFoundError, match="no run default/1#2"):
            db.update_run({"status.state": "running"}, "1", iter=2)

    def test_an_update_does_not_revive(self, db: RunDB) -> None:
        db.store_run(a_run("1", "error"), "1")

        with pytest.raises(MLRunConflictError, match="can not go back to running"):
            db.update_run({"status.state": "running", "status.results": {"a": 1}}, "1")

        assert "results" not in db.read_run("1")["status"]

    def test_an_update_does_not_lead_through_a_value(self, db: RunDB) -> None:
        db.store_run(a_run("1", "running"), "1")

        with pytest.raises(MLRunInvalidArgumentError, match=r"'status.state.deep' can not be set"):
            db.update_run({"status.state.deep": 1}, "1")


class RunDeletionContract:
    """Deleting runs."""

    def test_a_deleted_run_takes_its_children_log_and_metrics_along(self, db: RunDB) -> None:
        db.store_runs([a_run("1"), a_run("1", iteration=1), a_run("2")])
        db.store_log("1", body=b"log")
        db.store_metrics("1", [{"key": "loss", "value": 1}])

        db.del_run("1")

        assert [run["metadata"]["uid"] for run in db.list_runs(iter=True)] == ["2"]
        assert (db.get_log_size("1"), db.list_metrics("1")) == (0, [])

    def test_a_deleted_child_leaves_its_parent(self, db: RunDB) -> None:
        db.store_runs([a_run("1"), a_run("1", iteration=1), a_run("1", iteration=2)])

        db.del_run("1", iter=1)

        assert [run["metadata"].get("iteration", 0) for run in db.list_runs(iter=True, sort=False)] == [0, 2]

    def test_deleting_a_run_that_is_not_there_does_nothing(self, db: RunDB) -> None:
        db.del_run("1")

        assert db.del_runs(state="completed") == 0

    @pytest.mark.parametrize(
        ("filter", "left"),
        [
            ({"state": "completed"}, ["3"]),
            ({"name": "train"}, ["2", "3"]),
            ({"name": "tra"}, ["1", "2", "3"]),
            ({"name": "~EVAL"}, ["1"]),
            ({"name": "~"}, []),
            ({"project": "iris"}, ["1", "3"]),
            ({"labels": "owner=me"}, ["2", "3"]),
            ({"labels": ["owner"]}, ["3"]),
            ({"uids": ["1", "3"]}, ["2"]),
            ({"days_ago": 30}, ["2", "3"]),
            ({"state": "completed", "project": "iris"}, ["1", "3"]),
        ],
        ids=str,
    )
    def test_runs_are_deleted_by_filter(self, db: RunDB, filter: Record, left: list[str]) -> None:
        start = "2020-01-01T00:00:00+00:00"
        db.store_runs(
            [
                a_run("1", "completed", labels={"owner": "me"}, start_time=start),
                a_run("1", "completed", iteration=1, start_time=start),
                a_run("2", "completed", "evaluate", "iris", labels={"owner": "you"}),
                a_run("3", "error", "evaluation"),
            ]
        )

        deleted = db.del_runs(**filter)

        assert sorted({run["metadata"]["uid"] for run in db.list_runs(iter=True)}) == left
        assert deleted == 3 - len(left)

    def test_deleting_all_runs_has_to_be_said(self, db: RunDB) -> None:
        db.store_run(a_run("1"), "1")

        with pytest.raises(
            MLRunInvalidArgumentError, match=r'del_runs\(\) needs a filter.*name="~" means all'
        ):
            db.del_runs()

        assert len(db.list_runs()) == 1
