"""From a request to checked values; what is wrong with one is said in a sentence."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from starlette.datastructures import QueryParams
from starlette.responses import Response

from mlrun.api.measures import Measures
from mlrun.api.once import Once
from mlrun.api.tasks import Tasks
from mlrun.db import times
from mlrun.db.base import RunDB
from mlrun.errors import (
    MLRunBadRequestError,
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunMissingProjectError,
    nearest,
)
from mlrun.settings import BOOLS

EVERY_PROJECT = "*"


class House(NamedTuple):
    """What all requests of an app share."""

    db: RunDB
    tasks: Tasks
    allowed_paths: tuple[str, ...]  # folders and addresses that files may be read from
    once: Once
    measures: Measures
    patching: threading.Lock  # a patch reads, merges and writes


class Call(NamedTuple):
    """One request, as a handler sees it; values are checked when they are asked for."""

    house: House
    address: str
    path: Mapping[str, str]
    query: QueryParams
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def db(self) -> RunDB:
        return self.house.db

    @property
    def projects(self) -> str:
        """The project to list; empty for all."""
        project = self.path.get("project") or self.text("project")
        return "" if project == EVERY_PROJECT else project

    @property
    def project(self) -> str:
        """
        The one project that a record is in.

        Raises:
            MLRunMissingProjectError: ``*`` was given.
        """
        project = self.path.get("project") or self.text("project")
        if project == EVERY_PROJECT:
            raise MLRunMissingProjectError("'*' is every project; one has to be named here")
        return project

    def text(self, *names: str) -> str:
        """The first of the parameters *names* that is set; empty for none."""
        return next((value for name in names if (value := self.query.get(name))), "")

    def texts(self, *names: str) -> list[str]:
        """Every value of the parameters *names*, each of which may be repeated."""
        return [value for name in names for value in self.query.getlist(name) if value]

    def number(self, name: str, least: int = 0) -> int | None:
        """
        Raises:
            MLRunInvalidArgumentError: It is no whole number, or below *least*.
        """
        text = self.text(name)
        if not text:
            return None
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least or number >= 1 << 63:
            raise MLRunInvalidArgumentError(f"{name}={text[:99]!r} is not a whole number of {least} or more")
        return number

    def flag(self, name: str, default: bool) -> bool:
        """
        Raises:
            MLRunInvalidArgumentError: It is neither true nor false.
        """
        text = self.text(name)
        if text and text.lower() not in BOOLS:
            raise MLRunInvalidArgumentError(f"{name}={text!r} is neither true nor false (nor yes, no, 1, 0)")
        return BOOLS[text.lower()] if text else default

    def word(self, name: str, words: Sequence[str], default: str = "", header: bool = False) -> str:
        """
        One of *words*, from a parameter or a header.

        Raises:
            MLRunInvalidArgumentError: Another word.
        """
        given = (self.headers.get(name) if header else self.text(name)) or default
        if given and given not in words:
            raise MLRunInvalidArgumentError(
                f"{name}={given!r} is none of {', '.join(words)}.{nearest(given, words)}"
            )
        return given

    def time(self, name: str) -> str:
        """
        A time in UTC; empty for none. One without a zone is UTC: client and server may be in different ones.

        Raises:
            MLRunInvalidArgumentError: It is no time.
        """
        text = self.text(name)
        return times.of_record(text, name) if text else ""

    def json(self) -> Any:
        """
        The body; None where there is none.

        Raises:
            MLRunBadRequestError: It is not JSON.
        """
        return parse(self.body) if self.body.strip() else None

    def record(self, optional: bool = False) -> dict[str, Any]:
        """
        The body as a dictionary.

        Raises:
            MLRunBadRequestError: There is none, or it is not JSON.
            MLRunInvalidArgumentTypeError: It is something else.
        """
        value = self.json()
        if value is None and optional:
            return {}
        if not isinstance(value, dict):
            given = "nothing" if value is None else _word_of(value)
            raise MLRunInvalidArgumentTypeError(f"the body has to be a JSON object; it is {given}")
        return value


class Rule(NamedTuple):
    """An address, and who answers there."""

    method: str
    path: str
    answer: Callable[[Call], Response]


def parse(body: bytes) -> Any:
    """
    JSON, also with the NaN and Infinity that Python's clients write (they are stored as null).

    Raises:
        MLRunBadRequestError: It is not JSON.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if b"NaN" in body or b"Infinity" in body:
            return _parse_python_json(body)
        raise MLRunBadRequestError(f"the body is not JSON: {error}") from error


def part(record: dict[str, Any], name: str, what: str) -> dict[str, Any]:
    """
    ``record[name]``, a dictionary; empty where it is not there.

    Raises:
        MLRunInvalidArgumentTypeError: It is something else.
    """
    value = record.get(name)
    if value is not None and not isinstance(value, dict):
        raise MLRunInvalidArgumentTypeError(f"{name} of {what} has to be an object; it is {_word_of(value)}")
    return value or {}


def _parse_python_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MLRunBadRequestError(f"the body is not JSON: {error}") from error


def _word_of(value: Any) -> str:
    words = {list: "an array", str: "a string", bool: "a boolean", dict: "an object"}
    return words.get(type(value), "a number" if value is not None else "null")
