"""What is said of a table without showing all of it: its head, its columns, its statistics."""

from __future__ import annotations

import importlib
from typing import Any

from mlrun.frames.profile import COMMON, Profile, histogram, quantile
from mlrun.frames.stream import Stream, frame_stream
from mlrun.frames.table import checked, keeps_index, library, to_json

EXACT_ROWS = 1_000_000  # a table in memory of so many rows has exact statistics


def preview(df: Any, rows: int = 20, columns: int = 100) -> tuple[list[str], list[list[Any]]]:
    """
    The head of a table, as it is stored with its artifact.

    Args:
        df: Shape (n, k); an index that carries something counts as columns; columns of any dtype.
        rows: At most this many rows; the whole table if it is shorter. 0 is none.
        columns: At most this many columns.

    Returns:
        min(k, columns) names, and min(n, rows) lists of as many cells, each a JSON value; NaN becomes None.

    Raises:
        MLRunInvalidArgumentError: Two columns share a name.

    Source: RFC 8259 section 6, JSON has no NaN.
    """
    frame = checked(df)
    head = frame.iloc[:rows]
    head = (head.reset_index() if keeps_index(frame) else head).iloc[:, :columns]
    cells = [to_json(head.iloc[:, at].tolist()) for at in range(head.shape[1])]
    return [str(name) for name in head.columns], [list(row) for row in zip(*cells)]


def schema(df: Any) -> dict[str, Any]:
    """
    The columns and their types, as a table schema: ``{"fields": [{"name", "type"}], "primaryKey", ...}``.

    Raises:
        MLRunInvalidArgumentError: Two columns share a name.

    Source: Frictionless Data, Table Schema; pandas adds its version.
    """
    frame = checked(df)
    build = importlib.import_module("pandas.io.json").build_table_schema
    plain: dict[str, Any] = to_json(build(frame.iloc[:0], index=keeps_index(frame)))
    return plain


def stats(df: Any) -> dict[str, dict[str, Any]]:
    """
    Statistics by column, as JSON values.

    A column of numbers has ``count, mean, std, min, 25%, 50%, 75%, max``, ``hist`` (the counts and the edges
    of 20 bins over its finite values) and ``nulls``; any other has ``count, unique, top, freq``, ``values``
    (the counts of its 10 most frequent values, and those values) and ``nulls``. NaN counts as a null;
    infinite results are None.

    They are exact for a table of up to 1 000 000 rows; a longer one, or one in pieces, is gone over once, see
    :class:`mlrun.frames.profile.Profile` for what is an estimate then, and how good it is.

    Raises:
        MLRunInvalidArgumentError: Two columns share a name.
    """
    if isinstance(df, Stream) or len(df) > EXACT_ROWS:
        stream = df if isinstance(df, Stream) else frame_stream(df, index=False)
        profile = Profile(stream.schema, map(str, stream.head.columns))
        for batch in stream:
            profile.add(batch)
        return profile.result()
    frame = checked(df)
    return {str(name): _column(frame[name]) for name in frame.columns}


def _column(column: Any) -> dict[str, Any]:
    types = library("pandas").api.types
    dtype = column.dtype
    if types.is_numeric_dtype(dtype) and not types.is_bool_dtype(dtype) and not types.is_complex_dtype(dtype):
        return _numbers(column)
    return _values(column)


def _numbers(column: Any) -> dict[str, Any]:
    numpy = library("numpy")
    values = column.to_numpy(dtype="float64", na_value=numpy.nan)
    ordered = numpy.sort(values)  # NaN comes last
    ordered = ordered[: len(ordered) - int(numpy.isnan(values).sum())]
    count = len(ordered)
    if not count:
        return {
            "count": 0,
            **dict.fromkeys(("mean", "std", "min", "25%", "50%", "75%", "max")),
            "hist": [[], []],
            "nulls": len(values),
        }
    with numpy.errstate(invalid="ignore", over="ignore"):
        found = {
            "count": count,
            "mean": ordered.mean(),
            "std": ordered.std(ddof=1) if count > 1 else None,
            "min": ordered[0],
            **{f"{percent}%": quantile(ordered, percent / 100) for percent in (25, 50, 75)},
            "max": ordered[-1],
            "hist": _histogram(numpy, ordered),
            "nulls": len(values) - count,
        }
    plain: dict[str, Any] = to_json(found)
    return plain


def _histogram(numpy: Any, ordered: Any) -> list[Any]:
    finite = ordered[numpy.searchsorted(ordered, -numpy.inf, side="right") :]
    finite = finite[: numpy.searchsorted(finite, numpy.inf)]
    return histogram(numpy, finite, finite[0], finite[-1]) if len(finite) else [[], []]


def _values(column: Any) -> dict[str, Any]:
    present = column.dropna()
    try:
        counts = present.value_counts()
    except TypeError:  # before pandas 3, lists and dictionaries can not be counted
        counts = present.astype(str).value_counts()
    if not len(counts):
        return {
            "count": 0,
            "unique": 0,
            "top": None,
            "freq": None,
            "values": [[], []],
            "nulls": len(column),
        }
    counts = counts[counts > 0]  # a category that no row has
    common = counts.iloc[:COMMON]
    found: dict[str, Any] = to_json(
        {
            "count": len(present),
            "unique": len(counts),
            "top": common.index[0],
            "freq": common.iloc[0],
            "values": [common.tolist(), common.index.tolist()],
            "nulls": len(column) - len(present),
        }
    )
    return found
