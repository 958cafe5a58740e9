"""The shape of what goes back."""

from __future__ import annotations

import json

import pytest

from mlrun.api.answers import as_json, done, refusal
from mlrun.errors import MLRunConflictError, MLRunNotFoundError


@pytest.mark.parametrize("text", ["no run p1/u1", "it's", "both ' and \"", "ünï\n"])
def test_the_text_of_an_error_can_be_read_back(text: str) -> None:
    answer = refusal(MLRunNotFoundError(text))

    reason = json.loads(bytes(answer.body))["detail"]["reason"]
    assert eval(reason, {"MLRunNotFoundError": str}) == text


def test_the_status_is_the_one_of_the_error() -> None:
    assert refusal(MLRunConflictError("x")).status_code == 409
    assert refusal(MLRunConflictError("x"), 413).status_code == 413


def test_floats_that_json_lacks_become_null() -> None:
    assert bytes(as_json({"a": float("nan")}).body) == b'{"a":null}'


@pytest.mark.parametrize(("status", "body"), [(200, b"{}"), (202, b"{}"), (204, b"")])
def test_nothing_to_say(status: int, body: bytes) -> None:
    assert bytes(done(status).body) == body
