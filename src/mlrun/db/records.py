"""Records on their way into the tables: checked, with their keys in them, as text."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mlrun.config import mlconf
from mlrun.db.base import Record
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, nearest
from mlrun.model.base import dump_json, load_json

MOST_SEARCHED = 256  # characters; PostgreSQL's indexes end at 2,600 bytes


def as_record(value: Any, what: str) -> Record:
    """
    A shallow copy of *value*, a dictionary or something with ``to_dict()``.

    Raises:
        MLRunInvalidArgumentTypeError: It is neither.
    """
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "to_dict"):
        return dict(value.to_dict())
    raise MLRunInvalidArgumentTypeError(f"{what} is a dictionary, not {type(value).__name__}")


def part(record: Record, name: str, what: str) -> Record:
    """
    A shallow copy of ``record[name]``, empty where there is none.

    Raises:
        MLRunInvalidArgumentTypeError: It is no dictionary.
    """
    value = record.get(name)
    if value is not None and not isinstance(value, Mapping):
        raise MLRunInvalidArgumentTypeError(f"{name} of {what} is a dictionary, not {type(value).__name__}")
    return dict(value or {})


def labels_of(metadata: Record, what: str) -> dict[str, str]:
    """As they are searched: text to text."""
    labels = part(metadata, "labels", what)
    return {str(name): "" if value is None else str(value) for name, value in labels.items()}


def searchable(value: Any, most: int = MOST_SEARCHED) -> str:
    """*value* as a column to search by; empty where it is no text, or none that every database can hold."""
    if not isinstance(value, str) or len(value) > most or "\x00" in value:
        return ""
    try:
        return value if value.isascii() or value.encode() else ""
    except UnicodeEncodeError:
        return ""


def dump(record: Record, what: str) -> str:
    """
    Raises:
        MLRunInvalidArgumentError: JSON can not hold it.
    """
    with _as_json(what):
        return dump_json(record).decode()


def digest(record: Record, what: str) -> str:
    """
    SHA-1 of *record*, whatever the order of its keys.

    Raises:
        MLRunInvalidArgumentError: JSON can not hold it.
    """
    with _as_json(what):
        text = msgspec.json.encode(record, order="sorted")
    return hashlib.sha1(text, usedforsecurity=False).hexdigest()


def load(body: str) -> Record:
    record: Record = load_json(body, "a stored record")
    return record


def iteration(value: Any) -> int:
    """
    Raises:
        MLRunInvalidArgumentError: *value* is no number of an iteration.
    """
    if value is None:
        return 0
    if not isinstance(value, int) or value < 0:
        raise MLRunInvalidArgumentError(
            f"{value!r} is not an iteration: 0 is the run itself, and its children count from 1"
        )
    return value


def default_project() -> str:
    return str(mlconf.active_project or mlconf.default_project)


def required(value: Any, name: str) -> str:
    """
    Raises:
        MLRunInvalidArgumentError: *value* is empty, or no text.
    """
    if not isinstance(value, str) or not value:
        raise MLRunInvalidArgumentError(f"{name} is needed, as text; {value!r} was given")
    return value


def refuse_unknown(given: Mapping[str, Any], method: Any) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: A keyword that *method* does not have.
    """
    if given:
        import inspect

        known = [name for name in inspect.signature(method).parameters if name not in ("self", "kwargs")]
        wrong = " ".join(f"{name!r} is not one of them.{nearest(name, known)}" for name in given)
        raise MLRunInvalidArgumentError(f"{method.__name__} takes {', '.join(known)}; {wrong}")


@contextlib.contextmanager
def _as_json(what: str) -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise MLRunInvalidArgumentError(f"{what}: {error}") from error


def one_of(word: str, known: tuple[str, ...], what: str) -> str:
    """
    Raises:
        MLRunInvalidArgumentError: *word* is none of *known*.
    """
    if word not in known:
        raise MLRunInvalidArgumentError(
            f"{word!r} is not a {what}: {', '.join(known)}.{nearest(word, known)}"
        )
    return word
