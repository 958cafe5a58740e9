"""What every database promises about finding runs: by result, by end, in groups, in pages, once."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.base import Record, RunDB
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.testing.run_records import a_run


def at(day: int, hour: int = 0) -> str:
    return f"2024-05-{day:02}T{hour:02}:00:00+00:00"


def uids(runs: list[Record]) -> list[str]:
    return [run["metadata"]["uid"] for run in runs]


class ResultsContract:
    """Comparing results."""

    @pytest.fixture
    def measured(self, db: RunDB) -> RunDB:
        results: list[Record] = [
            {"accuracy": 0.5, "stage": "test"},
            {"accuracy": 1, "stage": "prod", "is_good": True},
            {"accuracy": -2.5, "stage": "0.5", "is_good": False},
            {"stage": ["a", "list"], "accuracy": None},
            {"accuracy": "high", "loss per epoch": 1e-3},
        ]
        db.store_runs([a_run(str(n), results=one, start_time=at(9 - n)) for n, one in enumerate(results)])
        return db

    @pytest.mark.parametrize(
        ("results", "found"),
        [
            ("accuracy > 0.5", ["1"]),
            ("accuracy >= 0.5", ["0", "1"]),
            ("accuracy<1", ["0", "2"]),
            ("accuracy <= -2.5", ["2"]),
            ("accuracy = 1", ["1"]),
            ("accuracy == 1.0", ["1"]),
            ("accuracy != 0.5", ["1", "2", "4"]),
            ("accuracy = high", ["4"]),
            ("accuracy > 5", []),
            ("stage = prod", ["1"]),
            ("stage != 'prod'", ["0", "2"]),
            ("stage > p", ["0", "1"]),
            ("stage = '0.5'", ["2"]),
            ("stage = 0.5", []),
            ("is_good = true", ["1"]),
            ("is_good = False", ["2"]),
            ("loss per epoch < 1", ["4"]),
            ("absent != 1", []),
            (["accuracy > 0", "stage = test"], ["0"]),
            (["accuracy > 0", "accuracy < 1"], ["0"]),
            ([], ["0", "1", "2", "3", "4"]),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("last", [0, 10])
    def test_results_are_compared(self, measured: RunDB, results: Any, found: list[str], last: int) -> None:
        assert uids(measured.list_runs(results=results, last=last)) == found

    @pytest.mark.parametrize("results", ["accuracy", "> 5", "accuracy >", "a => 5", ["a > 1", "b"], [5]])
    def test_what_is_no_comparison_is_answered(self, measured: RunDB, results: Any) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match=r"is no comparison.*'accuracy > 0.9'"):
            measured.list_runs(results=results)

    def test_a_result_that_changes_is_compared_as_it_is(self, measured: RunDB) -> None:
        measured.store_run(a_run("0", results={"accuracy": 7, "new": 1}), "0")

        assert uids(measured.list_runs(results="accuracy > 5")) == ["0"]
        assert uids(measured.list_runs(results="new = 1")) == ["0"]
        assert measured.list_runs(results="stage = test") == []

    def test_results_of_an_update_are_compared(self, db: RunDB) -> None:
        db.store_run(a_run("1", "running"), "1")

        db.update_run({"status.results": {"loss": 2}}, "1")
        db.update_run({"status.results.gain": 3}, "1")

        assert uids(db.list_runs(results=["loss = 2", "gain = 3"])) == ["1"]

    def test_children_are_compared_too(self, db: RunDB) -> None:
        db.store_runs([a_run("1", iteration=n, results={"loss": n}) for n in range(4)])

        found = db.list_runs(results="loss >= 2", iter=True)

        assert sorted(run["metadata"]["iteration"] for run in found) == [2, 3]
        assert db.list_runs(results="loss >= 2") == []

    def test_results_that_no_column_holds_do_no_harm(self, db: RunDB) -> None:
        results = {"nul": "a\x00b", "long": "x" * 5000, "big": 10**400, "nan": float("nan"), "y" * 400: 1}

        db.store_run(a_run("1", results=results), "1")

        assert uids(db.list_runs(results="nul != 1")) == []
        assert db.read_run("1")["status"]["results"]["long"] == "x" * 5000


class EndTimesContract:
    """When runs ended."""

    @pytest.mark.parametrize(
        ("filter", "found"),
        [
            ({"end_time_from": at(3)}, ["3"]),
            ({"end_time_to": at(2, 1)}, ["2", "1"]),
            ({"end_time_from": at(2, 1), "end_time_to": at(2, 1)}, ["2"]),
            ({"end_time_from": at(3, 2)}, []),
            ({"end_time_to": at(30), "state": "completed"}, ["3", "2", "1"]),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("last", [0, 10])
    def test_runs_are_found_by_their_end(
        self, db: RunDB, filter: Record, found: list[str], last: int
    ) -> None:
        for day in (1, 2, 3):
            db.store_run(a_run(str(day), start_time=at(day), end_time=at(day, 1)), str(day))
        db.store_run(a_run("4", "running", start_time=at(1)), "4")

        assert uids(db.list_runs(**filter, last=last)) == found

    def test_a_run_that_says_no_end_has_ended_at_its_last_update(self, db: RunDB) -> None:
        db.store_run(a_run("1", start_time=at(1), last_update=at(2)), "1")

        assert uids(db.list_runs(end_time_from=at(2), end_time_to=at(2))) == ["1"]

    def test_a_time_that_is_none_is_answered(self, db: RunDB) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="end_time_from: 'soon' is not a time"):
            db.list_runs(end_time_from="soon")


class GroupsContract:
    """The first runs of each name."""

    @pytest.fixture
    def grouped(self, db: RunDB) -> RunDB:
        """Of each name and project three runs; the one that started last was updated first."""
        runs = []
        for number, (project, name) in enumerate((("p", "a"), ("p", "b"), ("q", "a"), ("q", "c"))):
            for day in (1, 2, 3):
                uid = f"{project}{name}{day}"
                run = a_run(
                    uid, "error" if day == 1 else "completed", name, project, labels={"day": str(day)}
                )
                run["status"] |= {"start_time": at(day, number), "last_update": at(20 - day, number)}
                runs.append(run)
        db.store_runs(runs)
        return db

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, ["qc1", "qa1", "pb1", "pa1"]),
            ({"partition_sort_by": "created"}, ["qc3", "qa3", "pb3", "pa3"]),
            ({"partition_order": "asc"}, ["qc3", "qa3", "pb3", "pa3"]),
            ({"project": "p"}, ["pb1", "pa1"]),
            ({"partition_by": "name"}, ["qc1", "qa1", "pb1"]),
            ({"partition_by": "name", "project": "p"}, ["pb1", "pa1"]),
            ({"project": "p", "rows_per_partition": 2}, ["pb2", "pa2", "pb1", "pa1"]),
            ({"max_partitions": 2}, ["qc1", "qa1"]),
            ({"max_partitions": 1, "rows_per_partition": 5}, ["qc3", "qc2", "qc1"]),
            ({"max_partitions": 1, "partition_order": "asc"}, ["pa3"]),
            ({"last": 2}, ["qc1", "qa1"]),
            ({"last": 2, "offset": 1}, ["qa1", "pb1"]),
            ({"state": "completed"}, ["qc2", "qa2", "pb2", "pa2"]),
            ({"name": "a"}, ["qa1", "pa1"]),
            ({"labels": "day=2"}, ["qc2", "qa2", "pb2", "pa2"]),
            ({"start_time_from": at(3)}, ["qc3", "qa3", "pb3", "pa3"]),
            ({"start_time_from": at(3, 2)}, ["qc3", "qa3"]),
            ({"start_time_from": at(9)}, []),
        ],
        ids=str,
    )
    def test_the_first_runs_of_each_group(self, grouped: RunDB, asked: Record, found: list[str]) -> None:
        assert uids(grouped.list_runs(**{"partition_by": "project_and_name", **asked})) == found

    @pytest.mark.parametrize(
        ("asked", "message"),
        [
            ({"partition_by": "uid"}, "partition_by='uid' is none of: name, project_and_name"),
            ({"partition_sort_by": "name"}, "partition_sort_by='name' is none of: created, updated"),
            ({"partition_order": "up"}, "partition_order='up' is none of: desc, asc"),
            ({"rows_per_partition": 0}, "rows_per_partition=0 counts from 1"),
        ],
    )
    def test_a_wrong_group_is_answered(self, db: RunDB, asked: Record, message: str) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match=message):
            db.list_runs(**{"partition_by": "name", **asked})


class OffsetContract:
    """A listing that begins later."""

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"offset": 2}, ["2", "1"]),
            ({"offset": 1, "last": 2}, ["3", "2"]),
            ({"offset": 1, "limit": 1}, ["3"]),
            ({"offset": 9}, []),
            ({"offset": 1, "sort": False, "last": 2}, ["2", "3"]),
            ({"offset": 1, "last": 2, "states": ["error", "completed"]}, ["3", "2"]),
        ],
        ids=str,
    )
    def test_rows_are_left_out_at_the_beginning(self, db: RunDB, asked: Record, found: list[str]) -> None:
        for day in range(1, 5):
            state = "error" if day % 2 else "completed"
            db.store_run(a_run(str(day), state, start_time=at(day)), str(day))

        assert uids(db.list_runs(**asked)) == found


class OnceContract:
    """Writes that are sent twice."""

    def test_a_log_is_appended_to_once(self, db: RunDB) -> None:
        for key in ("k1", "k1", "k2"):
            db.store_log("1", body=b"x", append=True, once=key)

        assert db.get_log("1")[1] == b"xx"

    def test_a_write_without_a_key_is_done_each_time(self, db: RunDB) -> None:
        for _ in range(2):
            db.store_log("1", body=b"x", append=True)

        assert db.get_log("1")[1] == b"xx"

    def test_metrics_are_appended_once(self, db: RunDB) -> None:
        for key in ("k1", "k1", "k2"):
            db.store_metrics("1", [{"key": "loss", "value": 1}], once=key)

        assert len(db.list_metrics("1")) == 2

    def test_a_write_that_failed_has_not_been_done(self, db: RunDB) -> None:
        with pytest.raises(MLRunInvalidArgumentError):
            db.store_metrics("1", [{"key": "loss", "value": "high"}], once="k3")

        db.store_metrics("1", [{"key": "loss", "value": 1}], once="k3")

        assert len(db.list_metrics("1")) == 1

    def test_a_key_is_known_after_a_restart(self, db: RunDB) -> None:
        db.store_log("1", body=b"x", append=True, once="k4")
        db.close()

        db.store_log("1", body=b"x", append=True, once="k4")

        assert db.get_log("1")[1] == b"x"


class RunSearchContract(ResultsContract, EndTimesContract, GroupsContract, OffsetContract, OnceContract):
    """All about finding runs."""
