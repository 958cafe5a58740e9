"""
Shipped folders that nothing needs any more, and their end.

Who ships relies on objects that were written in the last half of ``bundles.keep_days``, and sends older ones
again (:meth:`mlrun.code.objects.Objects.missing`). What is deleted has not been written for the whole of it,
and is no part of a node that has, so the two do not meet, and need no lock in any store.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from mlrun.code.bundle import NODE, children_of
from mlrun.code.objects import StoredObjects, keep_for
from mlrun.db.base import Record, RunDB
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.base import dump_json
from mlrun.model.run import RunState

_BUNDLE = re.compile(rb'"bundle(?::/|\+[^"]+)/([0-9a-f]{64})"')  # in a record's JSON
_VERSION = re.compile(rb"@([0-9a-f]{32,64})\b")  # of a function, in the same
_LIVE = [state.value for state in RunState if not state.is_final]
_DAY = datetime.timedelta(days=1)
_PAGE = 500  # records at once


class Unneeded(NamedTuple):
    """An object of a place that may go."""

    name: str
    size: int  # bytes
    written: datetime.datetime


def age(days: float | None) -> datetime.timedelta:
    """
    How old something has to be, *days* or what the setting says.

    Raises:
        MLRunInvalidArgumentError: Less than the setting, which those who ship rely on; or that says never.
    """
    kept = keep_for()
    if kept is None:
        raise MLRunInvalidArgumentError("bundles.keep_days is 0: what was shipped is kept for ever")
    wanted = kept if days is None else datetime.timedelta(days=days)
    if wanted < kept:
        raise MLRunInvalidArgumentError(
            f"those who ship rely on what is less than {kept / _DAY:g} days old (bundles.keep_days): it can"
            f" not go after {days:g}"
        )
    return wanted


def needed(db: RunDB, since: datetime.datetime) -> set[str]:
    """
    The digests of the bundles that functions in *db* load: those with a tag, those of a schedule, and those
    of a run that is live, or was updated after *since* and may be resumed.
    """
    versions = {*_versions_in(_runs(db, since)), *_versions_in(db.list_schedules(project="*")["schedules"])}
    found: set[str] = set()
    for function in _pages(db.paginated_list_functions, project="*"):
        meta = function["metadata"]
        if meta.get("tag") or str(meta.get("hash")).encode() in versions:
            found.update(digest.decode() for digest in _BUNDLE.findall(dump_json(function)))
    return found


def unneeded(place: StoredObjects, roots: Collection[str], before: datetime.datetime) -> list[Unneeded]:
    """
    The objects of *place* that were written before *before*, and that neither a bundle in *roots* nor a node
    that was written since has; each after those that need it, so that what is left is whole at any time.
    """
    there = place.stats(place.names())
    nodes = [name for name in there if name.startswith(NODE)]
    children = {name: children_of(data) for name, data in place.get(nodes)}
    young = (name for name, stats in there.items() if stats.written >= before)
    kept = _below([*young, *(f"{NODE}/{digest}" for digest in roots)], children)
    return [Unneeded(name, *there[name]) for name in _parents_first(there, children) if name not in kept]


def delete(place: StoredObjects, found: Iterable[Unneeded]) -> int:
    """Delete them, but for what was written again since it was found; gives the number of bytes."""
    freed = 0
    for one in found:
        if place.stats([one.name]).get(one.name) == (one.size, one.written):
            place.drop(one.name)
            freed += one.size
    return freed


def _below(tops: Iterable[str], children: Mapping[str, list[str]]) -> set[str]:
    """*tops* and all that they need."""
    found: set[str] = set()
    waiting = list(tops)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += children.get(name, ())
    return found


def _parents_first(names: Iterable[str], children: Mapping[str, list[str]]) -> list[str]:
    """*names*, each after every node that needs it."""
    done: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in done:
            for child in children.get(name, ()):
                visit(child)
            done[name] = None

    for name in names:
        visit(name)
    wanted = set(names)
    return [name for name in reversed(done) if name in wanted]


def _runs(db: RunDB, since: datetime.datetime) -> Iterator[Record]:
    yield from _pages(db.paginated_list_runs, project="*", iter=True, states=_LIVE)
    yield from _pages(db.paginated_list_runs, project="*", iter=True, last_update_time_from=since)


def _versions_in(records: Iterable[Record]) -> Iterator[bytes]:
    for record in records:
        yield from _VERSION.findall(dump_json(record))


def _pages(listing: Callable[..., tuple[Any, str | None]], **query: Any) -> Iterator[Record]:
    token: str | None = ""
    while token is not None:
        asked = {"page_token": token} if token else {**query, "page_size": _PAGE}
        page, token = listing(**asked)
        yield from page
