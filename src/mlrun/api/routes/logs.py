"""Logs: appended as bytes, read by offset, with the run's state in a header."""

from __future__ import annotations

from starlette.responses import Response

from mlrun.api.answers import as_json, done
from mlrun.api.codec import Call, Rule
from mlrun.api.parameters import flag, number
from mlrun.api.shapes import LogSize

STATE = "x-mlrun-run-state"


def store_log(call: Call) -> Response:
    append, once = call.flag("append"), call.once("log")
    call.db.store_log(call.path["uid"], call.project, call.body, append=append, once=once)
    return done()


def get_log(call: Call) -> Response:
    offset, size = call.number("offset") or 0, call.number("size")
    most = max(size or 0, 0)  # -1 is all
    state, body = call.db.get_log(call.path["uid"], call.project, offset=offset, size=most)
    return Response(body, media_type="text/plain", headers={STATE: state})


def get_log_size(call: Call) -> Response:
    uid, project = call.path["uid"], call.project
    size = call.db.get_log_size(uid, project)
    if not size:
        _ = call.db.get_log(uid, project, size=1)  # where there is neither log nor run, this says so
    return as_json({"size": size})


_LOG = "/projects/{project}/logs/{uid}"
_BOTH = (
    Rule(
        "POST",
        _LOG,
        store_log,
        "Append to the log of a run",
        (flag("append", "Else the log is replaced.", default=True),),
        "application/octet-stream",
        is_one_write=True,
    ),
    Rule(
        "GET",
        _LOG,
        get_log,
        "A part of the log of a run",
        (
            number("offset", "Bytes before it.", default=0),
            number("size", "Bytes at most; 0 and -1 are all.", least=-1, default=0),
        ),
        gives="text/plain",
        errors=(404,),
        tells={STATE: "The state of the run; empty where there is none."},
    ),
)
RULES = (
    *_BOTH,
    Rule("GET", f"{_LOG}/size", get_log_size, "How long the log of a run is", gives=LogSize, errors=(404,)),
    *(rule.at("/log/{project}/{uid}") for rule in _BOTH),
)
