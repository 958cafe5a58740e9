"""Logs: appended as bytes, read by offset, with the run's state in a header."""

from __future__ import annotations

from starlette.responses import Response

from mlrun.api.answers import as_json, done
from mlrun.api.codec import Call, Rule

STATE = "x-mlrun-run-state"


def store_log(call: Call) -> Response:
    call.db.store_log(call.path["uid"], call.project, call.body, append=call.flag("append", True))
    return done()


def get_log(call: Call) -> Response:
    offset, size = call.number("offset") or 0, call.number("size", least=-1)
    most = max(size or 0, 0)  # -1 is all
    state, body = call.db.get_log(call.path["uid"], call.project, offset=offset, size=most)
    return Response(body, media_type="text/plain", headers={STATE: state})


def get_log_size(call: Call) -> Response:
    uid, project = call.path["uid"], call.project
    size = call.db.get_log_size(uid, project)
    if not size:
        _ = call.db.get_log(uid, project, size=1)  # where there is neither log nor run, this says so
    return as_json({"size": size})


def _at(path: str) -> tuple[Rule, ...]:
    return Rule("POST", path, store_log), Rule("GET", path, get_log)


RULES = (
    *_at("/projects/{project}/logs/{uid}"),
    Rule("GET", "/projects/{project}/logs/{uid}/size", get_log_size),
    *_at("/log/{project}/{uid}"),
)
