"""Projects: created, replaced, patched, listed with what is in them, deleted."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mlrun.api.answers import as_json, done
from mlrun.api.codec import EVERY_PROJECT, Call, Rule, part
from mlrun.api.parameters import flag, header, text, texts, word
from mlrun.api.routes import bundles
from mlrun.api.shapes import Project, Projects, ProjectSummaries, ProjectSummary
from mlrun.db.base import Record
from mlrun.errors import MLRunInvalidArgumentError

FORMATS = ("full", "name_only", "minimal", "leader")
MODES = ("replace", "additive")
STRATEGIES = ("check", "restrict", "restricted", "cascade", "cascading")
_SAME = {"restrict": "restricted", "cascading": "cascade"}  # as MLRun's headers spell them


def create(call: Call) -> Response:
    call.flag("wait-for-completion")
    return as_json(call.db.create_project(_with_state(call.record())), 201)


def store(call: Call) -> Response:
    call.flag("wait-for-completion")
    return as_json(call.db.store_project(_name(call), _with_state(call.record())))


def patch(call: Call) -> Response:
    mode = call.text("x-mlrun-patch-mode")
    return as_json(call.db.patch_project(_name(call), call.record(), mode))


def read(call: Call) -> Response:
    call.text("format")
    return as_json(call.db.get_project(call.path["name"]))


def list_all(call: Call) -> Response:
    format_ = call.text("format")
    projects = call.db.list_projects(
        owner=call.text("owner"),
        format_="name_only" if format_ == "name_only" else "full",
        labels=call.texts("label"),
        state=call.text("state"),
    )
    names = call.texts("name")
    return as_json({"projects": [one for one in projects if not names or _name_of(one) in names]})


def delete(call: Call) -> Response:
    asked = call.text("x-mlrun-deletion-strategy")
    call.db.delete_project(_name(call), _SAME.get(asked, asked))
    bundles.forget(_name(call))
    return done(204)


def list_summaries(call: Call) -> Response:
    names = call.db.list_projects(
        owner=call.text("owner"), format_="name_only", labels=call.texts("label"), state=call.text("state")
    )
    return as_json({"project_summaries": call.db.summarize_projects(names)})


def read_summary(call: Call) -> Response:
    name = call.path["name"]
    if name not in call.db.list_projects(format_="name_only"):
        call.db.get_project(name)  # says that there is none
    return as_json(call.db.summarize_projects([name])[0])


def _with_state(project: Record) -> Record:
    """A stored project is online; clients wait until it is."""
    status = part(project, "status", "a project")
    part(project, "spec", "a project")
    return {"kind": "project", **project, "status": {**status, "state": status.get("state") or "online"}}


def _name(call: Call) -> str:
    name = call.path["name"]
    if name == EVERY_PROJECT:
        raise MLRunInvalidArgumentError("'*' is every project, and can not be the name of one")
    return name


def _name_of(project: Any) -> Any:
    return project if isinstance(project, str) else project["metadata"]["name"]


_ONE = "/projects/{name}"
_WAIT = flag("wait-for-completion", "Taken for compatibility: it is done when this answers.", default=True)
_FORMAT = word("format", FORMATS, "name_only gives names, every other one records.", default="full")
_FILTERS = (
    text("owner", "spec.owner is this."),
    texts("label", "name, name=value or name~part; all of them have to hold."),
    text("state", "status.state is this."),
)
RULES = (
    Rule("POST", "/projects", create, "Create a project", (_WAIT,), Project, Project, 201, (409,)),
    Rule(
        "GET",
        "/projects",
        list_all,
        "List projects by name",
        (*_FILTERS, texts("name", "One of these."), _FORMAT),
        gives=Projects,
    ),
    Rule("PUT", _ONE, store, "Store a project, or replace it", (_WAIT,), Project, Project),
    Rule(
        "PATCH",
        _ONE,
        patch,
        "Change parts of a project",
        (
            header(
                "x-mlrun-patch-mode",
                MODES,
                "What happens to a list: additive lengthens it.",
                default=MODES[0],
            ),
        ),
        Project,
        Project,
        errors=(404,),
    ),
    Rule("GET", _ONE, read, "Read a project", (_FORMAT,), gives=Project, errors=(404,)),
    Rule(
        "DELETE",
        _ONE,
        delete,
        "Delete a project",
        (
            header(
                "x-mlrun-deletion-strategy",
                STRATEGIES,
                "restrict: an empty one; check: only look whether it is empty; cascade: with all in it.",
                default="restricted",
            ),
        ),
        status=204,
        errors=(404, 412),
    ),
    Rule(
        "GET",
        "/project-summaries",
        list_summaries,
        "How much is in each project",
        _FILTERS,
        gives=ProjectSummaries,
    ),
    Rule(
        "GET",
        "/project-summaries/{name}",
        read_summary,
        "How much is in a project",
        gives=ProjectSummary,
        errors=(404,),
    ),
)
