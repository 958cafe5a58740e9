"""Listings in pages: where a page begins, and the token that says so."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

import msgspec

from mlrun.db import times
from mlrun.errors import MLRunInvalidArgumentError

Record = dict[str, Any]
Fetch = Callable[[str, int, int], list[Record]]  # (not newer than, skip, rows at most) -> rows, newest first
TimeOf = Callable[[Record], Any]
SIZE = 20  # rows of a page, where the caller names a page but no size


class Place(msgspec.Struct, array_like=True):
    """
    Where a page begins, as its token says it: after *skip* rows that are not newer than *before*.

    So a page costs its own rows, however deep it is, and rows that come meanwhile shift nothing.
    """

    listing: str  # what is listed, so that no other listing takes the token
    query: list[tuple[str, Any]]
    page: int
    size: int
    before: str = ""
    skip: int = 0

    @property
    def token(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


_PLACE = msgspec.json.Decoder(Place)  # which threads may share


def place_at(listing: str, query: list[tuple[str, Any]], page: int | None, size: int | None) -> Place:
    """
    The place of the *page*, by count.

    Raises:
        MLRunInvalidArgumentError: A page or a size below 1.
    """
    page, size = counted(page, "page", 1), counted(size, "page_size", SIZE)
    return Place(listing, query, page, size, skip=(page - 1) * size)


def place_of(token: str, listing: str, page: int | None = None, size: int | None = None) -> Place:
    """
    The place that *token* names; with another *page* that one of the same listing, by count.

    Raises:
        MLRunInvalidArgumentError: A token of another listing, or of none.
    """
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        place = _PLACE.decode(text)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        place = None
    if place is None or place.listing != listing or place.size < 1 or place.skip < 0 or place.page < 1:
        raise MLRunInvalidArgumentError(
            f"page-token={token[:40]!r} belongs to no page of {listing}; ask for the first page anew (page=1)"
        )
    if page and page > 1 and page != place.page:
        return place_at(listing, place.query, page, size or place.size)
    if size and size != place.size:
        place.size = counted(size, "page_size", SIZE)
    return place


def take(place: Place, fetch: Fetch, time_of: TimeOf) -> tuple[list[Record], Place | None]:
    """
    The rows at *place*, and where the next page begins; None after the last.

    Args:
        time_of: The time by which the rows are sorted; empty where they are sorted by something else, and
            a page begins by count.
    """
    found = fetch(place.before, place.skip, place.size + 1)
    rows = found[: place.size]
    if len(found) <= place.size:
        return rows, None
    moments = [normal(time_of(row)) for row in rows]
    before, skip = place.before, place.skip + place.size
    if moments[-1] and moments[-1] != before:
        before = moments[-1]
        skip = next((n for n, moment in enumerate(reversed(moments)) if moment != before), len(moments))
    return rows, Place(place.listing, place.query, place.page + 1, place.size, before, skip)


def normal(value: Any) -> str:
    """A time as it is compared; empty for none."""
    return times.of_record(value, "the time of a record") if value else ""


def counted(value: int | None, name: str, default: int) -> int:
    """
    Raises:
        MLRunInvalidArgumentError: *value* is below 1.
    """
    if value is None:
        return default
    if not isinstance(value, int) or value < 1:
        raise MLRunInvalidArgumentError(f"{name}={value!r} counts from 1")
    return value
