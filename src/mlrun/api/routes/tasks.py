"""Background tasks, asked for by name."""

from __future__ import annotations

from starlette.responses import Response

from mlrun.api.answers import as_json
from mlrun.api.codec import Call, Rule


def read(call: Call) -> Response:
    return as_json(call.house.tasks.get(call.path["name"], call.projects))


def list_all(call: Call) -> Response:
    tasks = call.house.tasks.list(call.projects)
    kind, name, state = call.text("kind"), call.text("name"), call.text("state")
    return as_json(
        {
            "background_tasks": [
                task
                for task in tasks
                if kind in ("", task["metadata"]["kind"])
                and name in ("", task["metadata"]["name"])
                and state in ("", task["status"]["state"])
            ]
        }
    )


RULES = (
    Rule("GET", "/projects/{project}/background-tasks/{name}", read),
    Rule("GET", "/projects/{project}/background-tasks", list_all),
    Rule("GET", "/background-tasks/{name}", read),
    Rule("GET", "/background-tasks", list_all),
)
