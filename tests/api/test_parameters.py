"""What a parameter takes, and what it answers to the rest."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.datastructures import Headers, QueryParams

from mlrun.api.parameters import Parameter, flag, header, number, text, texts, time, word
from mlrun.errors import MLRunInvalidArgumentError


def read(parameter: Parameter, query: str = "", **headers: str) -> Any:
    return parameter.read(QueryParams(query), Headers(headers))


@pytest.mark.parametrize("given", ["yes", "True", "true", "1", "ON"])
def test_many_words_are_true(given: str) -> None:
    assert read(flag("iter", ""), f"iter={given}") is True


@pytest.mark.parametrize("given", ["no", "False", "false", "0"])
def test_many_words_are_false(given: str) -> None:
    assert read(flag("iter", "", default=True), f"iter={given}") is False


def test_a_word_that_is_neither_is_refused() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="iter='maybe' is neither true nor false"):
        read(flag("iter", ""), "iter=maybe")


@pytest.mark.parametrize("given", ["-1", "x", "1.5", str(1 << 63), "9" * 5000])
def test_a_number_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="is not a whole number of 0 or more"):
        read(number("iter", ""), f"iter={given}")


def test_a_number_has_its_least() -> None:
    assert read(number("size", "", least=-1), "size=-1") == -1
    with pytest.raises(MLRunInvalidArgumentError, match="is not a whole number of 1 or more"):
        read(number("page", "", least=1), "page=0")


@pytest.mark.parametrize(
    ("parameter", "default"),
    [
        (number("iter", ""), None),
        (number("iter", "", default=0), 0),
        (text("iter", ""), ""),
        (texts("iter", ""), []),
        (time("iter", ""), ""),
        (word("iter", ("a",), "", default="a"), "a"),
        (flag("iter", "", default=True), True),
    ],
)
def test_what_is_not_given_or_empty_is_the_default(parameter: Parameter, default: Any) -> None:
    assert read(parameter) == read(parameter, "iter=") == default


def test_a_time_without_a_zone_is_utc() -> None:
    assert read(time("since", ""), "since=2026-01-01T10:00:00") == "2026-01-01T10:00:00.000000+00:00"
    with pytest.raises(MLRunInvalidArgumentError, match="since"):
        read(time("since", ""), "since=yesterday")


def test_an_unknown_word_is_answered_with_the_nearest() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="Did you mean 'full'"):
        read(word("format", ("full", "minimal"), ""), "format=ful")


def test_each_of_many_is_one_of_the_words() -> None:
    states = texts("state", "", "states", words=("running", "error"))

    assert read(states, "state=running&states=error") == ["running", "error"]
    with pytest.raises(MLRunInvalidArgumentError, match="state='x' is none of running, error"):
        read(states, "state=running&state=x")


def test_other_spellings_are_the_same_parameter() -> None:
    assert read(text("object-uid", "", "uid"), "uid=a") == "a"


def test_a_word_may_come_in_a_header() -> None:
    mode = header("mode", ("additive", "replace"), "", default="replace")

    assert (read(mode, mode="additive"), read(mode, "mode=additive")) == ("additive", "replace")


def test_no_text_has_a_nul() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="NUL"):
        read(text("name", ""), "name=a%00b")
