"""Records changed in parts: by dotted key, or dictionary by dictionary."""

from __future__ import annotations

from typing import Any

from mlrun.db.base import Record
from mlrun.errors import MLRunInvalidArgumentError, nearest

PATCH_MODES = ("replace", "additive")


def set_dotted(record: Record, updates: Record) -> None:
    """
    Set values inside *record* by dotted key, making the dictionaries on the way.

    Raises:
        MLRunInvalidArgumentError: A key leads through a value that is no dictionary.
    """
    for path, value in updates.items():
        *parents, last = path.split(".")
        place: Any = record
        for parent in parents:
            place = place.setdefault(parent, {}) if isinstance(place, dict) else None
        if not isinstance(place, dict):
            raise MLRunInvalidArgumentError(
                f"{path!r} can not be set: it leads through a value, not a dictionary"
            )
        place[last] = value


def merged(record: Record, changes: Record, mode: str) -> Record:
    """
    *record* with *changes*, dictionary by dictionary; lists are replaced, or lengthened (``additive``).

    Raises:
        MLRunInvalidArgumentError: A *mode* that is none.
    """
    if mode not in PATCH_MODES:
        known = ", ".join(PATCH_MODES)
        raise MLRunInvalidArgumentError(f"{mode!r} is not a patch mode: {known}.{nearest(mode, PATCH_MODES)}")
    result = dict(record)
    for key, value in changes.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            result[key] = merged(old, value, mode)
        elif mode == "additive" and isinstance(old, list) and isinstance(value, list):
            result[key] = [*old, *(one for one in value if one not in old)]
        else:
            result[key] = value
    return result
