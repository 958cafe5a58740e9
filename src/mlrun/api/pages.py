"""Listings in pages, as the parameters of an address ask for them."""

from __future__ import annotations

from typing import Any, NamedTuple

from starlette.datastructures import QueryParams

from mlrun.api.codec import Call
from mlrun.api.parameters import number, text
from mlrun.db.base import Record
from mlrun.db.paging import SIZE, Fetch, Place, TimeOf, place_at, place_of, take

NO_PAGE = {"page": None, "page-size": None, "page-token": None}
PAGING = (
    number("page", "From 1; a listing without page and page-size is whole.", least=1),
    number("page-size", f"Rows; {SIZE} where only the page is named.", least=1),
    number("offset", "Rows that are left out at the beginning.", default=0),
    text("page-token", "What the answer before gave for this page; it has all other parameters in it."),
)


class Listing(NamedTuple):
    """What was asked for: the parameters of the first page, and the page of it, if one."""

    call: Call
    place: Place | None
    offset: int = 0  # rows that are left out at the beginning

    def rows(self, fetch: Fetch, time_of: TimeOf, most: int = 0) -> tuple[list[Record], dict[str, Any]]:
        """
        The rows, and what the client needs for the next page.

        Args:
            fetch: Of no page it is asked with 0 rows at most, which is all.
            most: Rows of the whole listing; 0 is all.
        """
        if self.place is None:
            return fetch("", self.offset, most), NO_PAGE

        def bounded(before: str, skip: int, size: int) -> list[Record]:
            size = min(size, most - skip) if most else size
            return fetch(before, self.offset + skip, size) if size > 0 else []

        # a listing that begins or ends by itself does so by count: its pages begin by count
        rows, following = take(self.place, bounded, by_count if most or self.offset else time_of)
        if following is None:
            return rows, NO_PAGE
        place = self.place
        return rows, {"page": place.page, "page-size": place.size, "page-token": following.token}


def listing(call: Call) -> Listing:
    """
    Raises:
        MLRunInvalidArgumentError: A page or a size that is none, or a token of another listing.
    """
    page, size = call.number("page"), call.number("page-size")
    place: Place | None = None
    if token := call.text("page-token"):
        place = place_of(token, call.address, page)
        call = call._replace(query=QueryParams(place.query))
    elif page or size:
        place = place_at(call.address, call.query.multi_items(), page, size)
    return Listing(call, place, call.number("offset") or 0)


def by_count(record: Record) -> str:
    """The time of a row, where the rows are in another order than by time: there is none."""
    return ""


def earlier(*moments: str) -> str:
    """The first of the times that are set; empty for none."""
    return min(filter(None, moments), default="")
