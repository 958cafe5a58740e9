"""What counts as a table, and what its formats are called."""

from __future__ import annotations

import importlib
import math
import os
import sys
from typing import TYPE_CHECKING, Any

from mlrun.errors import MLRunInvalidArgumentError, MLRunMissingDependencyError, nearest

if TYPE_CHECKING:
    from pandas import DataFrame

SUFFIXES = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".json.gz": "json",
    ".feather": "feather",
}
FORMATS = {"csv": "csv", "parquet": "parquet", "pq": "parquet", "json": "json", "feather": "feather"}
_TABLES = (("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "Table"))


def library(name: str) -> Any:
    """
    Raises:
        MLRunMissingDependencyError: It is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MLRunMissingDependencyError(
            f"data frames need {error.name or name}: pip install 'mlrun[data]'"
        ) from error


def is_frame(obj: Any) -> bool:
    """Whether *obj* is a table: a pandas or polars frame or a pyarrow table; imports none of them."""
    return any(
        (module := sys.modules.get(name)) is not None and isinstance(obj, getattr(module, kind, ()))
        for name, kind in _TABLES
    )


def to_pandas(df: Any) -> DataFrame:
    """
    Raises:
        MLRunInvalidArgumentError: *df* is no table.
    """
    if not is_frame(df):
        raise MLRunInvalidArgumentError(
            f"a {type(df).__name__} is not a data frame: pandas.DataFrame, polars.DataFrame or pyarrow.Table"
        )
    frame: DataFrame = df if isinstance(df, library("pandas").DataFrame) else df.to_pandas()
    return frame


def checked(df: Any) -> DataFrame:
    """
    *df* as a pandas frame that a file can hold.

    Raises:
        MLRunInvalidArgumentError: It is no table, or two of its columns have one name, as text.
    """
    frame = to_pandas(df)
    names = frame.columns.map(str)
    if not names.is_unique:
        twice = ", ".join(repr(name) for name in names[names.duplicated()].unique())
        raise MLRunInvalidArgumentError(f"two columns are named {twice}; rename one: df.columns = [...]")
    return frame


def to_frame(rows: Any, columns: list[str] | None = None) -> DataFrame:
    """A data frame of *rows*: lists of cells, or dictionaries by column."""
    frame: DataFrame = library("pandas").DataFrame(rows, columns=columns)
    return frame


def keeps_index(df: Any) -> bool:
    """Whether the index carries something: it is named, or not 0..n-1."""
    index: Any = to_pandas(df).index
    if any(name is not None for name in index.names) or index.nlevels > 1:
        return True
    if hasattr(index, "step"):  # a RangeIndex
        return len(index) > 0 and (index.start != 0 or index.step != 1)
    return len(index) > 0 and not index.equals(library("pandas").RangeIndex(len(index)))


def with_index(frame: DataFrame) -> DataFrame:
    """
    *frame* with its index as columns, where the index carries something.

    Raises:
        MLRunInvalidArgumentError: A column has the name of the index.
    """
    if not keeps_index(frame):
        return frame
    try:
        return frame.reset_index()
    except ValueError as error:
        raise MLRunInvalidArgumentError(f"the index can not become a column: {error}") from error


def format_of(path: str) -> str:
    """The format that the end of *path* names, empty where it names none."""
    stem, last = os.path.splitext(os.path.basename(path.rstrip("/")).lower())
    return SUFFIXES.get(os.path.splitext(stem)[1] + last) or SUFFIXES.get(last, "")


def broken(path: str, format: str, reason: object) -> MLRunInvalidArgumentError:
    """The error of a file that is not what it should be."""
    return MLRunInvalidArgumentError(f"{path} can not be read as {format}: {str(reason).strip()}")


def default_format(df: Any) -> str:
    """
    ``csv`` for a table under 10 000 rows that nobody chose a format for; ``parquet`` for any other one.

    A table without columns has no CSV that is read as a table again.
    """
    return "csv" if is_frame(df) and len(df) < 10_000 and df.shape[1] else "parquet"


def check_format(format: str) -> str:
    """
    The one name of *format*: ``parquet`` for ``pq``.

    Raises:
        MLRunInvalidArgumentError: It is not known; the message lists those that are.
    """
    known = FORMATS.get(str(format).lower().lstrip("."))
    if not known:
        raise MLRunInvalidArgumentError(
            f"{format!r} is not a table format: {', '.join(FORMATS)}.{nearest(str(format), FORMATS)}"
        )
    return known


def to_json(value: Any) -> Any:
    """*value* as a JSON value; what JSON lacks is None (not a number, infinite) or text (times, objects)."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [to_json(item) for item in value]
    if hasattr(value, "tolist"):
        return to_json(value.tolist())
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
