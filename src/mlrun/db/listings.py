"""The part of the port that gives listings in pages."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlrun.db import times
from mlrun.db.paging import TimeOf, place_at, place_of, take
from mlrun.errors import MLRunInvalidArgumentError

if TYPE_CHECKING:
    from mlrun.model.lists import ArtifactList, RunList

Record = dict[str, Any]


class Listings:
    """A base of :class:`mlrun.db.base.RunDB`; it has no life of its own."""

    list_runs: Callable[..., Any]
    list_artifacts: Callable[..., Any]
    list_functions: Callable[..., Any]

    def paginated_list_runs(
        self,
        *args: Any,
        page: int | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        **kwargs: Any,
    ) -> tuple[RunList, str | None]:
        """
        One page of ``list_runs(*args, **kwargs)``, and the token of the next; None after the last.

        A token stands for the whole listing: with one, no other argument is needed. Pages that follow each
        other by token cost the same however deep they are, and what is stored meanwhile shifts no row.

        Args:
            page: Counts from 1; the first, or the one that the token names.
            page_size: Rows; 20, or what the token says.

        Raises:
            MLRunInvalidArgumentError: A number below 1, or a token of another listing.

        Example::

            runs, token = db.paginated_list_runs(project="iris", page_size=100)
            while token:
                runs, token = db.paginated_list_runs(page_token=token)
        """
        from mlrun.model.lists import RunList

        def by_time(asked: Record) -> bool:
            return bool(asked.get("sort", True)) and not asked.get("partition_by")

        bounds = ("start_time_to", "last", by_time)
        rows, token = self._page(
            self.list_runs, args, kwargs, (page, page_size, page_token), *bounds, _started
        )
        return RunList(rows), token

    def paginated_list_artifacts(
        self,
        *args: Any,
        page: int | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        **kwargs: Any,
    ) -> tuple[ArtifactList, str | None]:
        """As :meth:`paginated_list_runs`, of ``list_artifacts(*args, **kwargs)``."""
        from mlrun.model.lists import ArtifactList

        def by_time(asked: Record) -> bool:  # a followed link has another time than its row
            return not asked.get("best_iteration") and not asked.get("partition_by")

        bounds = ("until", "limit", by_time)
        asked = (page, page_size, page_token)
        rows, token = self._page(self.list_artifacts, args, kwargs, asked, *bounds, _updated)
        return ArtifactList(rows), token

    def paginated_list_functions(
        self,
        *args: Any,
        page: int | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        **kwargs: Any,
    ) -> tuple[list[Record], str | None]:
        """As :meth:`paginated_list_runs`, of ``list_functions(*args, **kwargs)``."""
        bounds = ("until", "limit", lambda asked: True)
        asked = (page, page_size, page_token)
        return self._page(self.list_functions, args, kwargs, asked, *bounds, _updated)

    def _page(
        self,
        method: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Record,
        asked: tuple[int | None, int | None, str | None],
        until: str,
        limit: str,
        is_by_time: Callable[[Record], bool],
        time_of: TimeOf,
    ) -> tuple[list[Record], str | None]:
        """
        Args:
            until: The argument of *method* that bounds the time by which it sorts.
            limit: The one that bounds the number of rows.
            is_by_time: Whether a listing with these arguments is sorted by that time.
        """
        page, size, token = asked
        name = method.__name__
        if token:
            place = place_of(token, name, page, size)
        else:
            place = place_at(name, list(_given(method, args, kwargs).items()), page, size)
        query = dict(place.query)
        most_of_all = query.pop(limit, None) or query.pop("limit", None) or 0
        skipped = query.pop("offset", None) or 0

        def fetch(before: str, skip: int, most: int) -> list[Record]:
            bound = min(filter(None, (before, query.get(until))), default="")
            if most_of_all:
                most = min(most, most_of_all - skip)
            if most < 1:
                return []
            return list(method(**{**query, until: bound, limit: most, "offset": skipped + skip}))

        by_time = is_by_time(query) and not most_of_all and not skipped
        rows, following = take(place, fetch, time_of if by_time else _by_count)
        return rows, following.token if following else None


def _given(method: Callable[..., Any], args: tuple[Any, ...], kwargs: Record) -> Record:
    """The arguments of *method* by name, as a token can hold them."""
    try:
        bound = inspect.signature(method).bind(*args, **kwargs).arguments
    except TypeError as error:
        raise MLRunInvalidArgumentError(f"{method.__name__}: {error}") from error
    found = {**bound, **bound.pop("kwargs", {})}
    return {name: _held(name, value) for name, value in found.items() if value is not None}


def _held(name: str, value: Any) -> Any:
    if isinstance(value, (list, tuple, set)):
        return [_held(name, one) for one in value]
    if hasattr(value, "isoformat"):
        return times.of_caller(value, name)
    return getattr(value, "value", value)  # a member of an enumeration


def _started(run: Record) -> Any:
    return (run.get("status") or {}).get("start_time")


def _updated(record: Record) -> Any:
    return record["metadata"].get("updated")


def _by_count(record: Record) -> str:
    return ""
