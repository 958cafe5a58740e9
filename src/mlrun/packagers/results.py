"""Values as results, which are JSON."""

from __future__ import annotations

from typing import Any

from mlrun.model.base import dump_json, to_builtins

LONGEST = 10_000  # characters of a returned value that has no form of its own


def as_result(value: Any) -> Any:
    """
    *value* as a result: tuples and sets are lists, bytes are text (base64 where they are none).

    What has no form in JSON is its text, cut where it is very long.

    Raises:
        MLRunInvalidArgumentError: It can not be written at all.
    """
    plain = to_builtins(_readable(value))
    if isinstance(plain, str) and not isinstance(value, (str, bytes, bytearray)) and len(plain) > LONGEST:
        return plain[:LONGEST] + "..."
    dump_json(plain)
    return plain


def _readable(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return bytes(value)
    if isinstance(value, (set, frozenset)):
        try:
            return sorted(value)  # the same set gives the same result each time
        except TypeError:
            return list(value)
    return list(value) if isinstance(value, tuple) else value
