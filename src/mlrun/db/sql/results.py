"""Results of runs beside their bodies, so that a listing can compare them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Optional

from mlrun.db import records
from mlrun.db.base import Record
from mlrun.db.sql.where import Where
from mlrun.model.base import to_builtins
from mlrun.model.query import comparison

Searched = tuple[Optional[float], Optional[str]]  # the number or the text


def searched(results: Record) -> dict[str, Searched]:
    """The results that can be compared: numbers (True is 1) and short texts."""
    found = {}
    for given, value in results.items():
        name = records.searchable(str(given))
        if name and (compared := _searched(value)):
            found[name] = compared
    return found


def compare(where: Where, comparisons: Iterable[str]) -> None:
    """
    Add the condition that all of *comparisons* hold.

    Raises:
        MLRunInvalidArgumentError: One is no comparison.
    """
    for number, text in enumerate(comparisons):
        name, operator, value = comparison(text)
        column, other = ("text", "number") if isinstance(value, str) else ("number", "text")
        condition = f"name = :result{number} AND {column} {operator} :compared{number}"
        if operator == "!=":  # the result is there, and is something else
            condition = (
                f"name = :result{number} AND"
                f" ({column} <> :compared{number} OR ({column} IS NULL AND {other} IS NOT NULL))"
            )
        where.side("run_results", condition, **{f"result{number}": name, f"compared{number}": value})


def _searched(value: Any) -> Searched | None:
    if isinstance(value, str):
        text = records.searchable(value)
        return (None, text) if text == value else None
    if hasattr(value, "tolist"):  # a number of numpy
        value = to_builtins(value)
    if not isinstance(value, (bool, int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return (number, None) if math.isfinite(number) else None
