"""Spans of time as people write them: ``90``, ``1h``, ``1h 30m``, ``2 days``."""

from __future__ import annotations

import re
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_WORDS = {
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
    "w": ("w", "week", "weeks"),
}
_UNITS = {word: unit for unit, words in _WORDS.items() for word in words}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*,?")
FOREVER = -1.0


def seconds_of(span: Any, what: str) -> float:
    """
    *span* in seconds; -1 is for ever.

    Args:
        what: Whose span it is, for the message.

    Raises:
        MLRunInvalidArgumentError: It is no span of time.
    """
    text = str(span).strip().lower()
    if text in ("-1", "-1.0"):
        return FOREVER
    found = list(_PART.finditer(text))
    is_whole = bool(found) and "".join(part.group() for part in found) == text
    units = [part.group(2) for part in found]
    if isinstance(span, bool) or not is_whole or ("" in units and len(units) > 1) or not _are_known(units):
        raise MLRunInvalidArgumentError(
            f"{what} is a span of time such as 30m, 1h or '1d 12h', or -1 for no limit, not {span!r}"
        )
    return sum(float(part.group(1)) * _SECONDS[_UNITS[part.group(2) or "s"]] for part in found)


def _are_known(units: list[str]) -> bool:
    return all(not unit or unit in _UNITS for unit in units)
