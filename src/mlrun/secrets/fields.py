"""A kept text as secrets: the fields of a JSON object, or one secret."""

from __future__ import annotations

import json
from collections.abc import Iterable

from mlrun.errors import MLRunNotFoundError


def json_fields(name: str, text: str, wanted: Iterable[str] | None, where: str) -> dict[str, str]:
    """
    Args:
        name: Of the one secret that a text is which is no JSON object.
        wanted: Only these fields.
        where: Who keeps it, for messages.

    Raises:
        MLRunNotFoundError: It has no such field.
    """
    found = _fields(name, text)
    names = list(wanted or found)
    if missing := [key for key in names if key not in found]:
        raise MLRunNotFoundError(f"secret {name!r} of {where} has no field {', '.join(missing)}")
    return {key: found[key] for key in names}


def _fields(name: str, text: str) -> dict[str, str]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        return {name: text}
    return {key: item if isinstance(item, str) else json.dumps(item) for key, item in value.items()}
