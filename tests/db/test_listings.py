"""Paginated listings over a listing that is none of a database."""

from __future__ import annotations

import datetime
import enum
from typing import Any

import pytest

from mlrun.db.listings import Listings
from mlrun.errors import MLRunInvalidArgumentError


class Order(enum.Enum):
    DOWN = "desc"


class Listed(Listings):
    """Remembers how it was asked, and has 5 functions."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.rows = [{"metadata": {"name": str(n), "updated": f"2024-05-0{9 - n}"}} for n in range(5)]

    def list_functions(
        self, name: str = "", until: Any = None, limit: int = 0, offset: int = 0, **kwargs: Any
    ):
        self.asked.append({"name": name, "until": until, **kwargs})
        found = [row for row in self.rows if not until or row["metadata"]["updated"] <= until[:10]]
        return found[offset : offset + limit]


def test_a_token_carries_what_was_asked() -> None:
    db = Listed()
    since = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)

    _, token = db.paginated_list_functions("train", since=since, order=Order.DOWN, page_size=2)
    db.paginated_list_functions(page_token=token)

    asked = {"name": "train", "since": "2024-01-01T00:00:00.000000+00:00", "order": "desc"}
    assert all(asked.items() <= each.items() for each in db.asked) and len(db.asked) == 2


def test_a_page_by_token_begins_at_its_time() -> None:
    db = Listed()

    _, token = db.paginated_list_functions(page_size=2)
    rows, _ = db.paginated_list_functions(page_token=token)

    assert [row["metadata"]["name"] for row in rows] == ["2", "3"]
    assert db.asked[-1]["until"] == "2024-05-08T00:00:00.000000+00:00"


@pytest.mark.parametrize(("limit", "sizes"), [(5, [2, 2, 1]), (4, [2, 2]), (3, [2, 1]), (9, [2, 2, 1])])
def test_a_limit_is_of_all_pages_together(limit: int, sizes: list[int]) -> None:
    db = Listed()
    rows, token = db.paginated_list_functions(limit=limit, page_size=2)
    found = [len(rows)]
    while token:
        rows, token = db.paginated_list_functions(page_token=token)
        found.append(len(rows))

    assert found == sizes


def test_a_wrong_argument_is_answered() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="list_functions: too many positional arguments"):
        Listed().paginated_list_functions(1, 2, 3, 4, 5, 6)
