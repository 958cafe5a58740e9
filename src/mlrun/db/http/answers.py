"""What a server answers; of an error, the one that was raised there, with its text."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mlrun import errors
from mlrun.errors import MLRunBaseError, err_for_status_code

if TYPE_CHECKING:
    from email.message import Message

_REASON = re.compile(r"(\w+)\((['\"].*['\"]),?\)", re.DOTALL)  # the repr of an exception with one text
_LONGEST = 1 << 16  # characters of a text that is taken over


class Answer(NamedTuple):
    """What a server has answered, to which request."""

    method: str
    target: str  # path and query of the request
    status: int
    headers: Message[str, str]  # found by name in any case
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


def error_of(status: int, body: bytes, where: str) -> MLRunBaseError:
    """
    The error in an answer ``{"detail": {"reason": "MLRunNotFoundError('no run iris/3f2a')"}}``.

    Args:
        where: What was asked of whom, for an answer that says nothing itself.
    """
    reason = _reason(body)
    match = _REASON.fullmatch(reason)
    kind = _class(match[1]) if match else None
    if match and kind and (text := _text(match[2])) is not None:
        return kind(text)
    return err_for_status_code(status, reason or f"{where}: the server answers {status}")


def _reason(body: bytes) -> str:
    try:
        answer: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""  # a proxy's page
    for name in ("detail", "reason"):
        answer = answer.get(name, answer) if isinstance(answer, dict) else answer
    text = answer if isinstance(answer, str) else msgspec.json.encode(answer).decode()
    return text[:_LONGEST]


def _class(name: str) -> type[MLRunBaseError] | None:
    found = getattr(errors, name, None)
    return found if isinstance(found, type) and issubclass(found, MLRunBaseError) else None


def _text(literal: str) -> str | None:
    """The text in a Python literal; nothing in it is executed."""
    try:
        text = ast.literal_eval(literal)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return text if isinstance(text, str) else None
