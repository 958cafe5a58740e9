"""Schedules: what is to be run when."""

from __future__ import annotations

from starlette.responses import Response

from mlrun.api.answers import as_json, done
from mlrun.api.codec import Call, Rule
from mlrun.api.parameters import flag, text, texts, word
from mlrun.api.service_shapes import Schedule, Schedules, Submitted
from mlrun.api.shapes import Notifications
from mlrun.db.base import Record
from mlrun.model.query import label_list
from mlrun.service import jobs

KINDS = ("job", "pipeline")


def create(call: Call) -> Response:
    record = _checked(call.record(), call)
    hidden = jobs.take_secrets(record)
    schedule = call.db.create_schedule(call.project, record)
    call.house.service.hide_with_schedule(schedule["project"], schedule["name"], hidden)
    return as_json(schedule, 201)


def update(call: Call) -> Response:
    record = _checked(call.record(), call)
    hidden = jobs.take_secrets(record)
    schedule = call.db.update_schedule(call.project, call.path["name"], record)
    if record.get("scheduled_object"):
        call.house.service.hide_with_schedule(schedule["project"], schedule["name"], hidden)
    call.house.service.wake()
    return as_json(schedule)


def read(call: Call) -> Response:
    include = call.flag("include_last_run")
    return as_json(call.db.get_schedule(call.project, call.path["name"], include))


def list_all(call: Call) -> Response:
    return as_json(
        call.db.list_schedules(
            project=call.projects,
            name=call.text("name"),
            kind=call.text("kind"),
            include_last_run=call.flag("include_last_run"),
            labels=[label for given in call.texts("label") for label in label_list(given)],
        )
    )


def invoke(call: Call) -> Response:
    return as_json({"data": call.house.service.invoke(call.project, call.path["name"])})


def delete(call: Call) -> Response:
    call.db.delete_schedule(call.project, call.path["name"])
    return done(204)


def delete_all(call: Call) -> Response:
    call.db.delete_schedules(call.project)
    return done(204)


def set_notifications(call: Call) -> Response:
    notifications = call.record()["notifications"]
    call.house.service.set_schedule_notifications(call.project, call.path["name"], notifications)
    return done()


def _checked(record: Record, call: Call) -> Record:
    """
    Raises:
        MLRunInvalidArgumentError: It would fire too often, or what it names can not be run.
        MLRunAccessDeniedError: Its function is another project's.
    """
    if record.get("cron_trigger"):
        jobs.check_interval(record["cron_trigger"])
    if record.get("scheduled_object"):
        jobs.check_function(record, call.project, call.db)
    return record


_ALL = "/projects/{project}/schedules"
_ONE = "/projects/{project}/schedules/{name}"
_LAST_RUN = flag("include_last_run", "With the last run that it has started.")
RULES = (
    Rule("POST", _ALL, create, "Create a schedule", (), Schedule, Schedule, 201, (409,)),
    Rule(
        "GET",
        _ALL,
        list_all,
        "List schedules by name",
        (
            text("name", "All of it, else a part of it; ~part is a part in any case."),
            word("kind", KINDS, "Of this kind."),
            texts("label", "name or name=value; all of them have to hold.", "labels"),
            _LAST_RUN,
        ),
        gives=Schedules,
    ),
    Rule("DELETE", _ALL, delete_all, "Delete every schedule of a project", status=204),
    Rule("PUT", _ONE, update, "Change parts of a schedule", (), Schedule, Schedule, errors=(404,)),
    Rule("GET", _ONE, read, "Read a schedule", (_LAST_RUN,), gives=Schedule, errors=(404,)),
    Rule("DELETE", _ONE, delete, "Delete a schedule, if it is there", status=204),
    Rule(
        "POST",
        f"{_ONE}/invoke",
        invoke,
        "Submit a run of a schedule now, beside its times",
        gives=Submitted,
        errors=(404, 409, 501),
    ),
    Rule(
        "PUT",
        f"{_ONE}/notifications",
        set_notifications,
        "Replace the notifications of the runs that a schedule starts",
        takes=Notifications,
        errors=(404,),
    ),
)
