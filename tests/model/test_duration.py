"""Lengths of time, as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.duration import seconds


@pytest.mark.parametrize(
    ("value", "length"),
    [
        (30, 30),
        (0.5, 0.5),
        ("30", 30),
        ("45s", 45),
        ("10 minutes", 600),
        ("1h30m", 5400),
        ("1h 30 min", 5400),
        ("2 Days", 172800),
        ("1.5h", 5400),
        (0, 0),
    ],
    ids=str,
)
def test_a_length_of_time_is_read(value: Any, length: float) -> None:
    assert seconds(value, "delay") == length


@pytest.mark.parametrize(
    "value", ["", "soon", "10 parsecs", "-5s", -5, True, None, float("inf"), "1h and"], ids=str
)
def test_what_is_none_is_answered(value: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="is no length of time; 30, '45s'"):
        seconds(value, "delay")
