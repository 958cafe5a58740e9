"""Frames of Spark, classic and Connect: read by a session, with the rules of the other libraries."""

from __future__ import annotations

import functools
import os
import re
import sys
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.frames.conditions import OPERATORS, Condition
from mlrun.frames.engines import Engine, import_library, is_json_lines
from mlrun.frames.table import library

_TIMES = ("timestamp", "timestamp_ntz", "date", "string")
_SPECIAL = re.compile(r"([\\*?\[\]{}])")  # of Hadoop's patterns

_CAUSE = re.compile(r"^(?:Caused by)?: [\w.$]+: (.+)", re.MULTILINE)
_TRACEBACK = "Traceback (most recent call last):"
_OF_WORKER = re.compile(r"^(\w[\w.]*: .+)\n SQLSTATE", re.MULTILINE)  # after a traceback of Python


class Spark(Engine):
    """Of the session that is given or active; it starts one, with times in UTC, where there is none."""

    @functools.cached_property
    def session(self) -> Any:
        if hasattr(self.module, "read"):
            return self.module
        sessions = import_library("pyspark.sql").SparkSession
        return sessions.getActiveSession() or _new(sessions.builder)

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        spark, java = import_library("pyspark.errors"), import_library("py4j.protocol")
        return (*super().errors, spark.PySparkException, java.Py4JError)

    def reason(self, error: Exception) -> str:
        return root_cause(str(error))

    def read(
        self,
        path: str,
        format: str,
        columns: list[str] | None,
        wanted: list[Condition],
        options: dict[str, Any],
    ) -> Any:
        own: dict[str, Any] = {"header": True, "inferSchema": True} if format == "csv" else {}
        if format == "json":
            own["multiLine"] = not is_json_lines(path)
        if format == "feather":
            raise MLRunInvalidArgumentError("Spark does not read feather: csv, json, parquet")
        address = "file://" + _SPECIAL.sub(r"\\\1", os.path.abspath(path))
        frame = self.session.read.format(format).options(**{**own, **options}).load(address)
        _ = frame.columns  # Connect looks at the file only when it is asked
        return frame

    def keep(self, frame: Any, condition: Condition) -> Any:
        """
        The rows that meet *condition*.

        Spark drops each row whose value is missing, and takes NaN for the largest number; elsewhere such a
        row meets ``!=`` and ``not in``, and nothing else.
        """
        column = frame[condition.column]
        missing = column.isNull()
        if _type_of(frame, condition.column) in ("float", "double"):
            missing = missing | column.isNaN()
        try:
            found = _mask(frame, column, condition)
            return frame.filter(
                missing | found if condition.operator in ("!=", "not in") else ~missing & found
            )
        except self.errors as error:
            raise MLRunInvalidArgumentError(
                f"column {condition.column!r} does not compare: {self.reason(error)}"
            ) from error

    def choose(self, frame: Any, columns: list[str]) -> Any:
        return frame.select(columns)

    def join(self, parts: list[Any]) -> Any:
        return functools.reduce(lambda first, second: first.unionByName(second), parts)


def _new(builder: Any) -> Any:
    """A session whose times are in UTC, and whose workers are this Python, not the first one in PATH."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()


def root_cause(said: str) -> str:
    """The line of what Java says that tells why: the error of a worker, or the last cause."""
    said = said.partition("\n\nJVM stacktrace:")[0]  # Spark Connect tells that, and then where Python was
    causes = _OF_WORKER.findall(said) or _CAUSE.findall(said)
    if not causes and _TRACEBACK in said:
        causes = said.rstrip().splitlines()
    return str(causes[-1] if causes else said.partition("\n")[0]).strip()


def _type_of(frame: Any, column: str) -> str:
    return str(frame.schema[column].dataType.typeName())


def _mask(frame: Any, column: Any, condition: Condition) -> Any:
    if condition.operator.endswith("in"):
        found = column.isin(list(condition.value))
        return found if condition.operator == "in" else ~found
    value = condition.value
    if condition.is_time:
        column, value = column.cast("timestamp"), _time(frame, condition)
    return getattr(column, f"__{OPERATORS[condition.operator]}__")(value)


def _time(frame: Any, condition: Condition) -> str:
    kind = _type_of(frame, condition.column)
    try:
        if kind not in _TIMES:
            raise TypeError(f"it holds {kind}")
        return str(library("pandas").Timestamp(condition.value).isoformat())
    except (ValueError, TypeError) as error:
        raise MLRunInvalidArgumentError(
            f"column {condition.column!r} or {condition.value!r} is not a time: {error}"
        ) from error
