"""Tells of the runs that this server has started who wants to hear of them."""

from __future__ import annotations

import json
from typing import Any

from mlrun.db.base import RunDB
from mlrun.model.base import load_json
from mlrun.model.notification import Notification
from mlrun.model.run import Run, RunSpec

HIDDEN = "mlrun.notifications"  # among the hidden values of a run: notifications with what is secret in them


def take(spec: RunSpec) -> dict[str, Any]:
    """
    Take what is secret in the notifications out of *spec*, and give it as hidden values.

    Raises:
        MLRunInvalidArgumentError: One can not be sent; the message says why.
    """
    if not spec.notifications:
        return {}
    from mlrun.notifications import checked

    every = checked(spec.notifications)
    spec.notifications = [one.shown() for one in every]
    is_secret = any(one.secret_params and not one.is_kept_apart for one in every)
    return {HIDDEN: [one.to_dict() for one in every]} if is_secret else {}


def give_back(run: Run, hidden: str) -> dict[str, str]:
    """Put what was taken back into *run*, unless it is an iteration, which nobody is told of; its secrets."""
    values: dict[str, Any] = load_json(hidden or "{}", "hidden values")
    if not run.metadata.iteration:
        run.spec.notifications = values.get(HIDDEN, run.spec.notifications)
    return secrets_of(hidden)


def secrets_of(hidden: str) -> dict[str, str]:
    """The secrets of a task, by name."""
    values: dict[str, Any] = load_json(hidden or "{}", "hidden values")
    return {name: value for name, value in values.items() if name != HIDDEN}


def tell(run: Run, db: RunDB) -> None:
    """Send what is due in the run's present state, if it was not sent."""
    if not run.spec.notifications:
        return
    from mlrun.notifications.push import push

    push(run, [Notification.from_dict(one) for one in run.spec.notifications], db)


def as_hidden(values: dict[str, Any]) -> str:
    """As JSON; empty for nothing."""
    return json.dumps(values) if values else ""
