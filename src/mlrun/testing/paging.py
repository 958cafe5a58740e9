"""What every database promises about listings in pages."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from mlrun.db.base import Record, RunDB
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.testing.run_records import a_run
from mlrun.testing.run_search import at, uids


def every_page(method: Any, **asked: Any) -> list[list[Record]]:
    """The pages of a listing, one after the other by their tokens."""
    rows, token = method(**asked)
    pages = [rows]
    while token:
        rows, token = method(page_token=token)
        pages.append(rows)
    return pages


class PagingContract:
    """The paginated listings of the port."""

    @pytest.fixture
    def listed(self, db: RunDB) -> RunDB:
        """Seven runs, of which three started at the same time."""
        days = (1, 2, 3, 3, 3, 4, 5)
        db.store_runs(
            [
                a_run(str(n), name=f"n{n % 3}", start_time=at(day), labels={"odd": str(n % 2)})
                for n, day in enumerate(days)
            ]
        )
        return db

    @pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 20])
    @pytest.mark.parametrize(
        "asked",
        [
            {},
            {"labels": "odd=0"},
            {"sort": False},
            {"last": 5},
            {"offset": 2},
            {"start_time_to": datetime.datetime(2024, 5, 4, tzinfo=datetime.timezone.utc)},
            {"partition_by": "name", "rows_per_partition": 2},
            {"name": "absent"},
        ],
        ids=str,
    )
    def test_pages_together_are_the_listing(self, listed: RunDB, asked: Record, size: int) -> None:
        pages = every_page(listed.paginated_list_runs, page_size=size, **asked)

        assert [uid for page in pages for uid in uids(page)] == uids(listed.list_runs(**asked))
        assert {len(page) for page in pages[:-1]} <= {size}

    def test_what_is_stored_meanwhile_shifts_nothing(self, listed: RunDB) -> None:
        first, token = listed.paginated_list_runs(page_size=3)

        listed.store_run(a_run("new", start_time=at(9)), "new")
        second, _ = listed.paginated_list_runs(page_token=token)

        assert uids(first) + uids(second) == ["6", "5", "4", "3", "2", "1"]

    def test_a_page_is_found_by_its_number(self, listed: RunDB) -> None:
        rows, token = listed.paginated_list_runs(page=3, page_size=3)

        assert (uids(rows), token) == (["0"], None)

    def test_without_a_size_a_page_is_short(self, db: RunDB) -> None:
        db.store_runs([a_run(str(number)) for number in range(50)])

        rows, token = db.paginated_list_runs()

        assert token and 0 < len(rows) < 50

    def test_a_page_has_the_kind_of_its_listing(self, listed: RunDB) -> None:
        rows, _ = listed.paginated_list_runs(page_size=2)

        assert type(rows) is type(listed.list_runs())

    def test_artifacts_come_in_pages(self, db: RunDB) -> None:
        for number in range(5):
            db.store_artifact(f"k{number}", {"kind": "model"}, project="iris")

        pages = every_page(db.paginated_list_artifacts, project="iris", kind="model", page_size=2)

        keys = [artifact["metadata"]["key"] for page in pages for artifact in page]
        assert keys == ["k4", "k3", "k2", "k1", "k0"]
        assert [len(page) for page in pages] == [2, 2, 1]

    def test_functions_come_in_pages(self, db: RunDB) -> None:
        for number in range(5):
            db.store_function({"kind": "job"}, f"f{number}", "iris")

        pages = every_page(db.paginated_list_functions, project="iris", page_size=2)

        names = [function["metadata"]["name"] for page in pages for function in page]
        assert names == ["f4", "f3", "f2", "f1", "f0"]

    def test_a_token_of_nothing_is_answered(self, listed: RunDB) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="page"):
            listed.paginated_list_runs(page_token="nonsense")

    @pytest.mark.parametrize("asked", [{"page": 0}, {"page_size": 0}, {"page": -1}])
    def test_pages_count_from_1(self, listed: RunDB, asked: Record) -> None:
        with pytest.raises(MLRunInvalidArgumentError):
            listed.paginated_list_runs(**asked)
