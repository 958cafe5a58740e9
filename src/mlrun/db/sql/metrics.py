"""Time series of metrics: rows of a run, in the order in which they were logged."""

from __future__ import annotations

import math
from typing import Any

from mlrun.db import records, times
from mlrun.db.base import Record
from mlrun.db.sql.run_rows import key_of
from mlrun.db.sql.seen import Seen, is_new
from mlrun.db.sql.tables import insert_rows, lock_of_run
from mlrun.errors import MLRunInvalidArgumentError

_COLUMNS = ("project", "uid", "iteration", "key", "value", "timestamp", "labels")
_OF_RUN = "project = :project AND uid = :uid AND iteration = :iteration"
_ALL = (1 << 62) - 1  # rows


class Metrics(Seen):
    """The metrics of the port."""

    def store_metrics(
        self, uid: str, rows: list[Record], project: str = "", iter: int = 0, once: str = ""
    ) -> None:
        run = key_of(uid, project, iter)
        name, now = (run["project"], run["uid"], run["iteration"]), times.now()
        values = [(*name, *_row(row, now)) for row in rows]
        with self._write(lock_of_run(run)) as connection:
            if not is_new(connection, once):
                return
            insert_rows(connection, "metrics", _COLUMNS, values)
        if once:
            self._forget_seen()

    def list_metrics(
        self, uid: str, project: str = "", iter: int = 0, key: str = "", offset: int = 0, limit: int = 0
    ) -> list[Record]:
        where = _OF_RUN + (" AND key = :key" if key else "")
        if offset or limit:  # rows that are not shown are counted in the index, not read
            ids = f"SELECT id FROM metrics WHERE {where} ORDER BY id LIMIT :limit OFFSET :offset"
            where = f"id IN ({ids})"
        values = {"key": key, "offset": offset, "limit": limit or _ALL}
        with self._read() as connection:
            sql = f"SELECT key, value, timestamp, labels FROM metrics WHERE {where} ORDER BY id"
            found = connection.execute(sql, key_of(uid, project, iter) | values).fetchall()
        return [
            {"key": name, "value": value, "timestamp": timestamp, "labels": records.load(labels)}
            for name, value, timestamp, labels in found
        ]

    def count_metrics(self, uid: str, project: str = "", iter: int = 0) -> int:
        with self._read() as connection:
            sql = f"SELECT COUNT(*) FROM metrics WHERE {_OF_RUN}"
            return int(connection.execute(sql, key_of(uid, project, iter)).fetchone()[0])


def _row(given: Record, now: str) -> tuple[str, float | None, str, str]:
    row = given if isinstance(given, dict) else records.as_record(given, "a metric row")
    key = records.required(row.get("key"), "the key of a metric")
    value, timestamp, labels = row.get("value"), row.get("timestamp"), row.get("labels")
    return (
        key,
        _number(value, key),
        times.of_record(timestamp, f"the timestamp of metric {key}") if timestamp else now,
        records.dump(records.part(row, "labels", f"metric {key}"), f"metric {key}") if labels else "{}",
    )


def _number(value: Any, key: str) -> float | None:
    """None stands for what JSON has no number for."""
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise MLRunInvalidArgumentError(f"metric {key} is a number; {value!r} was given") from error
    return number if math.isfinite(number) else None
