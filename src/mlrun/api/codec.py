"""From a request to checked values; what is wrong with one is said in a sentence."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import typing
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec
from starlette.datastructures import QueryParams
from starlette.responses import Response

from mlrun.api.access import NOBODY, Caller
from mlrun.api.builds import Builds
from mlrun.api.limits import MOST_DEPTH
from mlrun.api.measures import Measures
from mlrun.api.once import Once
from mlrun.api.parameters import Parameter
from mlrun.api.reference import Reference
from mlrun.api.schemas import check
from mlrun.api.watches import Watches
from mlrun.api.writer import Writer
from mlrun.db.base import RunDB
from mlrun.errors import MLRunBadRequestError, MLRunInvalidArgumentTypeError, MLRunMissingProjectError

if TYPE_CHECKING:
    from mlrun.service.acting import Service

EVERY_PROJECT = "*"


class House(NamedTuple):
    """What all requests of an app share."""

    db: RunDB
    service: Service
    allowed_paths: tuple[str, ...]  # folders and addresses that files may be read from
    once: Once
    measures: Measures
    watches: Watches
    reference: Reference
    builds: Builds
    writer: Writer | None = None  # of small writes, where they take turns


async def _never() -> bool:
    return False


class Call(NamedTuple):
    """One request, as a handler sees it; values are checked when they are asked for."""

    house: House
    rule: Rule
    address: str
    path: Mapping[str, str]
    query: QueryParams
    headers: Mapping[str, str]
    body: bytes = b""
    caller: Caller = NOBODY
    is_still_let_in: Callable[[], Awaitable[bool]] = _never  # for answers that last

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

    def once(self, what: str) -> str:
        """
        The key of the client under which the port does this write, *what* of a run, once.

        Empty where the client has sent none.
        """
        key = self.headers.get("idempotency-key", "")
        return f"{what} {self.project}/{self.path['uid']} {key}" if key else ""

    def text(self, name: str) -> str:
        """The parameter *name*, as the rule declares it; empty for none."""
        return str(self._read(name, "text"))

    def texts(self, name: str) -> list[str]:
        """Every value of a parameter that may be repeated."""
        return list(self._read(name, "text", is_many=True))

    def number(self, name: str) -> int | None:
        return cast("int | None", self._read(name, "number"))

    def flag(self, name: str) -> bool:
        return bool(self._read(name, "flag"))

    def time(self, name: str) -> str:
        """A time in UTC; empty for none."""
        return str(self._read(name, "time"))

    def _read(self, name: str, kind: str, is_many: bool = False) -> Any:
        parameter = self.rule.parameters.get(name)
        if parameter is None or (parameter.kind, parameter.is_many) != (kind, is_many):
            raise AssertionError(f"the rule of {self.address} has to declare {name} as a {kind}")
        return parameter.read(self.query, self.headers)

    def check(self) -> None:
        """
        Raises:
            MLRunInvalidArgumentError: A parameter, asked for or not, is not what the rule declares.
        """
        for parameter in self.rule.parameters.values():
            parameter.read(self.query, self.headers)

    def json(self) -> Any:
        """
        The body; None where there is none.

        Raises:
            MLRunBadRequestError: It is not JSON.
        """
        return parse(self.body) if self.body.strip() else None

    def record(self) -> dict[str, Any]:
        """
        The body as a dictionary with the types that the rule declares; empty where it may be missing.

        Raises:
            MLRunBadRequestError: There is none, or it is not JSON.
            MLRunInvalidArgumentError: It is something else.
        """
        value = self.json()
        if value is None and self.rule.may_be_empty:
            return {}
        if not isinstance(value, dict):
            given = "nothing" if value is None else _word_of(value)
            raise MLRunInvalidArgumentTypeError(f"the body has to be a JSON object; it is {given}")
        check(value, self.rule.takes)
        return value


@dataclasses.dataclass(frozen=True, eq=False)
class Rule:
    """
    An address, who answers there, and what it says of itself: the document is made of it.

    ``Call`` holds a request to it, so that a handler can ask for nothing that is not declared.

    Example::

        Rule("GET", "/runs/{uid}", read, "A run", (number("iter", "Of a sweep.", default=0),), gives=Run)
    """

    method: str
    path: str
    answer: Callable[[Call], Response]
    summary: str = ""
    asks: tuple[Parameter, ...] = ()
    takes: Any = None  # type of the JSON in the body, or the media type of bytes; None is no body
    gives: Any = None  # the same of the answer; None is {}, with 204 nothing
    status: int = 200
    errors: tuple[int, ...] = ()  # beside those of each address
    tells: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )  # headers of the answer -> what they say
    also: tuple[str, ...] = ()  # other spellings of the path, which the document leaves out
    is_one_write: bool = False  # all that it does is one write to the database, and it can be done twice
    is_old: bool = False  # an address of MLRun 0.5, which new programs should not use

    @property
    def may_be_empty(self) -> bool:
        return type(None) in typing.get_args(self.takes)

    @functools.cached_property
    def parameters(self) -> dict[str, Parameter]:
        return {parameter.name: parameter for parameter in self.asks}

    def at(self, path: str, *asks: Parameter, is_old: bool = True) -> Rule:
        """The same at another address, of MLRun 0.5; what its path does not say it *asks* for."""
        return dataclasses.replace(self, path=path, asks=(*asks, *self.asks), is_old=is_old)


def parse(body: bytes) -> Any:
    """
    JSON, also with the NaN and Infinity that Python's clients write (they are stored as null).

    Raises:
        MLRunBadRequestError: It is not JSON.
    """
    try:
        value = _decode(body)
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        raise MLRunBadRequestError(f"the body is not JSON: {error}") from error
    if body.count(b"[") + body.count(b"{") > MOST_DEPTH and _is_too_deep(value):
        raise MLRunBadRequestError(f"the body has more than {MOST_DEPTH} objects and lists in each other")
    return value


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


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (ValueError, msgspec.DecodeError):  # the latter is one from msgspec 0.21 on
        if b"NaN" in body or b"Infinity" in body:
            return json.loads(body)
        raise


def _is_too_deep(value: Any) -> bool:
    """Level by level: a recursion would end where the body wants it to."""
    level = [value]
    for _ in range(MOST_DEPTH):
        inner = itertools.chain.from_iterable(
            one.values() if isinstance(one, dict) else one for one in level if isinstance(one, (dict, list))
        )
        level = [one for one in inner if isinstance(one, (dict, list))]
    return bool(level)


def _word_of(value: Any) -> str:
    words = {list: "an array", str: "a string", bool: "a boolean", dict: "an object"}
    return words.get(type(value), "a number" if value is not None else "null")
