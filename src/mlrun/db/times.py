"""Times as they are stored and compared: UTC, ISO 8601, always of the same width."""

from __future__ import annotations

import datetime
from typing import Any

from mlrun.backports import fromisoformat
from mlrun.errors import MLRunInvalidArgumentError

_UTC = datetime.timezone.utc
_WIDTH = len("2024-05-31T09:30:00.000000+00:00")


def now() -> str:
    return _text(datetime.datetime.now(_UTC))


def later(time: str, seconds: float) -> str:
    """*seconds* after *time*, a text as this module makes them."""
    return _text(fromisoformat(time) + datetime.timedelta(seconds=seconds))


def days_before_now(days: float) -> str:
    """
    Raises:
        MLRunInvalidArgumentError: *days* is negative, or before the first year.
    """
    try:
        if days >= 0:
            return _text(datetime.datetime.now(_UTC) - datetime.timedelta(days=days))
    except (OverflowError, TypeError):
        pass
    raise MLRunInvalidArgumentError(
        f"days_ago={days!r} is no number of days; 0 is any, 7 is a week or more ago"
    )


def of_record(value: Any, where: str) -> str:
    """
    A time in a record; one without a zone is UTC.

    Raises:
        MLRunInvalidArgumentError: *value* is no time.
    """
    return _normalized(value, where, _UTC)


def of_caller(value: Any, where: str) -> str:
    """
    A time that bounds a listing: a datetime, a date or ISO 8601 text; empty for none.

    One without a zone is local time, as ``datetime.now()`` is.

    Raises:
        MLRunInvalidArgumentError: *value* is no time.
    """
    return _normalized(value, where, None) if value not in (None, "") else ""


def _normalized(value: Any, where: str, zone: datetime.tzinfo | None) -> str:
    try:
        text = value if isinstance(value, str) else value.isoformat()
        when = fromisoformat(text)
        if len(text) == _WIDTH and text.endswith("+00:00") and text[10] == "T" and text[19] == ".":
            return text  # as most times are that come back
        if when.tzinfo is None and zone:
            when = when.replace(tzinfo=zone)
        return _text(when.astimezone(_UTC))
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise MLRunInvalidArgumentError(
            f"{where}: {value!r} is not a time; 2024-05-31T09:30:00+00:00 and a datetime are"
        ) from error


def _text(when: datetime.datetime) -> str:
    return when.isoformat(timespec="microseconds")
