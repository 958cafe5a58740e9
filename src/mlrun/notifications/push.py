"""Sends what is due about a run, once, and records what became of it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from mlrun.db.base import RunDB
from mlrun.errors import MLRunAccessDeniedError, err_to_str
from mlrun.log import logger
from mlrun.model.notification import Notification, NotificationStatus
from mlrun.model.run import Run
from mlrun.notifications import kinds
from mlrun.notifications.base import News
from mlrun.notifications.templates import holds, render
from mlrun.secrets import Masker

_PENDING, _SENT, _ERROR = (status.value for status in NotificationStatus)


def push(run: Run, notifications: Iterable[Notification], db: RunDB, masker: Masker | None = None) -> None:
    """
    Send those that are due in the run's present state.

    That one is tried is recorded (in ``status.notifications``, by name) before it is sent, so none is sent
    twice for one state; what became of it is recorded after. One that does not arrive changes nothing for
    the run.

    Args:
        run: As it is stored; its status is changed in place.
        masker: Learns what is secret in them.
    """
    state = run.status.state
    known = run.status.notifications
    due = [one for one in notifications if state in one.when and state not in _tried(known.get(one.name))]
    if not due:
        return
    masker = masker or Masker()
    for one in _revealed(due, run, db):
        for text in one.secret_params.values():
            masker.add(str(text))
        _push(one, run, db, masker)


def _push(one: Notification, run: Run, db: RunDB, masker: Masker) -> None:
    tried = [*_tried(run.status.notifications.get(one.name)), run.status.state]
    try:
        if not holds(one.condition, run):
            return
        _record(one, run, db, {"status": _PENDING, "sent_time": _now(), "states": tried})
        kinds.get(one.kind)().send(_news(one, run), one.all_params)
    except Exception as error:  # of a server, or of another package's kind
        reason = masker.mask(err_to_str(error))
        logger.warning(f"run {run.key}: notification {one.name!r} ({one.kind}) was not sent: {reason}")
        _record(one, run, db, {"status": _ERROR, "reason": reason, "sent_time": _now(), "states": tried})
    else:
        _record(one, run, db, {"status": _SENT, "sent_time": _now(), "states": tried})


def _news(one: Notification, run: Run) -> News:
    return News(render(one.message, run) or one.name, one.severity, run)


def _record(one: Notification, run: Run, db: RunDB, what: dict[str, Any]) -> None:
    run.status.notifications = {**run.status.notifications, one.name: what}
    meta = run.metadata
    db.update_run({"status.notifications": run.status.notifications}, meta.uid, meta.project, meta.iteration)


def _revealed(due: list[Notification], run: Run, db: RunDB) -> list[Notification]:
    """With what the database keeps apart; an API server keeps it to itself, and tells of its runs itself."""
    if not any(one.is_kept_apart for one in due):
        return due
    meta = run.metadata
    try:
        kept = db.read_run_notifications(meta.uid, meta.project, meta.iteration)
    except MLRunAccessDeniedError:
        return [one for one in due if not one.is_kept_apart]
    named = {one["name"]: Notification.from_dict(one) for one in kept}
    return [named.get(one.name, one) for one in due]


def _tried(entry: Any) -> list[str]:
    """The states that it was sent for, or that it was tried for."""
    return list(entry.get("states") or []) if isinstance(entry, dict) else []


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat()
