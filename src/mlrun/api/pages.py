"""Listings in pages, and the newest few of each group."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
from starlette.datastructures import QueryParams

from mlrun.api.codec import Call
from mlrun.db import times
from mlrun.db.base import Record
from mlrun.errors import MLRunInvalidArgumentError

Fetch = Callable[[str, int], list[Record]]  # (not newer than, rows at most; 0 is all) -> rows, newest first
TimeOf = Callable[[Record], Any]
NO_PAGE = {"page": None, "page-size": None, "page-token": None}
SIZE = 20  # rows of a page, where the client names a page but no size
CHUNK = 1000  # rows in memory at once, while they are grouped


class Place(msgspec.Struct, array_like=True):
    """
    Where a page begins, as its token says it: after *skip* rows that are not newer than *before*.

    So a page costs its own rows, however deep it is, and rows that come meanwhile shift nothing.
    """

    address: str
    query: list[tuple[str, str]]
    page: int
    size: int
    before: str = ""
    skip: int = 0

    @property
    def token(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


class Listing(NamedTuple):
    """What was asked for: the parameters of the first page, and the page of it, if one."""

    call: Call
    place: Place | None

    def rows(self, fetch: Fetch, time_of: TimeOf) -> tuple[list[Record], dict[str, Any]]:
        """The rows, and what the client needs for the next page."""
        if self.place is None:
            return fetch("", 0), NO_PAGE
        rows, following = _take(self.place, fetch, time_of)
        if following is None:
            return rows, NO_PAGE
        place = self.place
        return rows, {"page": place.page, "page-size": place.size, "page-token": following.token}


def listing(call: Call) -> Listing:
    """
    Raises:
        MLRunInvalidArgumentError: A page or a size that is none, or a token of another listing.
    """
    page, size = call.number("page", least=1), call.number("page-size", least=1)
    if token := call.text("page-token"):
        place = _place_of(token, call.address)
        if page and page > 1 and page != place.page:
            place.page, place.before, place.skip = page, "", (page - 1) * place.size
        return Listing(call._replace(query=QueryParams(place.query)), place)
    if not page and not size:
        return Listing(call, None)
    page, size = page or 1, size or SIZE
    return Listing(call, Place(call.address, call.query.multi_items(), page, size, skip=(page - 1) * size))


def newest_of_each(
    fetch: Fetch,
    time_of: TimeOf,
    group_of: Callable[[Record], Any],
    rank_of: Callable[[Record], str],
    order: str,
    keep: int,
    most: int,
) -> list[Record]:
    """
    At most *keep* rows of each group, of *most* groups (0 is all).

    Args:
        order: ``desc`` for the rows that rank highest, ``asc`` for the lowest.
    """
    highest_first = order == "desc"
    groups: dict[Any, list[Record]] = {}
    for row in _all_rows(fetch, time_of):
        group = groups.setdefault(group_of(row), [])
        group.append(row)
        if len(group) > keep:
            group.sort(key=rank_of, reverse=highest_first)
            group.pop()
    chosen = sorted(groups.values(), key=lambda group: max(map(rank_of, group)), reverse=highest_first)
    rows = [row for group in chosen[: most or None] for row in group]
    return sorted(rows, key=lambda row: normal(time_of(row)), reverse=True)


def normal(value: Any) -> str:
    """A time as it is compared; empty for none."""
    return times.of_record(value, "the time of a record") if value else ""


def _all_rows(fetch: Fetch, time_of: TimeOf) -> Iterator[Record]:
    place: Place | None = Place("", [], 1, CHUNK)
    while place is not None:
        rows, place = _take(place, fetch, time_of)
        yield from rows


def _take(place: Place, fetch: Fetch, time_of: TimeOf) -> tuple[list[Record], Place | None]:
    """The rows at *place*, and where the next page begins."""
    found = fetch(place.before, place.skip + place.size + 1)[place.skip :]
    rows = found[: place.size]
    if len(found) <= place.size:
        return rows, None
    moments = [normal(time_of(row)) for row in rows]
    before, skip = place.before, place.skip + place.size
    if moments[-1] and moments[-1] != before:
        before = moments[-1]
        skip = next((n for n, moment in enumerate(reversed(moments)) if moment != before), len(moments))
    return rows, Place(place.address, place.query, place.page + 1, place.size, before, skip)


def _place_of(token: str, address: str) -> Place:
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        place = msgspec.json.decode(text, type=Place)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        place = None
    if place is None or place.address != address or place.size < 1 or place.skip < 0 or place.page < 1:
        raise MLRunInvalidArgumentError(
            f"page-token={token[:40]!r} belongs to no page of {address}; ask for the first page anew (page=1)"
        )
    return place
