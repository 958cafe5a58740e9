"""Dictionaries that can be read as objects, as users of MLRun read what a service answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Answer(dict[str, Any]):
    """
    A dictionary whose keys are attributes too, at every depth; a method of dictionaries keeps its name.

    Example::

        task = Answer({"status": {"state": "running"}})
        task.status.state == task["status"]["state"]
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__({key: _readable(value) for key, value in values.items()})

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"{name!r} is not in this answer, which has: {', '.join(self)}") from None

    def __reduce__(self) -> tuple[Any, ...]:
        return Answer, (dict(self),)


def _readable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Answer(value)
    return [_readable(one) for one in value] if isinstance(value, list) else value
