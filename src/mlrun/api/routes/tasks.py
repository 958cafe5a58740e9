"""Background tasks, of a project and of the whole service."""

from __future__ import annotations

from starlette.responses import Response

from mlrun.api.answers import as_json
from mlrun.api.codec import Call, Rule
from mlrun.api.parameters import text, time, word
from mlrun.api.shapes import BackgroundTask, BackgroundTasks


def read(call: Call) -> Response:
    return as_json(call.db.get_background_task(call.path["name"], call.project))


def list_all(call: Call) -> Response:
    tasks = call.db.list_background_tasks(
        project=call.project,
        name=call.text("name"),
        kind=call.text("kind"),
        state=call.text("state"),
        created_from=call.time("created_from"),
        created_to=call.time("created_to"),
        last_update_time_from=call.time("last_update_time_from"),
        last_update_time_to=call.time("last_update_time_to"),
    )
    return as_json({"background_tasks": tasks})


_ALL = "/projects/{project}/background-tasks"
_READ = Rule("GET", f"{_ALL}/{{name}}", read, "Read a background task", gives=BackgroundTask, errors=(404,))
_LIST = Rule(
    "GET",
    _ALL,
    list_all,
    "List background tasks, newest first",
    (
        text("kind", "What is done, such as run.abort."),
        text("name", "This one."),
        word("state", ("running", "succeeded", "failed"), "In this state."),
        time("created_from", "Created then or later."),
        time("created_to", "Created then or earlier."),
        time("last_update_time_from", "Changed then or later."),
        time("last_update_time_to", "Changed then or earlier."),
    ),
    gives=BackgroundTasks,
)
_PROJECT = text("project", "Empty is those of the whole service.")
RULES = (
    _READ,
    _LIST,
    _READ.at("/background-tasks/{name}", _PROJECT, is_old=False),
    _LIST.at("/background-tasks", _PROJECT, is_old=False),
)
