"""Files to data frames."""

from __future__ import annotations

import os
from typing import Any

from mlrun import files
from mlrun.errors import MLRunBaseError, MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.frames.conditions import Condition, check_columns, conditions_of
from mlrun.frames.engines import Engine, engine_of
from mlrun.frames.table import SUFFIXES, broken, check_format, format_of, is_frame, library, to_pandas

GLOB = "*?["


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
        path: A local file, a folder or a pattern (``parts/*.csv``, ``**`` for any depth) of files of one
            format, or a data frame (to filter).
        format: ``csv``, ``parquet`` (``pq``), ``json`` (one object a line, or one array) or ``feather``; by
            the suffix if none. A folder that does not say is parquet.
        columns: Only these, in this order.
        df_module: What to read with if it is not pandas: a module or its name (polars, pyarrow,
            dask.dataframe, pyspark.sql), or a session of Spark.
        time_column: The column that *start_time* and *end_time* are about: times, or ISO 8601 text.
        start_time: Rows at or after it: a time, or ISO 8601 text; UTC if only the column names a zone.
        end_time: Rows at or before it.
        additional_filters: Rows that meet all of ``(column, operator, value)``, ``("age", ">=", 18)``; the
            operators are ``== != > >= < <= in``, and ``not in``. In parquet, parts of a file that have no
            such row are not read.
        kwargs: For the reader of the library.

    Raises:
        MLRunInvalidArgumentError: The format is not known, a column is not there, or the file is not what its
            format says.
        MLRunNotFoundError: No such file.
        MLRunMissingDependencyError: *df_module* is not installed.
    """
    wanted = conditions_of(time_column, start_time, end_time, additional_filters)
    if is_frame(path):
        return _wanted_rows(engine_of(), to_pandas(path), wanted, columns)
    engine = engine_of(df_module)
    path = os.fspath(path)
    format = _format(path, format)
    if df_module is None and format in ("parquet", "feather"):
        library("pyarrow")
    needed = list(dict.fromkeys([*columns, *(row.column for row in wanted)])) if columns else None
    parts = [
        _wanted_rows(engine, _read_file(engine, part, format, needed, wanted, kwargs), wanted, columns)
        for part in _parts(path, format)
    ]
    return parts[0] if len(parts) == 1 else engine.join(parts)


def _wanted_rows(engine: Engine, frame: Any, wanted: list[Condition], columns: list[str] | None) -> Any:
    for condition in wanted:
        check_columns(engine.columns(frame), [condition.column])
        frame = engine.keep(frame, condition)
    if columns:
        check_columns(engine.columns(frame), columns)
        return engine.choose(frame, columns)
    return frame


def _read_file(
    engine: Engine,
    path: str,
    format: str,
    columns: list[str] | None,
    wanted: list[Condition],
    options: dict[str, Any],
) -> Any:
    try:
        os.stat(path)  # the libraries have many names for a file that is not there
        return engine.read(path, format, columns, wanted, options)
    except MLRunBaseError:
        raise
    except OSError as error:
        if type(error) is not OSError:  # pyarrow raises a plain one for a file that is broken
            raise files.as_error("read", path, error) from error
        raise broken(path, format, error) from error
    except engine.errors as error:
        raise broken(path, format, engine.reason(error)) from error


def _format(path: str, format: str) -> str:
    format = format or format_of(path)
    if not format and os.path.isdir(path):
        inside = {format_of(name) for name in _files_in(path)} - {""}
        if len(inside) > 1:
            raise MLRunInvalidArgumentError(
                f"the folder {path} holds files of {' and '.join(sorted(inside))}; give format="
            )
        format = inside.pop() if inside else "parquet"
    if not format:
        raise MLRunInvalidArgumentError(
            f"{path} does not say what it is: its name ends with none of {', '.join(SUFFIXES)}; give format="
        )
    return check_format(format)


def _parts(path: str, format: str) -> list[str]:
    """The files that *path* means; a folder of parquet is read as one."""
    if os.path.isdir(path):
        if format == "parquet":
            return [path]
        found = [name for name in _files_in(path) if format_of(name) in (format, "")]
    elif any(letter in path for letter in GLOB) and not os.path.exists(path):
        import glob

        found = sorted(glob.glob(path, recursive=True))
    else:
        return [path]
    if not found:
        raise MLRunNotFoundError(f"no {format} file is in {path}")
    return found


def _files_in(folder: str) -> list[str]:
    """Every file below *folder* in order; names that begin with ``.`` or ``_`` are of those who wrote it."""
    return sorted(
        os.path.join(parent, name)
        for parent, _, names in os.walk(folder)
        for name in names
        if name[0] not in "._"
    )
