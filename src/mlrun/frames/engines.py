"""The libraries that read tables: pandas and those with its words, polars and pyarrow; Spark has its file."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError, MLRunMissingDependencyError
from mlrun.frames.conditions import Condition, mask, pushed
from mlrun.frames.table import library

_SKIP_ROWS = ("pandas", "dask.dataframe")  # their read_parquet takes filters


class Engine:
    """
    pandas, and the libraries that have its words: dask.dataframe, pyspark.pandas, modin.pandas, ...

    Args:
        module: The library.
    """

    def __init__(self, module: Any) -> None:
        self.module = module
        self.name = getattr(module, "__name__", "")

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What it raises for a broken file, beside errors of the system."""
        return (ValueError, TypeError, LookupError)

    def reason(self, error: Exception) -> str:
        """What the library says is wrong."""
        return str(error)

    def read(
        self,
        path: str,
        format: str,
        columns: list[str] | None,
        wanted: list[Condition],
        options: dict[str, Any],
    ) -> Any:
        """The table in one file, or in a folder of parquet; *wanted* may be used to skip rows."""
        own: dict[str, Any] = {}
        if columns and format != "json":
            own["usecols" if format == "csv" else "columns"] = columns
        if format == "json":
            own["lines"] = is_json_lines(path)
        if format == "parquet" and self.name in _SKIP_ROWS and "engine" not in options:
            filters = pushed(path, wanted)
            own |= {"filters": filters} if filters else {}
            own |= {"memory_map": True} if self.name == "pandas" else {}
        return self.call(format, path, own, options)

    def call(self, name: str, path: str, own: dict[str, Any], options: dict[str, Any]) -> Any:
        """
        What the library's ``read_<name>`` makes of *path*; *options* of the user come before our *own*.

        Raises:
            MLRunInvalidArgumentError: It has no such word: it is no library of tables, or not of this format.
        """
        read = getattr(self.module, f"read_{name}", None)
        if read is None:
            raise MLRunInvalidArgumentError(f"df_module={self.name!r} reads no {name}: it has no read_{name}")
        return read(path, **{**own, **options})

    def columns(self, frame: Any) -> list[Any]:
        return list(frame.columns)

    def keep(self, frame: Any, condition: Condition) -> Any:
        """The rows that meet *condition*."""
        return frame[mask(frame[condition.column], condition, self.module)]

    def choose(self, frame: Any, columns: list[str]) -> Any:
        return frame[columns]

    def join(self, parts: list[Any]) -> Any:
        """One table below the other."""
        options = (
            {"ignore_index": True}
            if "ignore_index" in inspect.signature(self.module.concat).parameters
            else {}
        )
        return self.module.concat(parts, **options)


class Dask(Engine):
    def keep(self, frame: Any, condition: Condition) -> Any:
        """By partition: what a column holds, and its zone, is known where it is read."""
        return frame.map_partitions(_kept, condition, meta=frame._meta)


def _kept(part: Any, condition: Condition) -> Any:
    return part[mask(part[condition.column], condition, library("pandas"))]


class Polars(Engine):
    @property
    def errors(self) -> tuple[type[Exception], ...]:
        return (*super().errors, self.module.exceptions.PolarsError)

    def read(
        self,
        path: str,
        format: str,
        columns: list[str] | None,
        wanted: list[Condition],
        options: dict[str, Any],
    ) -> Any:
        name = {"feather": "ipc", "json": "ndjson"}.get(format, format)
        if format == "json" and not is_json_lines(path):
            name = "json"
        own = {"columns": columns} if columns and format != "json" else {}
        return self.call(name, path, own, options)

    def keep(self, frame: Any, condition: Condition) -> Any:
        found = mask(frame[condition.column].to_pandas(), condition, library("pandas"))
        return frame.filter(found.to_numpy())

    def choose(self, frame: Any, columns: list[str]) -> Any:
        return frame.select(columns)

    def join(self, parts: list[Any]) -> Any:
        return self.module.concat(parts)


class Arrow(Engine):
    def read(
        self,
        path: str,
        format: str,
        columns: list[str] | None,
        wanted: list[Condition],
        options: dict[str, Any],
    ) -> Any:
        if format == "parquet":
            own = {"columns": columns, "memory_map": True, "filters": pushed(path, wanted) or None}
            return library("pyarrow.parquet").read_table(path, **{**own, **options})
        if format == "feather":
            return library("pyarrow.feather").read_table(path, columns=columns, **options)
        if format == "csv":
            return library("pyarrow.csv").read_csv(path, **options)
        if not is_json_lines(path):
            raise MLRunInvalidArgumentError(f"{path} is one array of JSON; pyarrow reads one object a line")
        return library("pyarrow.json").read_json(path, **options)

    def columns(self, frame: Any) -> list[Any]:
        return list(frame.column_names)

    def keep(self, frame: Any, condition: Condition) -> Any:
        found = mask(frame.column(condition.column).to_pandas(), condition, library("pandas"))
        return frame.filter(self.module.array(found.to_numpy(dtype=bool)))

    def choose(self, frame: Any, columns: list[str]) -> Any:
        return frame.select(columns)

    def join(self, parts: list[Any]) -> Any:
        return self.module.concat_tables(parts, promote_options="default")


_PACKAGES = {"dask": "dask[dataframe]", "pyspark": "mlrun[spark]"}
_ENGINES = {"dask.dataframe": Dask, "polars": Polars, "pyarrow": Arrow}


def engine_of(df_module: Any = None) -> Engine:
    """
    Args:
        df_module: A library, or its name; a session of Spark; pandas if none.

    Raises:
        MLRunMissingDependencyError: It is not installed.
    """
    if df_module is None:
        return Engine(library("pandas"))
    module = import_library(df_module) if isinstance(df_module, str) else df_module
    name = getattr(module, "__name__", "")
    if name in ("pyspark", "pyspark.sql") or type(module).__name__ == "SparkSession":
        from mlrun.frames.spark import Spark

        return Spark(module)
    return _ENGINES.get(name, Engine)(module)


def import_library(name: str) -> Any:
    """
    Raises:
        MLRunMissingDependencyError: It is not installed, or does not work with what is.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        command = f"pip install '{_PACKAGES.get(package, package)}'"
        if not isinstance(error, ModuleNotFoundError):
            raise MLRunMissingDependencyError(
                f"df_module={name!r} does not work with what is installed: {error}"
            ) from error
        what = "is not installed" if name.startswith(str(error.name)) else f"needs {error.name}"
        raise MLRunMissingDependencyError(f"df_module={name!r} {what}: {command}") from error


def is_json_lines(path: str) -> bool:
    """An array begins with a bracket, a line with a brace."""
    import gzip  # few files are

    opener: Any = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as file:
        return not file.read(64).lstrip().startswith(b"[")
