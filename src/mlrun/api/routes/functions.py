"""Functions: versions by hash and tag."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mlrun.api.answers import as_json, done
from mlrun.api.codec import Call, Rule, part
from mlrun.api.pages import listing, normal
from mlrun.db.base import Record

FORMATS = ("full", "minimal")


def store(call: Call) -> Response:
    function = call.record()
    for name in ("metadata", "spec"):
        part(function, name, "a function")
    hash_key = call.db.store_function(
        function, call.path["name"], call.project, call.text("tag"), call.flag("versioned", False)
    )
    return as_json({"hash_key": hash_key})


def read(call: Call) -> Response:
    call.word("format", FORMATS)
    function = call.db.get_function(call.path["name"], call.project, call.text("tag"), call.text("hash_key"))
    return as_json({"func": function})


def list_all(call: Call) -> Response:
    found = listing(call)
    call = found.call
    call.word("format", FORMATS)
    until = call.time("until")
    asked: dict[str, Any] = {
        "name": call.text("name"),
        "project": call.projects,
        "tag": call.text("tag"),
        "labels": call.texts("label", "labels"),
        "since": call.time("since"),
        "hash_key": call.text("hash_key"),
    }

    def fetch(before: str, most: int) -> list[Record]:
        first = min(filter(None, (before, until)), default="")
        return call.db.list_functions(**asked, until=first)[: most or None]

    rows, page = found.rows(fetch, lambda function: normal(function["metadata"].get("updated")))
    return as_json({"funcs": rows, "pagination": page})


def delete(call: Call) -> Response:
    call.db.delete_function(call.path["name"], call.project)
    return done(204)


def delete_v2(call: Call) -> Response:
    """It is done when this answers; the client asks for the task all the same."""
    call.db.delete_function(call.path["name"], call.project)
    return as_json(call.house.tasks.add_done("function.deletion", call.project), 202)


_ONE = "/projects/{project}/functions/{name}"
RULES = (
    Rule("POST", _ONE, store),
    Rule("GET", _ONE, read),
    Rule("GET", "/projects/{project}/functions", list_all),
    Rule("POST", "/func/{project}/{name}", store),
    Rule("GET", "/func/{project}/{name}", read),
    Rule("GET", "/funcs", list_all),
)
V1 = (Rule("DELETE", _ONE, delete),)
V2 = (Rule("DELETE", _ONE, delete_v2),)
