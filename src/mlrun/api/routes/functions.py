"""Functions: versions by hash and tag."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mlrun.api.answers import as_json, done
from mlrun.api.codec import Call, Rule
from mlrun.api.pages import PAGING, earlier, listing
from mlrun.api.parameters import flag, number, text, texts, time, word
from mlrun.api.shapes import BackgroundTask, Function, FunctionAnswer, FunctionHash, Functions
from mlrun.db.base import Record

FORMATS = ("full", "minimal")


def store(call: Call) -> Response:
    function = call.record()
    hash_key = call.db.store_function(
        function, call.path["name"], call.project, call.text("tag"), call.flag("versioned")
    )
    return as_json({"hash_key": hash_key})


def read(call: Call) -> Response:
    call.text("format")
    function = call.db.get_function(call.path["name"], call.project, call.text("tag"), call.text("hash_key"))
    return as_json({"func": function})


def list_all(call: Call) -> Response:
    found = listing(call)
    call = found.call
    call.text("format")
    until = call.time("until")
    asked: dict[str, Any] = {
        "name": call.text("name"),
        "project": call.projects,
        "tag": call.text("tag"),
        "labels": call.texts("label"),
        "since": call.time("since"),
        "hash_key": call.text("hash_key"),
        "kind": call.text("kind"),
        "states": call.texts("state"),
    }

    def fetch(before: str, skip: int, most: int) -> list[Record]:
        return call.db.list_functions(**asked, until=earlier(before, until), limit=most or None, offset=skip)

    rows, page = found.rows(fetch, updated, call.number("limit") or 0)
    return as_json({"funcs": rows, "pagination": page})


def updated(function: Record) -> Any:
    return function["metadata"].get("updated")


def delete(call: Call) -> Response:
    call.db.delete_function(call.path["name"], call.project)
    return done(204)


def delete_v2(call: Call) -> Response:
    """It is done when this answers; the client asks for the task all the same."""
    call.db.delete_function(call.path["name"], call.project)
    return as_json(call.house.service.tasks.add_done("function.deletion", call.project), 202)


_ONE = "/projects/{project}/functions/{name}"
_FORMAT = word("format", FORMATS, "Taken for compatibility: a function is whole.")
_BOTH = (
    Rule(
        "POST",
        _ONE,
        store,
        "Store a version of a function",
        (text("tag", "latest where it is empty."), flag("versioned", "Keep the versions before.")),
        Function,
        FunctionHash,
    ),
    Rule(
        "GET",
        _ONE,
        read,
        "Read a version of a function",
        (text("tag", "latest where it is empty."), text("hash_key", "This version."), _FORMAT),
        gives=FunctionAnswer,
        errors=(404,),
    ),
)
_LIST = Rule(
    "GET",
    "/projects/{project}/functions",
    list_all,
    "List versions of functions",
    (
        text("name", "All of it, else a part of it; ~part is a part in any case."),
        text("tag", "Empty or * is every version."),
        texts("label", "name, name=value or name~part; all of them have to hold.", "labels"),
        text("hash_key", "This version."),
        time("since", "Stored then or later."),
        time("until", "Stored then or earlier."),
        text("kind", "Such as job or serving."),
        texts("state", "status.state is one of these.", "states"),
        number("limit", "Rows at most, newest first; 0 is all.", default=0),
        _FORMAT,
        *PAGING,
    ),
    gives=Functions,
)
RULES = (
    *_BOTH,
    _LIST,
    *(rule.at("/func/{project}/{name}") for rule in _BOTH),
    _LIST.at("/funcs", text("project", "Empty or * is every project.")),
)
V1 = (Rule("DELETE", _ONE, delete, "Delete every version of a function", status=204),)
V2 = (
    Rule("DELETE", _ONE, delete_v2, "Delete every version of a function", gives=BackgroundTask, status=202),
)
