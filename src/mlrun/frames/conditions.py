"""Which rows of a table are wanted: what people write, what a reader of parquet skips, and what is left."""

from __future__ import annotations

import datetime
import os
from typing import Any, NamedTuple

from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.frames.table import library

OPERATORS = {"==": "eq", "=": "eq", "!=": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le"}
_PUSHED = ("==", "=", ">", ">=", "<", "<=")  # a row without a value meets none of these, in any library


class Condition(NamedTuple):
    """Rows have to meet it to be read."""

    column: str
    operator: str
    value: Any
    is_time: bool = False


def conditions_of(
    time_column: str | None, start: Any, end: Any, additional: list[tuple[str, str, Any]] | None
) -> list[Condition]:
    """
    Raises:
        MLRunInvalidArgumentError: Times without a column, or a filter that is none.
    """
    bounds = [(op, at) for op, at in ((">=", start), ("<=", end)) if at is not None]
    if bounds and not time_column:
        raise MLRunInvalidArgumentError("start_time and end_time need time_column, the column they are about")
    times = [Condition(str(time_column), op, at, is_time=True) for op, at in bounds]
    for row in additional or ():
        if not isinstance(row, (tuple, list)) or len(row) != 3 or row[1] not in (*OPERATORS, "in", "not in"):
            raise MLRunInvalidArgumentError(
                f"{row!r} is not a filter: (column, operator, value);"
                f" the operators are {', '.join(OPERATORS)}, in, not in"
            )
    return [*times, *(Condition(*row) for row in additional or ())]


def mask(column: Any, condition: Condition, pandas: Any) -> Any:
    """
    Which rows of *column* meet *condition*.

    Args:
        column: A series of *pandas*, or of a library that has its words.

    Raises:
        MLRunInvalidArgumentError: They do not compare.
    """
    value = condition.value
    if condition.is_time:
        column, value = _as_times(column, value, pandas)
    if condition.operator.endswith("in"):
        found = column.isin(list(value))
        return found if condition.operator == "in" else ~found
    try:
        return getattr(column, OPERATORS[condition.operator])(value)
    except TypeError as error:
        raise MLRunInvalidArgumentError(f"column {condition.column!r} does not compare: {error}") from error


def _as_times(column: Any, at: Any, pandas: Any) -> tuple[Any, Any]:
    try:
        if column.dtype.kind in "iufb":
            raise TypeError(f"it holds {column.dtype}")  # from which epoch, in which unit?
        times = column if column.dtype.kind == "M" else pandas.to_datetime(column, format="ISO8601")
        bound = library("pandas").Timestamp(at)
    except (ValueError, TypeError) as error:
        raise MLRunInvalidArgumentError(f"column {column.name!r} or {at!r} is not a time: {error}") from error
    return times, _in_zone(bound, getattr(times.dtype, "tz", None))


def _in_zone(bound: Any, zone: Any) -> Any:
    """*bound* as it compares with times of *zone*; UTC where only one of them names a zone."""
    if zone is not None:
        return bound.tz_localize("UTC") if bound.tz is None else bound
    return bound if bound.tz is None else bound.tz_convert("UTC").tz_localize(None)


def pushed(path: str, conditions: list[Condition]) -> list[tuple[str, str, Any]]:
    """
    Those of *conditions* that a reader of parquet may use to skip what no row can be in.

    They only skip: what is read is looked at again. So what libraries understand differently (missing
    values, other types) is not given to them.
    """
    if not conditions:
        return []
    schema = _schema(path)
    found = (_pushed(row, schema.field(row.column).type) for row in conditions if row.column in schema.names)
    return [filter for filter in found if filter]


def _schema(path: str) -> Any:
    library("pyarrow")
    if not os.path.isdir(path):
        return library("pyarrow.parquet").read_schema(path)
    return library("pyarrow.dataset").dataset(path, format="parquet", partitioning="hive").schema


def _pushed(row: Condition, kind: Any) -> tuple[str, str, Any] | None:
    if row.is_time:
        return _pushed_time(row, kind)
    if row.operator in _PUSHED and _compares(kind, row.value):
        return (row.column, row.operator, row.value)
    if row.operator == "in" and (values := list(row.value)) and all(_compares(kind, item) for item in values):
        return (row.column, "in", values)
    return None


def _pushed_time(row: Condition, kind: Any) -> tuple[str, str, Any] | None:
    types, pandas = library("pyarrow").types, library("pandas")
    if not types.is_timestamp(kind):
        return None
    try:
        bound = _in_zone(pandas.Timestamp(row.value), kind.tz)
        bound = bound.tz_convert(kind.tz) if kind.tz else bound  # older Arrows compare no others
    except (ValueError, TypeError, KeyError):  # the rows will be looked at, and say what is wrong
        return None
    bound = bound.floor("us") if row.operator == ">=" else bound.ceil("us")  # Python's times end there
    return (row.column, row.operator, bound.to_pydatetime())


def _compares(kind: Any, value: Any) -> bool:
    types = library("pyarrow").types
    if isinstance(value, bool):
        return bool(types.is_boolean(kind))
    if isinstance(value, (int, float)):
        return bool(types.is_integer(kind) or types.is_floating(kind)) and value == value
    if isinstance(value, str):
        return bool(types.is_string(kind) or types.is_large_string(kind))
    return (
        isinstance(value, datetime.datetime)
        and types.is_timestamp(kind)
        and bool(kind.tz) == bool(value.tzinfo)
    )


def check_columns(have: list[Any], names: list[str]) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: One of *names* is none of *have*; the message has the nearest.
    """
    if missing := [name for name in names if name not in have]:
        words = [str(name) for name in have]
        hint = nearest(str(missing[0]), words)
        raise MLRunInvalidArgumentError(
            f"no column {missing[0]!r}; there are: {', '.join(words[:50])}.{hint}"
        )
