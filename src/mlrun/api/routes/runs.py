"""Runs: store, change, read, list, delete, abort; their metrics and notifications."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mlrun.api.answers import as_json, done
from mlrun.api.codec import Call, Rule
from mlrun.api.pages import listing, newest_of_each, normal
from mlrun.db.base import Record
from mlrun.errors import MLRunInvalidArgumentTypeError
from mlrun.model.run import RunState

FORMATS = ("full", "standard", "notifications", "perf")
GROUPS = ("name", "project_and_name")
DELETED = "x-mlrun-deleted"  # how many; MLRun's own answer has no place for it


def store_run(call: Call) -> Response:
    call.db.store_run(call.record(), call.path["uid"], call.project, call.number("iter") or 0)
    return done()


def store_runs(call: Call) -> Response:
    """Many at once, in one transaction: all or none."""
    call.db.store_runs(_dictionaries(call.record(), "runs"))
    return done()


def update_run(call: Call) -> Response:
    run = call.db.update_run(call.record(), call.path["uid"], call.project, call.number("iter") or 0)
    return as_json({"data": run})


def read_run(call: Call) -> Response:
    format_ = call.word("format", FORMATS)
    run = call.db.read_run(call.path["uid"], call.project, call.number("iter") or 0, format_ or None)
    return as_json({"data": run})


def list_runs(call: Call) -> Response:
    found = listing(call)
    call = found.call
    call.flag("with-notifications", False)
    is_sorted = call.flag("sort", True)
    last = call.number("last") or 0
    asked = _filters(call)

    def fetch(before: str, most: int) -> list[Record]:
        until = min(filter(None, (before, asked["start_time_to"])), default="")
        limit = min(filter(None, (last, most)), default=0)
        return call.db.list_runs(**{**asked, "start_time_to": until}, sort=is_sorted, last=limit)

    if call.text("partition-by"):
        chosen = _newest_of_each(call, fetch)[: last or None]
        rows, page = found.rows(lambda _, most: chosen[: most or None], lambda _: "")
    else:
        # where the order is another one than by time, or the listing ends by itself, a page begins by count
        rows, page = found.rows(fetch, start_time if is_sorted and not last else lambda _: "")
    return as_json({"runs": rows, "pagination": page})


def delete_run(call: Call) -> Response:
    call.db.del_run(call.path["uid"], call.project, call.number("iter") or 0)
    return done()


def delete_runs(call: Call) -> Response:
    count = call.db.del_runs(
        name=call.text("name"),
        project=call.projects,
        labels=call.texts("label"),
        state=call.text("state"),
        days_ago=call.number("days_ago") or 0,
        uids=call.texts("uid"),
    )
    return done(headers={DELETED: str(count)})


def abort_run(call: Call) -> Response:
    body = call.record(optional=True)
    text = str(body.get("status.status_text") or call.text("status_text"))
    call.db.abort_run(call.path["uid"], call.project, call.number("iter") or 0, status_text=text)
    return as_json(call.house.tasks.add_done("run.abort", call.project), 202)


def set_notifications(call: Call) -> Response:
    notifications = _dictionaries(call.record(), "notifications")
    call.db.update_run({"spec.notifications": notifications}, call.path["uid"], call.project)
    return done()


def store_metrics(call: Call) -> Response:
    rows = _dictionaries(call.record(), "metrics")
    call.db.store_metrics(call.path["uid"], rows, call.project, call.number("iter") or 0)
    return done()


def list_metrics(call: Call) -> Response:
    rows = call.db.list_metrics(
        call.path["uid"], call.project, call.number("iter") or 0, call.text("key", "name")
    )
    return as_json({"metrics": rows})


def start_time(run: Record) -> Any:
    return (run.get("status") or {}).get("start_time")


def _filters(call: Call) -> dict[str, Any]:
    return {
        "name": call.text("name"),
        "uid": call.texts("uid"),
        "project": call.projects,
        "labels": call.texts("label", "labels"),
        "states": [RunState.check(state).value for state in call.texts("state", "states")],
        "iter": call.flag("iter", True),
        "start_time_from": call.time("start_time_from"),
        "start_time_to": call.time("start_time_to"),
        "last_update_time_from": call.time("last_update_time_from"),
        "last_update_time_to": call.time("last_update_time_to"),
    }


def _newest_of_each(call: Call, fetch: Any) -> list[Record]:
    by = call.word("partition-by", GROUPS)
    column = {"created": "start_time", "updated": "last_update"}[
        call.word("partition-sort-by", ("created", "updated"), "updated")
    ]
    order = call.word("partition-order", ("desc", "asc"), "desc")

    def group(run: Record) -> Any:
        metadata = run["metadata"]
        return (metadata["project"] if by == "project_and_name" else "", metadata.get("name"))

    def rank(run: Record) -> str:
        return normal((run.get("status") or {}).get(column))

    keep, most = call.number("rows-per-partition", least=1) or 1, call.number("max-partitions") or 0
    return newest_of_each(fetch, start_time, group, rank, order, keep, most)


def _dictionaries(body: dict[str, Any], name: str) -> list[Record]:
    values = body.get(name)
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise MLRunInvalidArgumentTypeError(
            f'the body has to be {{"{name}": [...]}} with objects in the list'
        )
    return values


def _at(path: str) -> tuple[Rule, ...]:
    return (
        Rule("POST", path, store_run),
        Rule("PATCH", path, update_run),
        Rule("GET", path, read_run),
        Rule("DELETE", path, delete_run),
    )


RULES = (
    *_at("/projects/{project}/runs/{uid}"),
    Rule("GET", "/projects/{project}/runs", list_runs),
    Rule("POST", "/projects/{project}/runs", store_runs),
    Rule("DELETE", "/projects/{project}/runs", delete_runs),
    Rule("POST", "/projects/{project}/runs/{uid}/abort", abort_run),
    Rule("PUT", "/projects/{project}/runs/{uid}/notifications", set_notifications),
    Rule("POST", "/projects/{project}/runs/{uid}/metrics", store_metrics),
    Rule("GET", "/projects/{project}/runs/{uid}/metrics", list_metrics),
    *_at("/run/{project}/{uid}"),
    Rule("GET", "/runs", list_runs),
    Rule("DELETE", "/runs", delete_runs),
    Rule("POST", "/runs", store_runs),
)
