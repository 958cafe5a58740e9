"""Lengths of time as people write them: ``30``, ``"45s"``, ``"1h 30m"``."""

from __future__ import annotations

import math
import re
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_WORDS = {"second": "s", "sec": "s", "minute": "m", "min": "m", "hour": "h", "day": "d"}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)\s*")


def seconds(value: Any, what: str) -> float:
    """
    Seconds in *value*: a number of them, or a text such as ``"10 minutes"`` or ``"1h30m"``.

    Raises:
        MLRunInvalidArgumentError: It is neither, or less than nothing.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf:
        return float(value)
    text = value.strip().lower() if isinstance(value, str) else ""
    if text and not _PART.sub("", text):
        parts = [(float(number), _unit(word)) for number, word in _PART.findall(text)]
        if all(unit for _, unit in parts):
            return sum(number * _UNITS[unit] for number, unit in parts)
    raise MLRunInvalidArgumentError(
        f"{what}={value!r} is no length of time; 30, '45s', '10 minutes' and '1h30m' are"
    )


def _unit(word: str) -> str:
    """The letter of a unit; empty for what is none."""
    word = word or "s"
    return word if word in _UNITS else _WORDS.get(word.removesuffix("s"), "")
