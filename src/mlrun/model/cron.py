"""The text of five fields of cron, or the dictionary of them, as a checked dictionary."""

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
    "day_of_week": (0, 6),  # from Monday, as the dictionary has it; the text counts as cron does
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
}
_TEXTS = ("start_date", "end_date", "timezone")
_KNOWN = (*_LIMITS, *_TEXTS, "jitter")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FROM_SUNDAY = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
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
        MLRunInvalidArgumentError: It is neither, or a field is none, or a text means one thing to cron and
            another one to MLRun.
    """
    if isinstance(given, str):
        values = given.split()
        if len(values) != len(FIELDS):
            raise MLRunInvalidArgumentError(
                f"cron_trigger={given!r} has {len(values)} fields; five are minute, hour, day of the month,"
                " month and day of the week: '0 2 * * mon-fri'"
            )
        given = _of_crontab(given, dict(zip(FIELDS, values)))
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


def _of_crontab(text: str, fields: dict[str, str]) -> dict[str, str]:
    """
    *fields* with the days of the week as words: their numbers count from Sunday in a crontab (where 7 is
    Sunday, too) and from Monday in the dictionary.

    Source: crontab(5).
    """
    days = fields["day_of_week"].lower()
    if days[:1] not in "*?" and fields["day"][:1] not in ("*", "?"):
        raise MLRunInvalidArgumentError(
            f"cron_trigger={text!r} names days of the month and of the week: to cron either is enough, and to"
            " MLRun both have to hold; two schedules are the former, and a dictionary with day and"
            " day_of_week is the latter"
        )
    return {**fields, "day_of_week": ",".join(_days_of_crontab(part) for part in days.split(","))}


def _days_of_crontab(part: str) -> str:
    """A part of the days of the week, in words; what is none stays as it is, and is refused as such."""
    found = _PART.fullmatch(part)
    if not found or (not any(map(str.isdigit, part))):
        return part
    first, last, step = found.groups()
    begin, end = ("0", "6") if first in ("*", "?") else (first, last or ("6" if step else first))
    numbers = [
        _FROM_SUNDAY.index(day) if day in _FROM_SUNDAY else int(day) for day in (begin, end) if _is_day(day)
    ]
    if len(numbers) < 2 or numbers[0] > numbers[1] or step == "0":
        return part
    days = [_FROM_SUNDAY[number] for number in range(numbers[0], numbers[1] + 1, int(step or 1))]
    return f"{days[0]}-{days[-1]}" if _is_run(days) else ",".join(days)


def _is_day(word: str) -> bool:
    return word in _FROM_SUNDAY or (word.isascii() and word.isdigit() and int(word) <= 7)


def _is_run(days: list[str]) -> bool:
    """Whether *days* are a range that the dictionary has, too: its weeks begin on Monday."""
    return len(days) > 2 and ",".join(days) in ",".join(_DAYS)


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
    begin = _number(name, first)
    end = _number(name, last) if last else begin
    return begin is not None and end is not None and begin <= end


def _number(name: str, text: str) -> int | None:
    """Of a field; None where it is none of it."""
    words = _WORDS.get(name, ())
    if text in words:
        return words.index(text)
    first, last = _LIMITS[name]
    return int(text) if text.isascii() and text.isdigit() and first <= int(text) <= last else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
