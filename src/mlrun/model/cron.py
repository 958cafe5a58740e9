"""When a schedule fires, as five fields of cron or as a dictionary of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError, nearest

FIELDS = ("minute", "hour", "day", "month", "day_of_week")  # in the order of a crontab
_LIMITS = {
    "year": (1970, 9999),
    "month": (1, 12),
    "day": (1, 31),
    "week": (1, 53),
    "day_of_week": (0, 7),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
}
_TEXTS = ("start_date", "end_date", "timezone")
_KNOWN = (*_LIMITS, *_TEXTS, "jitter")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORDS = {"month": _MONTHS, "day_of_week": _DAYS}
_PART = re.compile(r"(\*|\?|\w+)(?:-(\w+))?(?:/(\d+))?")
_DAY_OF_MONTH = re.compile(rf"last|(?:1st|2nd|3rd|4th|5th|last) (?:{'|'.join(_DAYS)})")


def cron_trigger(given: Any) -> dict[str, Any]:
    """
    The dictionary form of *given*: without what is None.

    Args:
        given: ``"0 2 * * mon-fri"``, or ``{"minute", "hour", "day", "month", "day_of_week", "year", "week",
            "second", "start_date", "end_date", "timezone", "jitter"}``, each a number or a text.

    Raises:
        MLRunInvalidArgumentError: It is neither, or a field is none.
    """
    if isinstance(given, str):
        values = given.split()
        if len(values) != len(FIELDS):
            raise MLRunInvalidArgumentError(
                f"cron_trigger={given!r} has {len(values)} fields; five are minute, hour, day of the month,"
                " month and day of the week: '0 2 * * mon-fri'"
            )
        given = dict(zip(FIELDS, values, strict=True))
    elif hasattr(given, "to_dict"):
        given = given.to_dict()
    if not isinstance(given, Mapping) or not given:
        raise MLRunInvalidArgumentError(
            f"cron_trigger is the text of five fields or a dictionary of them, not {type(given).__name__}"
        )
    trigger = {str(name): value for name, value in given.items() if value is not None}
    for name, value in trigger.items():
        _check(name, value)
    return trigger


def _check(name: str, value: Any) -> None:
    if name not in _KNOWN:
        raise MLRunInvalidArgumentError(
            f"{name!r} is not a field of cron_trigger: {', '.join(_KNOWN)}.{nearest(name, _KNOWN)}"
        )
    if name in _TEXTS:
        is_right = isinstance(value, str) and bool(value)
    elif name == "jitter":
        is_right = _is_number(value) and value >= 0
    elif name == "day" and isinstance(value, str) and _DAY_OF_MONTH.fullmatch(value.lower()):
        is_right = True
    else:
        text = str(value) if _is_number(value) else value
        is_right = isinstance(text, str) and all(_is_part(name, part) for part in text.lower().split(","))
    if not is_right:
        raise MLRunInvalidArgumentError(f"cron_trigger: {name}={value!r} is none;{_hint(name)}")


def _hint(name: str) -> str:
    if name not in _LIMITS:
        return " seconds, as a number" if name == "jitter" else " a text belongs there"
    first, last = _LIMITS[name]
    return f" *, */n, and numbers from {first} to {last} as in 1, 1-5, 1-5/2, or several with commas are"


def _is_part(name: str, part: str) -> bool:
    found = _PART.fullmatch(part.strip())
    if not found:
        return False
    first, last, step = found.groups()
    if step is not None and int(step) < 1:
        return False
    if first in ("*", "?"):
        return last is None
    ends = [_number(name, end) for end in (first, last) if end is not None]
    return all(end is not None for end in ends)


def _number(name: str, text: str) -> int | None:
    """Of a field; None where it is none of it."""
    words = _WORDS.get(name, ())
    if text in words:
        return words.index(text)
    first, last = _LIMITS[name]
    return int(text) if text.isascii() and text.isdigit() and first <= int(text) <= last else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
