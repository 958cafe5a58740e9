"""Time series of metrics: rows of a run, in the order in which they were logged."""

from __future__ import annotations

import math
from typing import Any

from mlrun.db import times
from mlrun.db.base import Record
from mlrun.db.sql import records
from mlrun.db.sql.runs import lock_of
from mlrun.db.sql.tables import Tables
from mlrun.errors import MLRunInvalidArgumentError

_STORE = """
INSERT INTO metrics (project, uid, iteration, key, value, timestamp, labels)
VALUES (:project, :uid, :iteration, :key, :value, :timestamp, :labels)
"""


class Metrics(Tables):
    """The metrics of the port."""

    def store_metrics(self, uid: str, rows: list[Record], project: str = "", iter: int = 0) -> None:
        run = _key(uid, project, iter)
        values = [run | _row(row) for row in rows]
        with self._write(lock_of(run)) as connection:
            connection.cursor().executemany(_STORE, values)

    def list_metrics(self, uid: str, project: str = "", iter: int = 0, key: str = "") -> list[Record]:
        sql = (
            "SELECT key, value, timestamp, labels FROM metrics"
            " WHERE project = :project AND uid = :uid AND iteration = :iteration"
            f"{' AND key = :key' if key else ''} ORDER BY id"
        )
        with self._read() as connection:
            found = connection.execute(sql, _key(uid, project, iter) | {"key": key}).fetchall()
        return [
            {"key": name, "value": value, "timestamp": timestamp, "labels": records.load(labels)}
            for name, value, timestamp, labels in found
        ]


def _key(uid: str, project: str, iteration: int) -> dict[str, Any]:
    uid = records.required(uid, "the uid of a run")
    return {
        "project": project or records.default_project(),
        "uid": uid,
        "iteration": records.iteration(iteration),
    }


def _row(given: Record) -> dict[str, Any]:
    row = records.as_record(given, "a metric row")
    key = records.required(row.get("key"), "the key of a metric")
    timestamp = row.get("timestamp")
    return {
        "key": key,
        "value": _number(row.get("value"), key),
        "timestamp": times.of_record(timestamp, f"the timestamp of metric {key}")
        if timestamp
        else times.now(),
        "labels": records.dump(records.part(row, "labels", f"metric {key}"), f"metric {key}"),
    }


def _number(value: Any, key: str) -> float | None:
    """None stands for what JSON has no number for."""
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise MLRunInvalidArgumentError(f"metric {key} is a number; {value!r} was given") from error
    return number if math.isfinite(number) else None
