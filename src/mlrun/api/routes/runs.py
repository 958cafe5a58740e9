"""Runs: store, change, read, list, delete, abort; their metrics and notifications."""

from __future__ import annotations

from typing import Any, Optional

from starlette.responses import Response

from mlrun.api.answers import as_json, done
from mlrun.api.codec import Call, Rule, part
from mlrun.api.pages import PAGING, by_count, earlier, listing
from mlrun.api.parameters import flag, number, text, texts, time, word
from mlrun.api.schemas import check_updates
from mlrun.api.shapes import BackgroundTask, Metrics, Notifications, RunAnswer, RunBodies, Runs
from mlrun.db.base import Record
from mlrun.errors import MLRunInvalidArgumentTypeError
from mlrun.model.run import Run, RunState

FORMATS = ("full", "standard", "notifications", "perf")
GROUPS = ("name", "project_and_name")
DELETED = "x-mlrun-deleted"  # how many; MLRun's own answer has no place for it


def store_run(call: Call) -> Response:
    call.db.store_run(call.record(), call.path["uid"], call.project, call.number("iter") or 0)
    return done()


def store_runs(call: Call) -> Response:
    """Many at once, in one transaction: all or none."""
    call.db.store_runs(call.record()["runs"])
    return done()


def update_run(call: Call) -> Response:
    updates = call.record()
    check_updates(updates, Run)
    run = call.db.update_run(updates, call.path["uid"], call.project, call.number("iter") or 0)
    return as_json({"data": run})


def read_run(call: Call) -> Response:
    format_ = call.text("format")
    run = call.db.read_run(call.path["uid"], call.project, call.number("iter") or 0, format_ or None)
    return as_json({"data": run})


def list_runs(call: Call) -> Response:
    found = listing(call)
    call = found.call
    asked = _filters(call)
    until = call.time("start_time_to")
    is_by_time = asked["sort"] and not asked["partition_by"]

    def fetch(before: str, skip: int, most: int) -> list[Record]:
        return call.db.list_runs(**asked, start_time_to=earlier(before, until), last=most, offset=skip)

    most = call.number("last") or 0
    rows, page = found.rows(fetch, start_time if is_by_time else by_count, most)
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
    body = call.record()
    text = str(body.get("status.status_text") or call.text("status_text"))
    uid, iteration, grace_s = call.path["uid"], call.number("iter") or 0, call.number("grace-period")
    return as_json(call.house.service.abort(uid, call.project, iteration, text, grace_s), 202)


def resume_run(call: Call) -> Response:
    body = call.record()
    process, gone = (part(body, name, "the body") or None for name in ("process", "gone"))
    pods = body.get("pods") or []
    if not isinstance(pods, list) or not all(isinstance(name, str) for name in pods):
        raise MLRunInvalidArgumentTypeError("pods of the body is a list of names")
    children = call.db.resume_run(call.path["uid"], call.project, process, gone, pods)
    return as_json({"runs": children})


def resubmit_run(call: Call) -> Response:
    secrets = {name: str(value) for name, value in part(call.record(), "secrets", "the body").items()}
    run = call.house.service.resubmit(call.path["uid"], call.project, secrets, call.db)
    return as_json({"data": run})


def set_notifications(call: Call) -> Response:
    notifications, iteration = call.record()["notifications"], call.number("iter") or 0
    call.db.store_run_notifications(notifications, call.path["uid"], call.project, iter=iteration)
    return done()


def store_metrics(call: Call) -> Response:
    rows, iteration = call.record()["metrics"], call.number("iter") or 0
    call.db.store_metrics(call.path["uid"], rows, call.project, iteration, once=call.once("metrics"))
    return done()


def list_metrics(call: Call) -> Response:
    rows = call.db.list_metrics(
        call.path["uid"],
        call.project,
        call.number("iter") or 0,
        call.text("key"),
        offset=call.number("offset") or 0,
        limit=call.number("limit") or 0,
    )
    return as_json({"metrics": rows})


def start_time(run: Record) -> Any:
    return (run.get("status") or {}).get("start_time")


def _filters(call: Call) -> dict[str, Any]:
    return {
        "name": call.text("name"),
        "uid": call.texts("uid"),
        "project": call.projects,
        "labels": call.texts("label"),
        "states": call.texts("state"),
        "sort": call.flag("sort"),
        "iter": call.flag("iter"),
        "start_time_from": call.time("start_time_from"),
        "last_update_time_from": call.time("last_update_time_from"),
        "last_update_time_to": call.time("last_update_time_to"),
        "end_time_from": call.time("end_time_from"),
        "end_time_to": call.time("end_time_to"),
        "results": call.texts("result"),
        "with_notifications": call.flag("with-notifications"),
        "partition_by": call.text("partition-by"),
        "rows_per_partition": call.number("rows-per-partition"),
        "partition_sort_by": call.text("partition-sort-by"),
        "partition_order": call.text("partition-order"),
        "max_partitions": call.number("max-partitions"),
    }


_ITER = number("iter", "The child of a sweep; 0 is the run itself.", default=0)
_LABELS = texts("label", "name, name=value or name~part; all of them have to hold.", "labels")
_FILTERS = (
    text("name", "All of it, else a part of it; ~part is a part in any case."),
    texts("uid", "One of these."),
    _LABELS,
    texts("state", "One of these.", "states", words=RunState),
    flag("iter", "Also the children of sweeps.", default=True),
    time("start_time_from", "Started then or later."),
    time("start_time_to", "Started then or earlier."),
    time("last_update_time_from", "Changed then or later."),
    time("last_update_time_to", "Changed then or earlier."),
    time("end_time_from", "Ended then or later."),
    time("end_time_to", "Ended then or earlier."),
    texts("result", "A comparison, as accuracy > 0.9, with > >= < <= = !=; all of them hold.", "results"),
    flag("sort", "Newest first; else as they were stored.", default=True),
    number("last", "Rows at most; 0 is all.", default=0),
    flag("with-notifications", "Taken for compatibility: a run always has its notifications."),
)
_GROUPS = (
    word("partition-by", GROUPS, "Only the first rows of each group: runs of one name (in one project)."),
    number("rows-per-partition", "Rows of each group.", least=1, default=1),
    word("partition-sort-by", ("created", "updated"), "What is first in a group.", default="updated"),
    word("partition-order", ("desc", "asc"), "Whether the highest is first.", default="desc"),
    number("max-partitions", "Groups at most; 0 is all.", default=0),
)
_ONE = "/projects/{project}/runs/{uid}"
_ALL = "/projects/{project}/runs"
_PROJECT = text("project", "Empty or * is every project.")

_RUN = (
    Rule(
        "POST",
        _ONE,
        store_run,
        "Store a run, or replace it",
        (_ITER,),
        Run,
        errors=(409,),
        is_one_write=True,
    ),
    Rule(
        "PATCH",
        _ONE,
        update_run,
        "Set single values by dotted key",
        (_ITER,),
        dict[str, Any],
        RunAnswer,
        errors=(404, 409),
        is_one_write=True,
    ),
    Rule(
        "GET",
        _ONE,
        read_run,
        "Read a run",
        (_ITER, word("format", FORMATS, "Taken for compatibility: a run is whole.")),
        gives=RunAnswer,
        errors=(404,),
    ),
    Rule("DELETE", _ONE, delete_run, "Delete a run, if it is there", (_ITER,)),
)
_STORE_MANY = Rule(
    "POST", _ALL, store_runs, "Store many runs or none", takes=RunBodies, errors=(409,), is_one_write=True
)
_LIST = Rule("GET", _ALL, list_runs, "List runs", (*_FILTERS, *_GROUPS, *PAGING), gives=Runs)
_DELETE_MANY = Rule(
    "DELETE",
    _ALL,
    delete_runs,
    "Delete the runs that match; a filter is needed, name=~ is all",
    (
        text("name", "All of it, or ~part."),
        texts("uid", "One of these."),
        texts("label", "As in a listing."),
        word("state", RunState, "In this state."),
        number("days_ago", "Started so many days ago or earlier; 0 is any.", default=0),
    ),
    tells={DELETED: "How many runs."},
)
RULES = (
    *_RUN,
    _STORE_MANY,
    _LIST,
    _DELETE_MANY,
    Rule(
        "POST",
        f"{_ONE}/abort",
        abort_run,
        "Abort a run: it is aborting until its pod has ended",
        (
            _ITER,
            text("status_text", "Why; status.status_text in the body says it too."),
            number("grace-period", "Seconds that its pod has between being asked to end and being killed."),
        ),
        Optional[dict[str, Any]],
        BackgroundTask,
        202,
        (404, 409),
    ),
    Rule(
        "POST",
        f"{_ONE}/resume",
        resume_run,
        "Take up a run with iterations that was left in the middle; gives its children",
        takes=Optional[dict[str, Any]],
        gives=RunBodies,
        errors=(404, 409),
    ),
    Rule(
        "POST",
        f"{_ONE}/resubmit",
        resubmit_run,
        "Go on with a sweep in pods that has ended in the middle; the server drives it",
        takes=Optional[dict[str, Any]],
        gives=RunAnswer,
        errors=(404, 409, 501),
    ),
    Rule(
        "PUT",
        f"{_ONE}/notifications",
        set_notifications,
        "Replace the notifications of a run",
        (_ITER,),
        takes=Notifications,
        errors=(404, 409),
        is_one_write=True,
    ),
    Rule(
        "POST",
        f"{_ONE}/metrics",
        store_metrics,
        "Append to the series of a run",
        (_ITER,),
        Metrics,
        is_one_write=True,
    ),
    Rule(
        "GET",
        f"{_ONE}/metrics",
        list_metrics,
        "The series of a run",
        (
            _ITER,
            text("key", "Only this one.", "name"),
            number("offset", "Rows before the first one.", default=0),
            number("limit", "Rows at most; 0 is all.", default=0),
        ),
        gives=Metrics,
    ),
    *(rule.at("/run/{project}/{uid}") for rule in _RUN),
    _STORE_MANY.at("/runs"),
    _LIST.at("/runs", _PROJECT),
    _DELETE_MANY.at("/runs", _PROJECT),
)
