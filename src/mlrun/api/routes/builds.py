"""Images: have one built for a function, and ask how far it is."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response

from mlrun.api.answers import as_json
from mlrun.api.codec import Call, Rule
from mlrun.api.needs import refuse_foreign
from mlrun.api.parameters import flag, number, text
from mlrun.api.service_shapes import Build, BuildAnswer
from mlrun.code.bundles import place_of_server
from mlrun.config import mlconf
from mlrun.errors import MLRunBadRequestError, MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.runtimes.build_record import BUILDING, log_uid
from mlrun.runtimes.building import BuildRequest
from mlrun.runtimes.sources import is_folder
from mlrun.settings import BOOLS
from mlrun.urls import scheme

STATE, IMAGE, POD, TEXT = "function_status", "function_image", "builder_pod", "deploy_status_text_kind"
LAST = "x-mlrun-last-timestamp"
_WORDS = {BUILDING: "running"}  # MLRun's client asks on while it reads pending or running


def build(call: Call) -> Response:
    body = call.record()
    function = body["function"]
    project = (function.get("metadata") or {}).get("project") or mlconf.current_project
    if call.caller.projects is not None:
        refuse_foreign(call.caller.projects, project)
    request = BuildRequest(
        with_mlrun=_is_wanted(body.get("with_mlrun")),
        mlrun_version_specifier=body.get("mlrun_version_specifier") or "",
        builder_env=body.get("builder_env"),
        skip_deployed=bool(body.get("skip_deployed")),
        force_build=bool(body.get("force_build")),
        source=_source(body.get("source") or "", project),
    )
    _refuse_own_files((function.get("spec") or {}).get("build") or {}, request)
    stored, is_ready = call.house.builds.start(function, request)
    return as_json({"data": stored, "ready": is_ready})


def status(call: Call) -> Response:
    """The state is read before the log, so that with a final one the log is whole."""
    name, project, tag = call.text("name"), call.project, call.text("tag")
    _ = call.number("events_offset"), call.text("last_log_timestamp"), call.flag("verbose")
    if not name or not project:
        raise MLRunBadRequestError("name= and project= say which function is asked for")
    function = call.house.builds.settled(call.db.get_function(name, project, tag))
    state, spec = function.get("status") or {}, function.get("spec") or {}
    log = _log(call, log_uid(name, tag), project) if call.flag("logs") else b""
    word = _WORDS.get(state.get("state") or "", state.get("state") or "")
    told = {
        STATE: word,
        f"x-mlrun-{STATE.replace('_', '-')}": word,
        IMAGE: state.get("container_image") or spec.get("image") or "",
        POD: state.get("build_pod") or "",
        LAST: "0",
        TEXT: "logs",
    }
    return Response(log, media_type="text/plain", headers=told)


def _log(call: Call, uid: str, project: str) -> bytes:
    try:
        return call.db.get_log(uid, project, offset=call.number("offset") or 0)[1]
    except MLRunNotFoundError:  # nothing was built: an image that was there already
        return b""


def _source(address: str, project: str) -> str:
    """The bundle at *address*, which this server keeps, as it is found in this process."""
    if not address:
        return ""
    digest = address.removeprefix("bundle://")
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise MLRunInvalidArgumentError(
            f"source={address[:99]!r} is no bundle://<digest> that was shipped here"
        )
    return place_of_server(project).address(digest)


def _refuse_own_files(build: dict[str, Any], request: BuildRequest) -> None:
    """What is on the server's own disk goes into no image."""
    source = build.get("source") or ""
    if not source or request.source or build.get("load_source_on_run"):
        return
    if scheme(source) in ("", "file") or is_folder(source):
        raise MLRunInvalidArgumentError(
            f"the source {source[:99]!r} is none that this server can fetch; its own files are not for"
            " images, and fn.deploy() ships a folder of the client"
        )


def _is_wanted(word: Any) -> bool | None:
    if word is None or isinstance(word, bool):
        return word
    if str(word).lower() not in BOOLS:
        raise MLRunInvalidArgumentError(f"with_mlrun is yes or no, not {str(word)[:99]!r}")
    return BOOLS[str(word).lower()]


_BUILD = Rule(
    "POST",
    "/build/function",
    build,
    "Build the image of a function",
    takes=Build,
    gives=BuildAnswer,
    errors=(501,),
    also=("/build/function/",),
)
_STATUS = Rule(
    "GET",
    "/build/status",
    status,
    "How far the image of a function is, and what its build has printed",
    (
        text("name", "Of the function."),
        text("project", "Of the function."),
        text("tag", "latest where it is empty."),
        number("offset", "Bytes of the log before it.", default=0),
        flag("logs", "Give the log.", default=True),
        number("events_offset", "Taken for compatibility.", default=0),
        text("last_log_timestamp", "Taken for compatibility: of functions whose log has times."),
        flag("verbose", "Taken for compatibility: a log is whole."),
    ),
    gives="text/plain",
    errors=(404,),
    tells={
        STATE: "pending, running, ready or error; empty where nothing was built.",
        f"x-mlrun-{STATE.replace('_', '-')}": "The same.",
        IMAGE: "Its image, once it is there.",
        POD: "The pod that builds, where one does.",
        LAST: "0: the log of a build has no times.",
        TEXT: "logs",
    },
    also=("/build/status/",),
)
RULES = (_BUILD, _STATUS)
