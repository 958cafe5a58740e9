"""Parameters and bodies as handlers ask for them."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response

from mlrun.api.codec import Call, Rule, parse, part
from mlrun.api.limits import MOST_DEPTH
from mlrun.api.parameters import flag, number, text, texts, time
from mlrun.errors import (
    MLRunBadRequestError,
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunMissingProjectError,
)
from mlrun.model.run import Run

Record = dict[str, Any]


ASKS = (number("iter", "x"), flag("sort", "x"), text("name", "x"), texts("uid", "x"), time("since", "x"))


def call(
    query: str = "", body: bytes = b"", project: str = "p1", takes: Any = Record, **headers: str
) -> Call:
    house: Any = None
    rule = Rule("GET", "/x", lambda _: Response(), asks=ASKS, takes=takes)
    return Call(house, rule, "/x", {"project": project}, QueryParams(query), Headers(headers), body)


def test_a_parameter_is_asked_for_by_its_kind() -> None:
    given = call("iter=3&sort=yes&name=a&uid=1&uid=2&since=2026-01-01T10:00:00")

    assert (given.number("iter"), given.flag("sort"), given.text("name"), given.texts("uid")) == (
        3,
        True,
        "a",
        ["1", "2"],
    )
    assert given.time("since") == "2026-01-01T10:00:00.000000+00:00"


def test_what_is_not_declared_can_not_be_asked_for() -> None:
    with pytest.raises(AssertionError, match="has to declare nme as a text"):
        call().text("nme")
    with pytest.raises(AssertionError, match="has to declare iter as a text"):
        call().text("iter")
    with pytest.raises(AssertionError, match="has to declare uid as a text"):
        call().text("uid")


def test_what_a_handler_does_not_ask_for_is_checked_too() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="sort='maybe' is neither true nor false"):
        call("sort=maybe").check()


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
    assert call(takes=Optional[Record]).record() == {}


def test_a_record_has_the_types_of_its_rule() -> None:
    body = b'{"metadata": {"name": null, "own": 1}, "spec": {"parameters": {"a": null}}}'
    assert call(body=body, takes=Run).record()["metadata"] == {"name": None, "own": 1}
    with pytest.raises(
        MLRunInvalidArgumentError, match=r"Expected `object \| null`, got `int` - at `\$.spec.par"
    ):
        call(body=b'{"spec": {"parameters": 5}}', takes=Run).record()


@pytest.mark.parametrize("one", [b"[%s]", b'{"a": %s}', b'[1, {"a": [%s]}, []]'])
def test_a_body_is_only_so_deep(one: bytes) -> None:
    def nested(times: int) -> bytes:
        body = b"1"
        for _ in range(times):
            body = one % body
        return body

    times = MOST_DEPTH // (3 if one.startswith(b"[1") else 1)

    assert parse(nested(times))
    with pytest.raises(MLRunBadRequestError, match="more than 100 objects and lists in each other"):
        parse(nested(times + 1))


def test_a_part_of_a_record_is_an_object_too() -> None:
    assert part({}, "spec", "a run") == {}
    with pytest.raises(
        MLRunInvalidArgumentTypeError, match="spec of a run has to be an object; it is a string"
    ):
        part({"spec": "x"}, "spec", "a run")
