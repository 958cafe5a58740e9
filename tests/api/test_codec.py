"""Parameters and bodies as handlers ask for them."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.datastructures import Headers, QueryParams

from mlrun.api.codec import Call, parse, part
from mlrun.errors import (
    MLRunBadRequestError,
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunMissingProjectError,
)


def call(query: str = "", body: bytes = b"", project: str = "p1", **headers: str) -> Call:
    house: Any = None
    return Call(house, "/x", {"project": project}, QueryParams(query), Headers(headers), body)


@pytest.mark.parametrize("word", ["yes", "True", "true", "1", "ON"])
def test_many_words_are_true(word: str) -> None:
    assert call(f"iter={word}").flag("iter", False)


@pytest.mark.parametrize("word", ["no", "False", "false", "0"])
def test_many_words_are_false(word: str) -> None:
    assert not call(f"iter={word}").flag("iter", True)


def test_a_word_that_is_neither_is_refused() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="iter='maybe' is neither true nor false"):
        call("iter=maybe").flag("iter", True)


@pytest.mark.parametrize("text", ["-1", "x", "1.5", str(1 << 63), "9" * 5000])
def test_a_number_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="is not a whole number of 0 or more"):
        call(f"iter={text}").number("iter")


def test_what_is_not_given_is_nothing() -> None:
    empty = call("iter=")

    assert (empty.number("iter"), empty.text("name"), empty.texts("uid"), empty.time("since")) == (
        None,
        "",
        [],
        "",
    )


def test_a_time_without_a_zone_is_utc() -> None:
    assert call("since=2026-01-01T10:00:00").time("since") == "2026-01-01T10:00:00.000000+00:00"


def test_an_unknown_word_is_answered_with_the_nearest() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="Did you mean 'full'"):
        call("format=ful").word("format", ("full", "minimal"))


def test_a_word_may_come_in_a_header() -> None:
    assert call(mode="additive").word("mode", ("additive",), header=True) == "additive"


def test_every_project_is_none_to_write_to() -> None:
    with pytest.raises(MLRunMissingProjectError):
        _ = call(project="*").project
    assert call(project="*").projects == ""


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b"{'a': 1}", b'{"a": NaN', b"\0"])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(MLRunBadRequestError, match="the body is not JSON"):
        parse(body)


def test_the_json_of_python_is_read() -> None:
    assert str(parse(b'{"a": NaN, "b": -Infinity}')) == "{'a': nan, 'b': -inf}"


@pytest.mark.parametrize(("body", "given"), [(b"", "nothing"), (b"[]", "an array"), (b"3", "a number")])
def test_a_record_is_an_object(body: bytes, given: str) -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match=f"it is {given}"):
        call(body=body).record()


def test_an_optional_body_may_be_missing() -> None:
    assert call().record(optional=True) == {}


def test_a_part_of_a_record_is_an_object_too() -> None:
    assert part({}, "spec", "a run") == {}
    with pytest.raises(
        MLRunInvalidArgumentTypeError, match="spec of a run has to be an object; it is a string"
    ):
        part({"spec": "x"}, "spec", "a run")
