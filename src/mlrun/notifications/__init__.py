"""Telling people of runs: the kinds of notifications, and what one has to be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.model.notification import Notification
from mlrun.notifications.base import Notifier as Notifier
from mlrun.registry import Registry

kinds: Registry[Notifier] = Registry(
    "kind of notification",
    "mlrun.notifications",
    {
        "console": "mlrun.notifications.screen:Console",
        "ipython": "mlrun.notifications.screen:Notebook",
        "slack": "mlrun.notifications.slack:Slack",
        "webhook": "mlrun.notifications.webhook:Webhook",
        "git": "mlrun.notifications.git:Git",
        "mail": "mlrun.notifications.mail:Mail",
    },
)


def checked(given: Iterable[Any]) -> list[Notification]:
    """
    Notifications that can be sent, from records or dictionaries; nothing is sent for it.

    Raises:
        MLRunInvalidArgumentError: A kind, parameter, state, severity or template that is none, or two of one
            name.
        MLRunInvalidArgumentTypeError: It is no list of notifications.
        MLRunMissingDependencyError: One has a template, and ``mlrun[notifications]`` is not installed.
    """
    if not isinstance(given, (list, tuple)):
        raise MLRunInvalidArgumentTypeError(
            f"notifications= is a list of notifications, not this {type(given).__name__}"
        )
    every = [Notification.of(one) for one in given]
    Notification.validate_notification_uniqueness(every)
    for one in every:
        _check(one)
    return every


def _check(one: Notification) -> None:
    from mlrun.notifications.templates import check

    notifier = kinds.get(one.kind)()
    try:
        if not one.is_kept_apart:
            notifier.check(one.all_params)
        check(one.message, one.condition)
    except MLRunInvalidArgumentError as error:
        raise MLRunInvalidArgumentError(f"notification {one.name!r} ({one.kind}): {error}") from error
