"""How much is in a project: counted in indexes, without reading a record."""

from __future__ import annotations

from mlrun.db import times
from mlrun.db.base import Record
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.tables import Tables
from mlrun.db.sql.where import Where
from mlrun.model.run import RunState

RECENT_DAYS = 1.0  # what MLRun's dashboard calls recent
_CATEGORIES = {"other": "files", "model": "models", "dataset": "datasets", "document": "documents"}
_LIVE = "runs_running_count"
_ENDED = {
    RunState.ERROR: "runs_failed_recent_count",
    RunState.ABORTED: "runs_failed_recent_count",
    RunState.COMPLETED: "runs_completed_recent_count",
}
_NEVER = (  # what is not built: a project has none of it
    "feature_sets_count",
    "distinct_scheduled_jobs_pending_count",
    "distinct_scheduled_pipelines_pending_count",
    "pipelines_completed_recent_count",
    "pipelines_failed_recent_count",
    "pipelines_running_count",
)
# Few runs are recent: the index of times leads to them, where that of states would lead to all.
_RECENT = """
SELECT project, state, COUNT(*)
FROM (SELECT project || '' AS project, state || '' AS state FROM runs
      WHERE iteration = 0 AND last_update >= :since) AS recent
GROUP BY project, state
"""
# The newest version of a key stands for all of them; older ones are not looked at.
_KEYS = """
SELECT artifacts.project, artifacts.category, COUNT(DISTINCT artifacts.db_key) FROM artifact_tags
JOIN artifacts ON artifacts.id = artifact_tags.owner_id
WHERE artifact_tags.tag = 'latest' AND {where} GROUP BY artifacts.project, artifacts.category
"""

Count = tuple[str, str, int]  # project, what, how many


class Summaries(Tables):
    """The summaries of the port."""

    def summarize_projects(self, names: list[str]) -> list[Record]:
        with self._read() as connection:
            found = [*_live(connection, names), *_recent(connection), *_schedules(connection, names)]
            found += _artifacts(connection, names)
        zeros = dict.fromkeys([f"{name}_count" for name in _CATEGORIES.values()], 0)
        zeros |= dict.fromkeys((_LIVE, *_ENDED.values(), "distinct_schedules_count", *_NEVER), 0)
        summaries: dict[str, Record] = {name: {"name": name, **zeros} for name in names}
        for project, name, count in found:
            if project in summaries:
                summaries[project][name] += count
        return list(summaries.values())


def _of(connection: Connection, table: str, names: list[str]) -> Where:
    """One project is found in its index; of many, all are counted in one go."""
    where = Where(connection, table)
    if len(names) == 1:
        where.add(f"{table}.project = :project", project=names[0])
    return where


def _live(connection: Connection, names: list[str]) -> list[Count]:
    where = _of(connection, "runs", names)
    where.add("iteration = 0")
    where.one_of("state", [RunState.RUNNING.value, RunState.PENDING.value])
    return _grouped(connection, "runs", where, _LIVE)


def _recent(connection: Connection) -> list[Count]:
    found = connection.execute(_RECENT, {"since": times.days_before_now(RECENT_DAYS)}).fetchall()
    return [(project, _ENDED[RunState(state)], count) for project, state, count in found if state in _ENDED]


def _schedules(connection: Connection, names: list[str]) -> list[Count]:
    where = _of(connection, "schedules", names)
    return _grouped(connection, "schedules", where, "distinct_schedules_count")


def _grouped(connection: Connection, table: str, where: Where, name: str) -> list[Count]:
    sql = f"SELECT project, COUNT(*) FROM {table} WHERE {where} GROUP BY project"
    return [(project, name, count) for project, count in connection.execute(sql, where.values).fetchall()]


def _artifacts(connection: Connection, names: list[str]) -> list[Count]:
    where = Where(connection, "artifacts")
    if len(names) == 1:
        where.add("artifact_tags.project = :project", project=names[0])
    found = connection.execute(_KEYS.format(where=where), where.values).fetchall()
    return [
        (project, f"{_CATEGORIES[category]}_count", count)
        for project, category, count in found
        if category in _CATEGORIES
    ]
