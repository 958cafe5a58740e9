"""Files to data frames."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from mlrun import files
from mlrun.errors import MLRunBaseError, MLRunInvalidArgumentError, nearest
from mlrun.frames.table import SUFFIXES, check_format, format_of, is_frame, library, to_pandas

OPERATORS = {"==": "eq", "=": "eq", "!=": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le"}


class Condition(NamedTuple):
    """Rows have to meet it to be read."""

    column: str
    operator: str
    value: Any
    is_time: bool = False


def read(
    path: Any,
    format: str = "",
    columns: list[str] | None = None,
    df_module: Any = None,
    time_column: str | None = None,
    start_time: Any = None,
    end_time: Any = None,
    additional_filters: list[tuple[str, str, Any]] | None = None,
    **kwargs: Any,
) -> Any:
    """
    Read a table.

    Args:
        path: A local file, a folder of parquet files, or a data frame (to filter).
        format: ``csv``, ``parquet`` (``pq``), ``json`` (one object a line, or one array) or ``feather``; by
            the suffix if none. A folder is parquet.
        columns: Only these, in this order.
        df_module: The library to read with (pandas, polars, dask.dataframe, ...) if it is not pandas.
        time_column: The column that *start_time* and *end_time* are about: times, or ISO 8601 text.
        start_time: Rows at or after it: a time, or ISO 8601 text; UTC if only the column names a zone.
        end_time: Rows at or before it.
        additional_filters: Rows that meet all of ``(column, operator, value)``, ``("age", ">=", 18)``; the
            operators are ``== != > >= < <= in``, and ``not in``.
        kwargs: For the reader of the library.

    Raises:
        MLRunInvalidArgumentError: The format is not known, a column is not there, or the file is not what its
            format says.
        MLRunNotFoundError: No such file.
    """
    conditions = _conditions(time_column, start_time, end_time, additional_filters)
    if conditions and getattr(df_module, "__name__", "") == "polars":
        raise MLRunInvalidArgumentError("polars filters itself: as_df(df_module=polars).filter(...)")
    if is_frame(path):
        frame = to_pandas(path)
    else:
        needed = list(dict.fromkeys([*columns, *(row.column for row in conditions)])) if columns else None
        frame = _read_file(os.fspath(path), format, needed, df_module, kwargs)
    for condition in conditions:
        frame = frame[_mask(frame, condition)]
    if columns:
        _check_columns(frame, columns)
        return frame[columns]
    return frame


def _read_file(
    path: str, format: str, columns: list[str] | None, df_module: Any, kwargs: dict[str, Any]
) -> Any:
    format = _format(path, format)
    module = df_module or library("pandas")
    if df_module is None and format in ("parquet", "feather"):
        library("pyarrow")
    is_polars = module.__name__ == "polars"
    options: dict[str, Any] = {}
    if columns and format != "json":
        options["usecols" if format == "csv" and not is_polars else "columns"] = columns
    if format == "json" and not is_polars:
        options["lines"] = _is_json_lines(path)
    name = {"feather": "ipc", "json": "ndjson"}.get(format, format) if is_polars else format
    try:
        os.stat(path)  # the libraries have many names for a file that is not there
        return getattr(module, f"read_{name}")(path, **{**options, **kwargs})
    except MLRunBaseError:
        raise
    except OSError as error:
        if type(error) is not OSError:  # pyarrow raises a plain one for a file that is broken
            raise files.as_error("read", path, error) from error
        raise _broken(path, format, error) from error
    except (ValueError, TypeError, LookupError) as error:
        raise _broken(path, format, error) from error


def _format(path: str, format: str) -> str:
    if not format and os.path.isdir(path):
        return "parquet"
    format = format or format_of(path)
    if not format:
        raise MLRunInvalidArgumentError(
            f"{path} does not say what it is: its name ends with none of {', '.join(SUFFIXES)}; give format="
        )
    return check_format(format)


def _broken(path: str, format: str, error: Exception) -> MLRunInvalidArgumentError:
    return MLRunInvalidArgumentError(f"{path} can not be read as {format}: {error}")


def _is_json_lines(path: str) -> bool:
    """An array begins with a bracket, a line with a brace."""
    import gzip  # few files are

    opener: Any = gzip.open if path.endswith(".gz") else open
    with files.explained("read", path), opener(path, "rb") as file:
        return not file.read(64).lstrip().startswith(b"[")


def _conditions(
    time_column: str | None, start: Any, end: Any, additional: list[tuple[str, str, Any]] | None
) -> list[Condition]:
    bounds = [(op, at) for op, at in ((">=", start), ("<=", end)) if at is not None]
    if bounds and not time_column:
        raise MLRunInvalidArgumentError("start_time and end_time need time_column, the column they are about")
    times = [Condition(str(time_column), op, at, is_time=True) for op, at in bounds]
    for row in additional or ():
        if not isinstance(row, tuple | list) or len(row) != 3 or row[1] not in (*OPERATORS, "in", "not in"):
            raise MLRunInvalidArgumentError(
                f"{row!r} is not a filter: (column, operator, value);"
                f" the operators are {', '.join(OPERATORS)}, in, not in"
            )
    return [*times, *(Condition(*row) for row in additional or ())]


def _mask(frame: Any, condition: Condition) -> Any:
    _check_columns(frame, [condition.column])
    column, value = frame[condition.column], condition.value
    if condition.is_time:
        column, value = _as_times(column, value)
    if condition.operator.endswith("in"):
        found = column.isin(list(value))
        return found if condition.operator == "in" else ~found
    try:
        return getattr(column, OPERATORS[condition.operator])(value)
    except TypeError as error:
        raise MLRunInvalidArgumentError(f"column {condition.column!r} does not compare: {error}") from error


def _as_times(column: Any, at: Any) -> tuple[Any, Any]:
    pandas = library("pandas")
    try:
        if column.dtype.kind in "iufb":
            raise TypeError(f"it holds {column.dtype}")  # from which epoch, in which unit?
        times, bound = pandas.to_datetime(column, format="ISO8601"), pandas.Timestamp(at)
    except (ValueError, TypeError) as error:
        raise MLRunInvalidArgumentError(f"column {column.name!r} or {at!r} is not a time: {error}") from error
    if times.dt.tz is not None:
        bound = bound.tz_localize("UTC") if bound.tz is None else bound
    elif bound.tz is not None:
        bound = bound.tz_convert("UTC").tz_localize(None)
    return times, bound


def _check_columns(frame: Any, names: list[str]) -> None:
    have = [str(name) for name in frame.columns]
    if missing := [name for name in names if name not in frame.columns]:
        hint = nearest(str(missing[0]), have)
        raise MLRunInvalidArgumentError(f"no column {missing[0]!r}; there are: {', '.join(have[:50])}.{hint}")
