"""Plain text of cells."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.render.cells import Folded, Link, filled, plain


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (5, "5"),
        (0.123456789, "0.123457"),
        (float("nan"), "nan"),
        (True, "True"),
        ({"a": 1, "b": {"c": 2}}, "a=1, b=c=2"),
        ([1, "x", None], "1, x, "),
        (Link("model", "store://m"), "model"),
        (Folded("3f2a", "3f2a1b"), "3f2a"),
        ("grün", "grün"),
    ],
)
def test_a_cell_has_a_short_text(value: Any, text: str) -> None:
    assert plain(value) == text


def test_a_stored_text_can_not_steer_the_terminal() -> None:
    assert plain("a\x1b[31mred\x07\nb") == "a[31mred\nb"


def test_zero_and_false_count_as_filled() -> None:
    assert filled({"a": 0, "b": False, "c": "", "d": None, "e": {}, "f": []}) == [("a", 0), ("b", False)]
