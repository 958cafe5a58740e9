"""What every database promises about finding runs, and about their logs and metrics."""

from __future__ import annotations

import datetime
import math
import socket
from typing import Any

import pytest

from mlrun.db.base import Record, RunDB
from mlrun.db.liveness import process_stamp
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, MLRunNotFoundError
from mlrun.model.lists import RunList
from mlrun.testing.run_records import (
    ManyRunsContract,
    RunDeletionContract,
    RunsContract,
    RunStatesContract,
    RunUpdatesContract,
    a_run,
)


def day(number: int) -> str:
    return f"2024-05-{number:02}T12:00:00+00:00"


class RunListingContract:
    """Finding runs."""

    @pytest.fixture
    def five_runs(self, db: RunDB) -> None:
        """Three runs on three days, the last with two children."""
        db.store_runs(
            [
                a_run("1", "completed", "train", "iris", 0, {"owner": "me", "v": 1}, start_time=day(1)),
                a_run("2", "error", "train_2", "iris", 0, {"owner": "you"}, start_time=day(2)),
                a_run("3", "running", "100%", "other", 0, {"owner": "me"}, start_time=day(3)),
                a_run("3", "completed", "100%", "other", 1, start_time=day(3)),
                a_run("3", "completed", "100%", "other", 2, start_time=day(3)),
            ]
        )

    def uids(self, db: RunDB, **filter: Any) -> list[str]:
        return [run["metadata"]["uid"] for run in db.list_runs(**filter)]

    def test_an_empty_database_lists_no_run(self, db: RunDB) -> None:
        assert db.list_runs("") == []

    def test_a_list_can_show_itself(self, db: RunDB) -> None:
        assert isinstance(db.list_runs(), RunList)

    @pytest.mark.parametrize(
        ("filter", "found"),
        [
            ({}, "321"),
            ({"project": "*"}, "321"),
            ({"project": "iris"}, "21"),
            ({"project": "nobody"}, ""),
            ({"name": "train"}, "1"),
            ({"name": "trai"}, "21"),
            ({"name": "~TRAIN"}, "21"),
            ({"name": "train", "project": "other"}, ""),
            ({"name": "train", "state": "error"}, ""),
            ({"name": "0%"}, "3"),
            ({"name": "n_"}, "2"),
            ({"name": "' OR 1=1 --"}, ""),
            ({"uid": "2"}, "2"),
            ({"uid": ["1", "3"]}, "31"),
            ({"uid": []}, "321"),
            ({"state": "error"}, "2"),
            ({"states": ["error", "running"]}, "32"),
            ({"state": "error", "states": ["running"]}, "32"),
            ({"labels": "owner"}, "321"),
            ({"labels": "owner=me"}, "31"),
            ({"labels": ["owner=me", "v=1"]}, "1"),
            ({"labels": {"owner": "you", "v": None}}, ""),
            ({"labels": {"v": 1}}, "1"),
            ({"labels": "owner=me,v"}, "1"),
            ({"last": 2}, "32"),
            ({"last": 1, "project": "iris"}, "2"),
            ({"sort": False}, "123"),
            ({"iter": True}, "33321"),
            ({"iter": True, "state": "completed"}, "331"),
            ({"start_time_from": day(2)}, "32"),
            ({"start_time_to": day(2)}, "21"),
            ({"start_time_from": "2024-05-02T10:00:00-02:00", "start_time_to": day(2)}, "2"),
            ({"start_time_from": datetime.datetime(2024, 5, 2, 12, tzinfo=datetime.timezone.utc)}, "32"),
            ({"start_time_from": datetime.date(2024, 5, 5)}, ""),
            ({"last_update_time_from": "2024-06-01"}, "321"),
            ({"last_update_time_to": "2024-06-01"}, ""),
        ],
        ids=str,
    )
    def test_every_filter_of_runs_holds(self, db: RunDB, five_runs: None, filter: Record, found: str) -> None:
        assert "".join(self.uids(db, **filter)) == found

    def test_the_first_argument_is_the_name(self, db: RunDB, five_runs: None) -> None:
        assert len(db.list_runs("")) == 3
        assert len(db.list_runs("train")) == 1

    def test_a_listed_run_is_the_stored_one(self, db: RunDB, five_runs: None) -> None:
        assert db.list_runs(uid="1") == [db.read_run("1", "iris")]

    def test_the_bound_of_a_caller_is_local_time(self, db: RunDB) -> None:
        db.store_run(a_run("1"), "1")

        hour_ago = datetime.datetime.now() - datetime.timedelta(hours=1)

        assert self.uids(db, start_time_from=hour_ago) == ["1"]
        assert self.uids(db, start_time_to=hour_ago) == []

    def test_a_changed_label_is_found_by_its_new_value(self, db: RunDB) -> None:
        db.store_run(a_run("1", labels={"a": "1", "b": "1"}), "1")

        db.store_run(a_run("1", labels={"a": "2", "c": "1"}), "1")

        found = [len(db.list_runs(labels=label)) for label in ("a=1", "b", "a=2", "c=1")]
        assert found == [0, 0, 1, 1]

    @pytest.mark.parametrize(
        ("filter", "message"),
        [
            ({"state": "complete"}, "'complete' is not a run state.*Did you mean .*completed"),
            ({"states": ["running", "gone"]}, "'gone' is not a run state"),
            ({"lable": "a"}, r"'lable' is not one of them. Did you mean 'labels'"),
            ({"start_time_from": "yesterday"}, "start_time_from: 'yesterday' is not a time"),
            ({"last_update_time_to": 5}, "last_update_time_to: 5 is not a time"),
        ],
        ids=str,
    )
    def test_a_wrong_filter_of_runs_is_answered(self, db: RunDB, filter: Record, message: str) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match=message):
            db.list_runs(**filter)


class GoneProcessContract:
    """A run whose process is gone does not stay running."""

    TEXT = "the process that ran it (pid 4194305 on host {}) is gone; it ended without saying so"

    def gone(self) -> Record:
        """The stamp of a process that can not be: Linux has no greater pid than 4,194,304."""
        return {**process_stamp(), "pid": 4194305}

    @pytest.mark.parametrize("state", ["created", "pending", "running"])
    def test_reading_ends_it(self, db: RunDB, state: str) -> None:
        db.store_run(a_run("1", state, process=self.gone()), "1")

        status = db.read_run("1")["status"]

        assert (status["state"], status["error"]) == ("error", self.TEXT.format(socket.gethostname()))
        assert status["end_time"] == status["last_update"]

    def test_one_that_was_to_be_aborted_is(self, db: RunDB) -> None:
        db.store_run(a_run("1", "aborting", process=self.gone()), "1")

        status = db.read_run("1")["status"]

        assert status["state"] == "aborted" and "error" not in status
        assert status["end_time"] == status["last_update"]

    def test_one_that_was_to_be_aborted_has_no_next_attempt(self, db: RunDB) -> None:
        run = a_run("1", "aborting", process={**self.gone(), "cluster": "process", "pod": "train-1"})
        db.store_run({**run, "spec": {"retry": {"count": 1}}}, "1")

        assert db.read_run("1")["status"]["state"] == "aborted"

    def test_one_in_a_pod_is_left_to_its_next_attempt(self, db: RunDB) -> None:
        run = a_run("1", "running", process={**self.gone(), "cluster": "process", "pod": "train-1"})
        db.store_run({**run, "spec": {"retry": {"count": 1}}}, "1")

        status = db.read_run("1")["status"]

        assert (status["state"], status["retry_count"]) == ("pendingRetry", 1)
        assert status["retries"][0]["error"] == self.TEXT.format(socket.gethostname())
        assert "end_time" not in status and db.list_runs(state="pendingRetry")

    def test_it_is_ended_once(self, db: RunDB) -> None:
        db.store_run(a_run("1", "running", process=self.gone()), "1")

        assert db.read_run("1") == db.read_run("1")

    def test_listing_ends_it_before_the_filter(self, db: RunDB) -> None:
        db.store_run(a_run("1", "running", process=self.gone()), "1")

        assert db.list_runs(state="running") == []
        assert len(db.list_runs(state="error")) == 1

    def test_asking_for_its_log_ends_it(self, db: RunDB) -> None:
        db.store_run(a_run("1", "running", process=self.gone()), "1")

        assert db.get_log("1") == ("error", b"")

    def test_its_live_children_end_with_it(self, db: RunDB) -> None:
        db.store_runs(
            [
                a_run("1", "running", process=self.gone()),
                a_run("1", "completed", iteration=1),
                a_run("1", "running", iteration=2),
                a_run("1", "running", iteration=3, process=process_stamp()),
            ]
        )

        states = {
            run["metadata"].get("iteration", 0): run["status"]["state"] for run in db.list_runs(iter=True)
        }

        assert states == {0: "error", 1: "completed", 2: "error", 3: "running"}

    @pytest.mark.parametrize("where", ["here", "elsewhere", "unknown"])
    def test_a_run_whose_process_may_live_goes_on(self, db: RunDB, where: str) -> None:
        stamp: Record = {"here": process_stamp(), "unknown": {}}.get(where, {"host": "elsewhere", "pid": 1})
        db.store_run(a_run("1", "running", process=stamp), "1")

        assert db.read_run("1")["status"]["state"] == "running"
        assert len(db.list_runs(state="running")) == 1


class LogsContract:
    """Logs."""

    def test_a_log_is_appended_to(self, db: RunDB) -> None:
        db.store_run(a_run("1", "running"), "1")

        db.store_log("1", body=b"one\n", append=True)
        db.store_log("1", body="zwölf\n", append=True)

        assert db.get_log("1") == ("running", "one\nzwölf\n".encode())
        assert db.get_log_size("1") == 11

    def test_a_log_is_replaced(self, db: RunDB) -> None:
        db.store_log("1", body=b"one", append=True)

        db.store_log("1", body=b"two", append=False)
        db.store_log("1", body=b"!", append=True)

        assert db.get_log("1")[1] == b"two!"

    def test_any_bytes_may_be_logged(self, db: RunDB) -> None:
        data = bytes(range(256)) * 10

        db.store_log("1", body=data)

        assert db.get_log("1")[1] == data

    @pytest.mark.parametrize(
        ("offset", "size"), [(0, 0), (0, 2), (3, 0), (2, 5), (9, 1), (4, 100), (10, 0), (99, 5)]
    )
    def test_a_part_of_a_log_is_read(self, db: RunDB, offset: int, size: int) -> None:
        for piece in (b"012", b"3", b"456", b"789"):
            db.store_log("1", body=piece, append=True)

        body = db.get_log("1", offset=offset, size=size)[1]

        assert body == b"0123456789"[offset : offset + size if size else None]

    @pytest.mark.parametrize(("offset", "size"), [(-1, 0), (0, -1)])
    def test_a_part_begins_at_the_start_or_later(self, db: RunDB, offset: int, size: int) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="neither is below 0"):
            db.get_log("1", offset=offset, size=size)

    def test_logs_of_projects_are_apart(self, db: RunDB) -> None:
        db.store_log("1", "a", b"a")
        db.store_log("1", "b", b"b")

        assert db.get_log("1", "a")[1] == b"a"

    def test_a_run_may_have_no_log(self, db: RunDB) -> None:
        db.store_run(a_run("1"), "1")

        assert db.get_log("1") == ("completed", b"")
        assert db.get_log_size("1") == 0

    def test_a_log_may_come_before_its_run(self, db: RunDB) -> None:
        db.store_log("1", body=b"early", append=True)

        assert db.get_log("1") == ("", b"early")

    def test_a_log_of_nothing_is_named(self, db: RunDB) -> None:
        with pytest.raises(MLRunNotFoundError, match="no run default/1, and no log of it"):
            db.get_log("1")

    def test_only_text_and_bytes_are_logged(self, db: RunDB) -> None:
        with pytest.raises(MLRunInvalidArgumentTypeError, match="a log is bytes or str, not int"):
            db.store_log("1", body=5, append=True)  # type: ignore[arg-type]

    def test_a_finished_log_is_printed_to_its_end(
        self, db: RunDB, capsys: pytest.CaptureFixture[str]
    ) -> None:
        db.store_run(a_run("1"), "1")
        db.store_log("1", body="zwölf\n", append=True)

        assert db.watch_log("1") == ("completed", 7)
        assert capsys.readouterr().out == "zwölf\n"

    def test_a_live_log_is_printed_as_far_as_it_is(
        self, db: RunDB, capsys: pytest.CaptureFixture[str]
    ) -> None:
        db.store_run(a_run("1", "running"), "1")
        db.store_log("1", body=b"so far", append=True)

        assert db.watch_log("1", watch=False, offset=3) == ("running", 6)
        assert capsys.readouterr().out == "far"


class MetricsContract:
    """Time series of metrics."""

    def test_rows_come_back_in_their_order(self, db: RunDB) -> None:
        rows = [
            {"key": "loss", "value": 0.5, "timestamp": day(2), "labels": {"epoch": 1}},
            {"key": "acc", "value": 1.0, "timestamp": day(1), "labels": {}},
            {"key": "loss", "value": 0.25, "timestamp": day(1), "labels": {}},
        ]

        db.store_metrics("1", rows[:2])
        db.store_metrics("1", rows[2:])

        assert [(row["key"], row["value"], row["labels"]) for row in db.list_metrics("1")] == [
            ("loss", 0.5, {"epoch": 1}),
            ("acc", 1.0, {}),
            ("loss", 0.25, {}),
        ]
        assert [row["value"] for row in db.list_metrics("1", key="loss")] == [0.5, 0.25]

    def test_runs_and_iterations_are_apart(self, db: RunDB) -> None:
        db.store_metrics("1", [{"key": "a", "value": 1}], "iris", iter=1)

        assert (db.list_metrics("1", "iris"), db.count_metrics("1", "iris")) == ([], 0)
        assert db.count_metrics("1", "iris", iter=1) == 1
        assert len(db.list_metrics("1", "iris", iter=1)) == 1

    def test_a_row_without_a_time_is_of_now(self, db: RunDB) -> None:
        before = datetime.datetime.now(datetime.timezone.utc)

        db.store_metrics("1", [{"key": "a", "value": 1}])

        (row,) = db.list_metrics("1")
        assert before <= datetime.datetime.fromisoformat(row["timestamp"])

    @pytest.mark.parametrize("value", [math.nan, math.inf, None])
    def test_what_json_has_no_number_for_is_none(self, db: RunDB, value: float | None) -> None:
        db.store_metrics("1", [{"key": "a", "value": value}])

        assert db.list_metrics("1")[0]["value"] is None

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ({"value": 1}, "the key of a metric is needed"),
            ({"key": "a", "value": "high"}, "metric a is a number; 'high' was given"),
            ({"key": "a", "value": 1, "timestamp": "now"}, "the timestamp of metric a: 'now' is not a time"),
        ],
    )
    def test_a_wrong_row_stores_none(self, db: RunDB, row: Record, message: str) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match=message):
            db.store_metrics("1", [{"key": "good", "value": 1}, row])

        assert db.list_metrics("1") == []


class RunHistoryContract(
    RunsContract,
    RunStatesContract,
    ManyRunsContract,
    RunUpdatesContract,
    RunDeletionContract,
    RunListingContract,
    GoneProcessContract,
    LogsContract,
    MetricsContract,
):
    """All about runs."""
