"""A table as a file of any format that pandas has, and back as it was."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from mlrun.errors import MLRunBaseError, MLRunInvalidArgumentError, MLRunMissingDependencyError, nearest
from mlrun.frames.reader import read
from mlrun.frames.table import FORMATS, checked, format_of, keeps_index, library, with_index
from mlrun.frames.writer import write

FILE_FORMATS = ("parquet", "csv", "h5", "xml", "xlsx", "html", "json", "feather", "orc")
_ALIASES = {"pq": "parquet", "hdf": "h5", "hdf5": "h5", "excel": "xlsx", "htm": "html"}
_NEEDS = {"h5": "tables", "xml": "lxml", "xlsx": "openpyxl", "html": "lxml"}
_KEEP_INDEX = ("parquet", "h5")  # their files hold it as it is; in the others it is the first columns
_H5_KEY = "table"


def check_file_format(format: str) -> str:
    """
    The one name of *format*: ``parquet`` for ``pq``.

    Raises:
        MLRunInvalidArgumentError: It is not known; the message lists those that are.
    """
    word = str(format).lower().lstrip(".")
    word = _ALIASES.get(word, word)
    if word not in FILE_FORMATS:
        raise MLRunInvalidArgumentError(
            f"{format!r} is not a format of a table's file: {', '.join(FILE_FORMATS)}."
            f"{nearest(word, (*FILE_FORMATS, *_ALIASES))}"
        )
    return word


def file_format_of(path: str) -> str:
    """The format that the end of *path* names, empty where it names none."""
    suffix = path.rpartition(".")[2].lower()
    suffix = _ALIASES.get(suffix, suffix)
    return format_of(path) or (suffix if suffix in FILE_FORMATS else "")


def write_file(df: Any, path: str, format: str) -> dict[str, Any]:
    """
    Write the table *df* to the file *path*.

    Args:
        format: One of :data:`FILE_FORMATS`.

    Returns:
        What :func:`read_file` takes to give the same table again.

    Raises:
        MLRunInvalidArgumentError: The format is not known, or the table does not fit it.
        MLRunMissingDependencyError: pandas needs another library for it; the message names it.
    """
    format = check_file_format(format)
    frame = checked(df)
    how: dict[str, Any] = {"file_format": format}
    if format not in _KEEP_INDEX and keeps_index(frame):
        how["index"] = list(frame.index.names)
        frame = with_index(frame)
    if format in FORMATS:
        write(frame, path, format)
    else:
        _need(format)
        _explained("written", format, lambda: _WRITERS[format](frame, path))
    return how


def read_file(path: str, how: Mapping[str, Any] | None = None) -> Any:
    """
    The table in the file *path*, as a pandas frame.

    Args:
        how: What :func:`write_file` gave; without it the name of the file says its format.

    Raises:
        MLRunInvalidArgumentError: No format is known, or the file is not what its format says.
        MLRunMissingDependencyError: pandas needs another library for it; the message names it.
    """
    how = how or {}
    format = str(how.get("file_format") or file_format_of(path))
    if not format:
        raise MLRunInvalidArgumentError(
            f"{path} does not say what it is; a table's file ends in .{', .'.join(FILE_FORMATS)}"
        )
    format = check_file_format(format)
    if format in FORMATS:
        frame = read(path, format=format)
    else:
        _need(format)
        frame = _explained("read", format, lambda: _READERS[format](library("pandas"), path))
    return _as_index(frame, how["index"]) if how.get("index") else frame


def _as_index(frame: Any, names: list[Any]) -> Any:
    """The first columns become the index again."""
    frame = frame.set_index(list(frame.columns[: len(names)]))
    frame.index.names = names
    return frame


def _need(format: str) -> None:
    library("pyarrow" if format == "orc" else "pandas")
    needed = _NEEDS.get(format)
    try:
        importlib.import_module(needed or "pandas")
    except ImportError as error:
        raise MLRunMissingDependencyError(
            f"tables as {format} need {needed}: pip install 'mlrun[formats]', or pip install {needed}"
        ) from error


def _explained(verb: str, format: str, act: Callable[[], Any]) -> Any:
    try:
        return act()
    except MLRunBaseError:
        raise
    except Exception as error:  # five libraries, each with its own
        raise MLRunInvalidArgumentError(f"this table can not be {verb} as {format}: {error}") from error


def _read_h5(pandas: Any, path: str) -> Any:
    with pandas.HDFStore(path, mode="r") as store:
        keys = store.keys()
    own = f"/{_H5_KEY}"
    return pandas.read_hdf(path, key=own if own in keys else None)


_WRITERS: dict[str, Callable[[Any, str], Any]] = {
    "h5": lambda frame, path: frame.to_hdf(path, key=_H5_KEY, mode="w", format="table"),
    "xml": lambda frame, path: frame.to_xml(path, index=False),
    "xlsx": lambda frame, path: frame.to_excel(path, index=False),
    "html": lambda frame, path: frame.to_html(path, index=False),
    "orc": lambda frame, path: frame.to_orc(path),
}
_READERS: dict[str, Callable[[Any, str], Any]] = {
    "h5": _read_h5,
    "xml": lambda pandas, path: pandas.read_xml(path),
    "xlsx": lambda pandas, path: pandas.read_excel(path),
    "html": lambda pandas, path: pandas.read_html(path, flavor="lxml")[0],
    "orc": lambda pandas, path: pandas.read_orc(path),
}
