"""Projects: created, replaced, patched, listed with what is in them, deleted."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mlrun.api.answers import as_json, done
from mlrun.api.codec import EVERY_PROJECT, Call, Rule, part
from mlrun.db.base import Record
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.run import RunState

FORMATS = ("full", "name_only", "minimal", "leader")
MODES = ("replace", "additive")
STRATEGIES = ("check", "restrict", "restricted", "cascade", "cascading")
_SAME = {"restrict": "restricted", "cascading": "cascade"}  # as MLRun's headers spell them
RECENT_H = 24  # what MLRun's dashboard calls recent


def create(call: Call) -> Response:
    call.flag("wait-for-completion", True)
    return as_json(call.db.create_project(_with_state(call.record())), 201)


def store(call: Call) -> Response:
    call.flag("wait-for-completion", True)
    return as_json(call.db.store_project(_name(call), _with_state(call.record())))


def patch(call: Call) -> Response:
    mode = call.word("x-mlrun-patch-mode", MODES, "replace", header=True)
    changes, name = call.record(), _name(call)
    with call.house.patching:
        return as_json(call.db.store_project(name, merged(call.db.get_project(name), changes, mode)))


def read(call: Call) -> Response:
    call.word("format", FORMATS)
    return as_json(call.db.get_project(call.path["name"]))


def list_all(call: Call) -> Response:
    format_ = call.word("format", FORMATS, "full")
    projects = call.db.list_projects(
        owner=call.text("owner"),
        format_="name_only" if format_ == "name_only" else "full",
        labels=call.texts("label"),
        state=call.text("state"),
    )
    names = call.texts("name")
    return as_json({"projects": [one for one in projects if not names or _name_of(one) in names]})


def delete(call: Call) -> Response:
    asked = call.word("x-mlrun-deletion-strategy", STRATEGIES, "restricted", header=True)
    call.db.delete_project(_name(call), _SAME.get(asked, asked))
    return done(204)


def list_summaries(call: Call) -> Response:
    names = call.db.list_projects(
        owner=call.text("owner"), format_="name_only", labels=call.texts("label"), state=call.text("state")
    )
    return as_json({"project_summaries": [_summary(call, name) for name in names]})


def read_summary(call: Call) -> Response:
    name = call.path["name"]
    if name not in call.db.list_projects(format_="name_only"):
        call.db.get_project(name)  # says that there is none
    return as_json(_summary(call, name))


def merged(record: Record, changes: Record, mode: str) -> Record:
    """*record* with *changes*, dictionary by dictionary; lists are replaced, or lengthened (``additive``)."""
    result = dict(record)
    for key, value in changes.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            result[key] = merged(old, value, mode)
        elif mode == "additive" and isinstance(old, list) and isinstance(value, list):
            result[key] = [*old, *(one for one in value if one not in old)]
        else:
            result[key] = value
    return result


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


def _summary(call: Call, name: str) -> Record:
    from mlrun.db.times import days_before_now

    recent = days_before_now(RECENT_H / 24)

    def runs(*states: RunState, since: str = "") -> int:
        found = call.db.list_runs(project=name, states=list(states), last_update_time_from=since)
        return len(found)

    def artifacts(category: str) -> int:
        return len({_key(one) for one in call.db.list_artifacts(project=name, category=category)})

    return {
        "name": name,
        "files_count": artifacts("other"),
        "models_count": artifacts("model"),
        "datasets_count": artifacts("dataset"),
        "documents_count": artifacts("document"),
        "feature_sets_count": 0,
        "runs_running_count": runs(RunState.RUNNING, RunState.PENDING),
        "runs_failed_recent_count": runs(RunState.ERROR, RunState.ABORTED, since=recent),
        "runs_completed_recent_count": runs(RunState.COMPLETED, since=recent),
        "distinct_schedules_count": 0,
        "distinct_scheduled_jobs_pending_count": 0,
        "distinct_scheduled_pipelines_pending_count": 0,
        "pipelines_completed_recent_count": 0,
        "pipelines_failed_recent_count": 0,
        "pipelines_running_count": 0,
    }


def _key(artifact: Record) -> Any:
    return (artifact.get("spec") or {}).get("db_key") or artifact["metadata"].get("key")


RULES = (
    Rule("POST", "/projects", create),
    Rule("GET", "/projects", list_all),
    Rule("PUT", "/projects/{name}", store),
    Rule("PATCH", "/projects/{name}", patch),
    Rule("GET", "/projects/{name}", read),
    Rule("DELETE", "/projects/{name}", delete),
    Rule("GET", "/project-summaries", list_summaries),
    Rule("GET", "/project-summaries/{name}", read_summary),
)
