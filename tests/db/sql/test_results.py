"""Which results can be searched by."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.sql.results import searched


class Scalar:
    """As numpy's."""

    def __repr__(self) -> str:
        return "Scalar()"

    def tolist(self) -> float:
        return 0.5


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (1, (1.0, None)),
        (0.5, (0.5, None)),
        (True, (1.0, None)),
        (Scalar(), (0.5, None)),
        ("word", (None, "word")),
        ("wört", (None, "wört")),
        ("", (None, "")),
        (10**400, None),
        (float("inf"), None),
        (float("nan"), None),
        ("x" * 257, None),
        ("a\x00", None),
        ("\udc80", None),
        (None, None),
        ([1], None),
        ({"a": 1}, None),
    ],
    ids=repr,
)
def test_numbers_and_short_texts_are_kept(value: Any, kept: Any) -> None:
    assert searched({"r": value}) == ({"r": kept} if kept else {})


@pytest.mark.parametrize("name", ["", "x" * 257, "a\x00"])
def test_a_name_that_no_column_holds_is_left_out(name: str) -> None:
    assert searched({name: 1, "r": 1}) == {"r": (1.0, None)}
