"""Spans of time as people write them."""

from __future__ import annotations

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.duration import FOREVER, seconds_of


@pytest.mark.parametrize(
    ("span", "seconds"),
    [
        ("90", 90),
        (90, 90),
        (1.5, 1.5),
        ("30s", 30),
        ("1h", 3600),
        ("1h 30m", 5400),
        ("1h30m", 5400),
        ("2 days", 172_800),
        ("1 week, 1 day", 691_200),
        ("0.5h", 1800),
        ("1H", 3600),
        ("-1", FOREVER),
        (-1, FOREVER),
    ],
)
def test_a_span_is_so_many_seconds(span, seconds):
    assert seconds_of(span, "executing") == seconds


@pytest.mark.parametrize("span", ["", "soon", "1x", "-5", "1h 30", None, True, "h"])
def test_what_is_no_span_is_refused_with_its_name(span):
    with pytest.raises(MLRunInvalidArgumentError, match=r"executing is a span of time such as 30m.*not"):
        seconds_of(span, "executing")
