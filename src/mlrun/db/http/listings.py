"""What a listing of the port asks for, as an address and parameters of MLRun's wire."""

from __future__ import annotations

from typing import Any, NamedTuple

from mlrun.db import records, times
from mlrun.db.base import Labels
from mlrun.db.http.paths import Params, only_given, place
from mlrun.db.wanted import ANY_TAG, CATEGORIES, LATEST
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.query import label_list, partition
from mlrun.model.run import RunState


class Listing(NamedTuple):
    """One listing, without its pages."""

    path: str
    name: str  # of the list in the answer
    params: Params
    most: int = 0  # rows; 0 is all
    skip: int = 0

    def in_pages(self) -> Listing:
        """The same, for a caller who takes its pages: what is left out is left out by the server."""
        return self._replace(params=[*self.params, *only_given(offset=self.skip or None)])


def list_runs(
    name: str = "",
    uid: str | list[str] | None = None,
    project: str = "",
    labels: Labels = None,
    state: str = "",
    states: list[str] | None = None,
    sort: bool = True,
    last: int = 0,
    iter: bool = False,
    start_time_from: Any = None,
    start_time_to: Any = None,
    last_update_time_from: Any = None,
    last_update_time_to: Any = None,
    end_time_from: Any = None,
    end_time_to: Any = None,
    results: str | list[str] | None = None,
    partition_by: str | None = None,
    rows_per_partition: int = 1,
    partition_sort_by: str | None = None,
    partition_order: str = "desc",
    max_partitions: int = 0,
    with_notifications: bool = False,
    offset: int = 0,
    **kwargs: Any,
) -> Listing:
    """As :meth:`mlrun.db.base.RunDB.list_runs`."""
    last = last or kwargs.pop("limit", None) or 0
    records.refuse_unknown(kwargs, list_runs)
    wanted = [RunState.check(word).value for word in (*([state] if state else ()), *(states or ()))]
    params = only_given(
        name=name,
        uid=uid,
        label=label_list(labels),
        state=wanted,
        last=_limit(last, offset),
        sort="yes" if sort else "no",
        iter="yes" if iter else "no",
        start_time_from=times.of_caller(start_time_from, "start_time_from"),
        start_time_to=times.of_caller(start_time_to, "start_time_to"),
        last_update_time_from=times.of_caller(last_update_time_from, "last_update_time_from"),
        last_update_time_to=times.of_caller(last_update_time_to, "last_update_time_to"),
        end_time_from=times.of_caller(end_time_from, "end_time_from"),
        end_time_to=times.of_caller(end_time_to, "end_time_to"),
        result=results,
        with__notifications=str(bool(with_notifications)),
    )
    params += _groups(partition_by, rows_per_partition, partition_sort_by, partition_order, max_partitions)
    return Listing(f"v1/{place(project or '*', 'runs')}", "runs", params, last or 0, offset or 0)


def list_artifacts(
    name: str = "",
    project: str = "",
    tag: str = "",
    labels: Labels = None,
    since: Any = None,
    until: Any = None,
    iter: int | None = None,
    best_iteration: bool = False,
    kind: str | None = None,
    category: str | None = None,
    tree: str | None = None,
    format_: str | None = None,
    limit: int | None = None,
    uid: str | None = None,
    parent: str | None = None,
    producer_uri: str | None = None,
    partition_by: str | None = None,
    rows_per_partition: int = 1,
    partition_sort_by: str | None = "updated",
    partition_order: str = "desc",
    offset: int = 0,
    **kwargs: Any,
) -> Listing:
    """As :meth:`mlrun.db.base.RunDB.list_artifacts`."""
    records.refuse_unknown(kwargs, list_artifacts)
    if best_iteration and iter is not None:
        raise MLRunInvalidArgumentError(
            f"best_iteration=True finds the best of all iterations; leave out iter={iter}"
        )
    params = only_given(
        name=name,
        tag=tag or (ANY_TAG if tree or uid else LATEST),
        label=label_list(labels),
        since=times.of_caller(since, "since"),
        until=times.of_caller(until, "until"),
        iter=iter,
        best__iteration=str(bool(best_iteration)),
        kind=kind,
        category=records.one_of(str(category), CATEGORIES, "category") if category else None,
        tree=tree,
        object__uid=uid,
        format=format_ or "full",
        limit=_limit(limit, offset),
        parent=parent,
        producer_uri=producer_uri,
    )
    params += _groups(partition_by, rows_per_partition, partition_sort_by, partition_order)
    path = f"v2/{place(project or '*', 'artifacts')}"
    return Listing(path, "artifacts", params, limit or 0, offset or 0)


def list_functions(
    name: str = "",
    project: str = "",
    tag: str = "",
    labels: Labels = None,
    since: Any = None,
    until: Any = None,
    hash_key: str = "",
    kind: str | None = None,
    states: list[str] | None = None,
    format_: str | None = None,
    limit: int | None = None,
    offset: int = 0,
    **kwargs: Any,
) -> Listing:
    """As :meth:`mlrun.db.base.RunDB.list_functions`."""
    records.refuse_unknown(kwargs, list_functions)
    params = only_given(
        name=name,
        tag="" if tag == ANY_TAG else tag,
        label=label_list(labels),
        since=times.of_caller(since, "since"),
        until=times.of_caller(until, "until"),
        hash_key=hash_key,
        kind=kind,
        state=states,
        format="full",
        limit=_limit(limit, offset),
    )
    return Listing(f"v1/{place(project or '*', 'functions')}", "funcs", params, limit or 0, offset or 0)


def _groups(by: str | None, rows: int, sort_by: str | None, order: str, most: int | None = None) -> Params:
    asked = partition(by, rows, sort_by, order, most or 0)
    if not asked.by:
        return []
    return only_given(
        partition__by=asked.by,
        rows__per__partition=asked.rows,
        partition__sort__by=asked.sort_by,
        partition__order=asked.order,
        max__partitions=most,
    )


def _limit(most: int | None, skip: int) -> int | None:
    """Rows that the server has to find: those that are left out here are among them."""
    return most + max(skip or 0, 0) if most else None
