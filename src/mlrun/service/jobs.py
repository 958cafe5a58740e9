"""From what a client asks to be run to a run that is stored, and will be started."""

from __future__ import annotations

import contextlib
import datetime
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from mlrun import urls
from mlrun.config import mlconf
from mlrun.db import records
from mlrun.db.base import Record, RunDB
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.execution.children import child_of
from mlrun.launcher import thresholds
from mlrun.launcher.base import Private
from mlrun.launcher.local import LocalLauncher
from mlrun.model.cron import cron_trigger
from mlrun.model.duration import seconds_of
from mlrun.model.retry import Retry
from mlrun.model.run import Run, RunSpec, RunState
from mlrun.model.timetable import Timetable
from mlrun.runtimes import prepare
from mlrun.runtimes.base import Launch
from mlrun.runtimes.pod_sweep import has_pods_of_its_own
from mlrun.secrets import SecretsStore, masked_sources
from mlrun.service.functions import function_of, pod_function
from mlrun.service.telling import as_hidden, give_back, take

SCHEDULE_LABEL = "mlrun/schedule-name"  # of the runs that a schedule has started


class Prepared(NamedTuple):
    """A run that can be started."""

    run: Run
    hidden: str  # what of it may be in no record, as JSON; empty for nothing


def prepared(task: Record, function: Any, db: RunDB, launcher: LocalLauncher) -> Prepared:
    """
    Args:
        task: A task or a run.
        function: Beside it, a dictionary, which is stored, or an address; None where the task names it.
        db: As the caller sees it: what is not there can not be run.

    Raises:
        MLRunInvalidArgumentError: The function, or the cluster, can not run such a thing.
        MLRunNotFoundError: There is no such function.
        MLRunPreconditionFailedError: It needs an image that is not built.
    """
    run = Run.from_dict({part: records.part(task, part, "a task") for part in ("metadata", "spec")})
    meta, spec = run.metadata, run.spec
    meta.uid = prepare.check_word(meta.uid or uuid.uuid4().hex, "uid")
    meta.project = meta.project or records.default_project()
    if isinstance(function, Mapping):
        spec.function = _stored(dict(function), meta.project, db)
    elif function:
        spec.function = str(function)
    found = function_of(run, db)
    name = meta.name or prepare.run_name(found, spec.handler)
    meta.name = prepare.check_word(urls.normalize_name(name), "name")
    meta.labels = {"kind": found.kind, **meta.labels}
    spec.output_path = prepare.output_path(spec.output_path)
    spec.handler = spec.handler or found.spec.default_handler
    spec.state_thresholds = {**thresholds.defaults(), **found.spec.state_thresholds, **spec.state_thresholds}
    run.status.state = RunState.PENDING.value
    hidden = as_hidden(_take_inline_secrets(spec) | take(spec))
    Retry.of(spec.retry)
    found.check_built()
    found.check_runnable(spec, Launch(db, SecretsStore(), spec.handler, launcher=launcher))
    child = child_of(run, 1, spec.parameters) if has_pods_of_its_own(spec) else run
    found.manifest(child, launcher.place(), Private())
    return Prepared(run, hidden)


def store_schedule(task: Record, function: Any, schedule: Any, db: RunDB, launcher: LocalLauncher) -> Record:
    """
    Create the schedule of a task, or change it, by the name of its runs.

    Returns:
        ``{"schedule", "project", "name", "action": "created" | "modified"}``, and ``hidden``, which is not
        for clients.

    Raises:
        MLRunInvalidArgumentError: A schedule that is none, never fires, or fires too often; else as
            :func:`prepared`.
    """
    check_interval(schedule)
    run, hidden = prepared(task, function, db, launcher)
    project, name = run.metadata.project, run.metadata.name
    run.metadata.uid = ""  # each firing has its own
    scheduled = {"task": run.to_dict(fields=["metadata", "spec"])}
    record = {"kind": "job", "scheduled_object": scheduled, "cron_trigger": schedule}
    record["labels"] = run.metadata.labels
    try:
        db.get_schedule(project, name)
        db.update_schedule(project, name, record)
        action = "modified"
    except MLRunNotFoundError:
        limit = int(mlconf.httpdb.scheduling.default_concurrency_limit)
        action = _create(db, project, {**record, "name": name, "concurrency_limit": limit})
    return {"schedule": schedule, "project": project, "name": name, "action": action, "hidden": hidden}


def check_interval(schedule: Any) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: *schedule* is none, never fires, or too often.
    """
    least = str(mlconf.httpdb.scheduling.min_allowed_interval)
    least_s = max(0.0, seconds_of(least, "httpdb.scheduling.min_allowed_interval"))
    Timetable(cron_trigger(schedule)).check(datetime.datetime.now(datetime.timezone.utc), least_s)


def check_function(record: Record, project: str, db: RunDB) -> None:
    """
    That what a schedule is to run may be read by whoever stores the schedule; it may be stored later.

    Raises:
        MLRunAccessDeniedError: It is another project's.
        MLRunInvalidArgumentError: It does not run in pods.
    """
    run = _scheduled({"scheduled_object": {}, **record, "project": project, "name": ""}, "")
    if run.spec.function:
        with contextlib.suppress(MLRunNotFoundError):
            function_of(run, db)


def take_secrets(record: Record) -> str:
    """
    Take what is secret out of what a schedule is to run, in place, and give it as JSON.

    Raises:
        MLRunInvalidArgumentError: One is no source of secrets, or no notification.
    """
    scheduled = records.part(record, "scheduled_object", "a schedule")
    task = records.part(scheduled, "task", "the scheduled_object")
    spec = RunSpec.from_dict(records.part(task, "spec", "a task"))
    if not (spec.secret_sources or spec.notifications):
        return ""
    hidden = _take_inline_secrets(spec) | take(spec)
    kept = {"secret_sources": spec.secret_sources, "notifications": spec.notifications}
    task["spec"] = {
        **records.part(task, "spec", "a task"),
        **{name: value for name, value in kept.items() if value},
    }
    record["scheduled_object"] = {**scheduled, "task": task}
    return as_hidden(hidden)


def set_notifications(record: Record, hidden: str, notifications: list[Any]) -> str:
    """
    Have the runs of a schedule tell of themselves by *notifications* alone; gives what is hidden then.

    Raises:
        MLRunInvalidArgumentError: One can not be sent; the message says why.
    """
    scheduled = records.part(record, "scheduled_object", "a schedule")
    task = records.part(scheduled, "task", "the scheduled_object")
    spec, other = RunSpec(notifications=notifications), give_back(Run(), hidden)
    taken = take(spec)
    shown = {**records.part(task, "spec", "a task"), "notifications": spec.notifications}
    record["scheduled_object"] = {**scheduled, "task": {**task, "spec": shown}}
    return as_hidden(other | taken)


def run_of_schedule(schedule: Record, uid: str) -> Record:
    """
    The run that a firing of *schedule* starts.

    Raises:
        MLRunInvalidArgumentError: The schedule says nothing that could be run.
    """
    run = _scheduled(schedule, uid)
    if not run.spec.function:
        raise MLRunInvalidArgumentError(
            "its scheduled_object has no task with a function: {'task': {'spec': {'function': 'iris/train'}}}"
        )
    meta = run.metadata
    meta.name = meta.name or str(schedule["name"])
    meta.labels = {**meta.labels, SCHEDULE_LABEL: str(schedule["name"])}
    run.status.state = RunState.PENDING.value
    return run.to_dict()


def _scheduled(schedule: Record, uid: str) -> Run:
    scheduled = records.part(schedule, "scheduled_object", "a schedule")
    task = records.part(scheduled, "task", "the scheduled_object")
    run = Run.from_dict({part: records.part(task, part, "a task") for part in ("metadata", "spec")})
    run.metadata.uid, run.metadata.project = uid, str(schedule["project"])
    return run


def _create(db: RunDB, project: str, record: Record) -> str:
    try:
        db.create_schedule(project, record)
        return "created"
    except MLRunConflictError:  # somebody was quicker
        db.update_schedule(project, record["name"], record)
        return "modified"


def _stored(function: Record, project: str, db: RunDB) -> str:
    """The address of *function*, once it is in the database."""
    found = pod_function(function)
    meta = found.metadata
    meta.project = meta.project or project
    hash_key = db.store_function(found.to_dict(), meta.name, meta.project, meta.tag, versioned=True)
    return f"{meta.project}/{meta.name}@{hash_key}"


def _take_inline_secrets(spec: RunSpec) -> dict[str, Any]:
    """Take the values out of *spec*, and give them."""
    values: dict[str, str] = {}
    for source in spec.secret_sources:
        if source.get("kind") == "inline" and isinstance(source.get("source"), Mapping):
            prefix = str(source.get("prefix") or "")
            values |= {f"{prefix}{name}": str(value) for name, value in source["source"].items()}
    spec.secret_sources = masked_sources(spec.secret_sources)
    return values
