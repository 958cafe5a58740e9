"""What an address can be asked with: declared once, for the check of a request and for the document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from starlette.datastructures import QueryParams

from mlrun.db import times
from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.settings import BOOLS

MOST_NUMBER = (1 << 63) - 1  # what a database holds


class Parameter(NamedTuple):
    """
    One parameter of the query, or a header, as its address declares it.

    Example::

        number("page", "From 1.", least=1).read(query, headers)
    """

    name: str
    kind: str  # text | number | flag | time: the method of Call that asks for it
    help: str
    words: tuple[str, ...] = ()  # it is one of them
    default: Any = ""
    least: int = 0
    is_many: bool = False  # it may be repeated
    is_header: bool = False
    also: tuple[str, ...] = ()  # as other clients spell it

    def read(self, query: QueryParams, headers: Mapping[str, str]) -> Any:
        """
        Its value: a list where it may be repeated, its default where it is not given (or empty).

        Raises:
            MLRunInvalidArgumentError: It is not of its kind.
        """
        values = [self._value(text) for text in self._given(query, headers) if text]
        if self.is_many:
            return values
        return values[0] if values else self.default

    def _given(self, query: QueryParams, headers: Mapping[str, str]) -> list[str]:
        if self.is_header:
            return [headers.get(self.name, "")]
        return [text for name in (self.name, *self.also) for text in query.getlist(name)]

    def _value(self, text: str) -> Any:
        if "\0" in text:
            raise MLRunInvalidArgumentError(f"{self.name}={text[:99]!r} has a NUL character; no text has one")
        if self.words and text not in self.words:
            raise MLRunInvalidArgumentError(
                f"{self.name}={text[:99]!r} is none of {', '.join(self.words)}.{nearest(text, self.words)}"
            )
        if self.kind == "number":
            return self._number(text)
        if self.kind == "flag":
            return self._flag(text)
        # one without a zone is UTC: client and server may be in different ones
        return times.of_record(text, self.name) if self.kind == "time" else text

    def _number(self, text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = self.least - 1
        if not self.least <= number <= MOST_NUMBER:
            raise MLRunInvalidArgumentError(
                f"{self.name}={text[:99]!r} is not a whole number of {self.least} or more"
            )
        return number

    def _flag(self, text: str) -> bool:
        if text.lower() not in BOOLS:
            raise MLRunInvalidArgumentError(
                f"{self.name}={text[:99]!r} is neither true nor false (nor yes, no, 1, 0)"
            )
        return BOOLS[text.lower()]


def text(name: str, help: str, *also: str) -> Parameter:
    return Parameter(name, "text", help, also=also)


def texts(name: str, help: str, *also: str, words: Iterable[str] = ()) -> Parameter:
    return Parameter(name, "text", help, tuple(words), is_many=True, also=also)


def word(name: str, words: Iterable[str], help: str, default: str = "") -> Parameter:
    return Parameter(name, "text", help, tuple(words), default)


def number(name: str, help: str, least: int = 0, default: int | None = None) -> Parameter:
    return Parameter(name, "number", help, default=default, least=least)


def flag(name: str, help: str, default: bool = False) -> Parameter:
    return Parameter(name, "flag", help, default=default)


def time(name: str, help: str) -> Parameter:
    return Parameter(name, "time", help)


def header(name: str, words: Iterable[str], help: str, default: str = "") -> Parameter:
    return Parameter(name, "text", help, tuple(words), default, is_header=True)
