"""Submitting: a run is taken, to be started in its turn, or at the times of a schedule."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mlrun.api.answers import as_json
from mlrun.api.codec import Call, Rule, part
from mlrun.api.needs import refuse_foreign
from mlrun.api.service_shapes import Submission, Submitted
from mlrun.db.records import default_project
from mlrun.errors import MLRunInvalidArgumentError


def submit(call: Call) -> Response:
    body = call.record()
    task, function, schedule = body.get("task"), body.get("function"), body.get("schedule")
    if not isinstance(task, dict):
        raise MLRunInvalidArgumentError(
            'what is to be run stands under "task":'
            ' {"task": {"metadata": {"name": "train"}, "spec": {"function": "iris/train"}}}'
        )
    _check_project(call, task)
    service = call.house.service
    if schedule:
        return as_json({"data": service.schedule(task, function, schedule, call.db)})
    return as_json({"data": service.submit(task, function, call.db)})


def _check_project(call: Call, task: dict[str, Any]) -> None:
    """The address does not name the project; the task does."""
    if call.caller.projects is not None:
        project = str(part(task, "metadata", "a task").get("project") or default_project())
        refuse_foreign(call.caller.projects, project)


RULES = (
    Rule(
        "POST",
        "/submit_job",
        submit,
        "Have a run started in its turn, or at the times of a schedule",
        takes=Submission,
        gives=Submitted,
        errors=(404, 409, 412, 501),
        also=("/submit_job/", "/submit", "/submit/"),
    ),
)
