"""Where a page begins, and the token that says so."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.paging import Place, place_at, place_of, take
from mlrun.errors import MLRunInvalidArgumentError

ROWS = [
    {"at": f"2024-05-{day:02}T00:00:00+00:00", "n": number} for number, day in enumerate((9, 8, 8, 8, 7, 1))
]


def fetch(before: str, skip: int, most: int) -> list[dict[str, Any]]:
    return [row for row in ROWS if not before or row["at"] <= before][skip : skip + most]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6, 9])
@pytest.mark.parametrize("is_by_time", [True, False])
def test_pages_together_are_the_listing(size: int, is_by_time: bool) -> None:
    found, place = [], place_at("rows", [], 1, size)
    while place is not None:
        rows, following = take(place, fetch, lambda row: row["at"] if is_by_time else "")
        place = place_of(following.token, "rows") if following else None
        found += rows

    assert found == ROWS


def test_a_page_goes_on_where_the_one_before_ended() -> None:
    rows, following = take(place_at("rows", [], 1, 2), fetch, lambda row: row["at"])

    assert [row["n"] for row in rows] == [0, 1]
    assert following == Place("rows", [], 2, 2, "2024-05-08T00:00:00.000000+00:00", 1)


def test_a_token_knows_its_listing() -> None:
    place = Place("rows", [("name", ["a", 1])], 2, 5, "2024-05-08T00:00:00+00:00", 1)

    assert place_of(place.token, "rows").query == [("name", ["a", 1])]
    with pytest.raises(MLRunInvalidArgumentError, match="belongs to no page of others"):
        place_of(place.token, "others")


def test_another_page_of_a_token_begins_by_count() -> None:
    place = Place("rows", [], 2, 5, "2024-05-08T00:00:00+00:00", 1)

    assert place_of(place.token, "rows", page=4) == Place("rows", [], 4, 5, "", 15)
    assert place_of(place.token, "rows", page=2) == place


@pytest.mark.parametrize("token", ["", "x", "ä", "W10", Place("rows", [], 1, 0).token])
def test_what_is_no_token_is_answered(token: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="ask for the first page anew"):
        place_of(token, "rows")


@pytest.mark.parametrize(("page", "size"), [(0, 1), (1, 0), (-1, None), ("1", None)])
def test_pages_and_sizes_count_from_1(page: Any, size: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="counts from 1"):
        place_at("rows", [], page, size)
