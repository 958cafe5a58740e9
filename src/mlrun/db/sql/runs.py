"""Runs: stored by key, searched by their columns, never leaving a final state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mlrun.db import records, times
from mlrun.db.base import Labels, Record
from mlrun.db.changes import set_dotted
from mlrun.db.sql import abandoned
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.notifications import forget_of_runs
from mlrun.db.sql.run_listing import runs_of
from mlrun.db.sql.run_rows import KEY, RunRow, key_of, name_of, store
from mlrun.db.sql.tables import Tables, lock_of_run
from mlrun.db.sql.where import Where
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.model.query import RunQuery, label_list, partition
from mlrun.model.run import RunState

if TYPE_CHECKING:
    from mlrun.model.lists import RunList

_ITS_RECORDS = ("runs", "metrics")


class Runs(Tables):
    """The runs of the port."""

    def store_run(self, struct: Record, uid: str, project: str = "", iter: int = 0) -> None:
        row = RunRow(struct, uid, project, iter)
        with self._write(lock_of_run(row.values)) as connection:
            store(connection, [row])

    def store_runs(self, structs: Iterable[Record]) -> None:
        rows = [RunRow(struct) for struct in structs]
        with self._write(*(lock_of_run(row.values) for row in rows)) as connection:
            store(connection, rows)

    def update_run(self, updates: Record, uid: str, project: str = "", iter: int = 0) -> Record:
        key = key_of(uid, project, iter)
        with self._write(lock_of_run(key)) as connection:
            found = connection.execute(f"SELECT body FROM runs WHERE {KEY}", key).fetchone()
            if not found:
                raise MLRunNotFoundError(f"no run {name_of(key)}")
            run = records.load(found[0])
            set_dotted(run, {"status.last_update": times.now(), **updates})
            _note_end(run)
            (row,) = store(connection, [RunRow(run, uid, project, iter)])
        return run if row.values["state"] == run["status"].get("state") else records.load(row.values["body"])

    def read_run(self, uid: str, project: str = "", iter: int = 0, format_: str | None = None) -> Record:
        key = key_of(uid, project, iter)
        sql = f"SELECT body, process FROM runs WHERE {KEY}"
        with self._read() as connection:
            found = connection.execute(sql, key).fetchone()
        if not found:
            raise MLRunNotFoundError(f"no run {name_of(key)}")
        if self._end_if_gone(key, found[1]):
            with self._read() as connection:
                found = connection.execute(sql, key).fetchone() or found
        return records.load(found[0])

    def list_runs(
        self,
        name: str = "",
        uid: str | list[str] | None = None,
        project: str = "",
        labels: Labels = None,
        state: str = "",
        states: list[str] | None = None,
        sort: bool = True,
        last: int = 0,
        iter: bool = False,
        start_time_from: Any = None,
        start_time_to: Any = None,
        last_update_time_from: Any = None,
        last_update_time_to: Any = None,
        end_time_from: Any = None,
        end_time_to: Any = None,
        results: str | list[str] | None = None,
        partition_by: str | None = None,
        rows_per_partition: int = 1,
        partition_sort_by: str | None = None,
        partition_order: str = "desc",
        max_partitions: int = 0,
        with_notifications: bool = False,
        offset: int = 0,
        **kwargs: Any,
    ) -> RunList:
        last = last or kwargs.pop("limit", None) or 0
        records.refuse_unknown(kwargs, self.list_runs)
        query = RunQuery(
            name=name or "",
            uids=[uid] if isinstance(uid, str) and uid else list(uid or ()),
            project=project or "",
            labels=label_list(labels),
            states=[*([state] if state else ()), *(states or ())],
            sort=sort,
            last=last,
            iter=iter,
            start_time_from=times.of_caller(start_time_from, "start_time_from"),
            start_time_to=times.of_caller(start_time_to, "start_time_to"),
            last_update_time_from=times.of_caller(last_update_time_from, "last_update_time_from"),
            last_update_time_to=times.of_caller(last_update_time_to, "last_update_time_to"),
            end_time_from=times.of_caller(end_time_from, "end_time_from"),
            end_time_to=times.of_caller(end_time_to, "end_time_to"),
            results=[results] if isinstance(results, str) else list(results or ()),
            partition=partition(
                partition_by, rows_per_partition, partition_sort_by, partition_order, max_partitions
            ),
            offset=offset or 0,
        )
        return self._list(query)

    def del_run(self, uid: str, project: str = "", iter: int = 0) -> None:
        key = key_of(uid, project, iter)
        with self._write(lock_of_run(key)) as connection:
            if key["iteration"]:
                for table in _ITS_RECORDS:
                    connection.execute(f"DELETE FROM {table} WHERE {KEY}", key)
            else:
                _delete_whole(connection, [(key["project"], key["uid"])])

    def del_runs(
        self,
        name: str = "",
        project: str = "",
        labels: Labels = None,
        state: str | None = None,
        days_ago: int = 0,
        uids: list[str] | None = None,
    ) -> int:
        self._end_gone(project)
        with self._write() as connection:
            where = Where(connection, "runs")
            where.project(project)
            where.exact_name(name or "")
            where.labels(label_list(labels), "run_labels")
            where.equal("state", RunState.check(state).value if state else "")
            where.between("start_time", "", times.days_before_now(days_ago) if days_ago else "")
            where.one_of("uid", uids or ())
            if not where:
                raise MLRunInvalidArgumentError(
                    "del_runs() needs a filter: name, project, labels, state, days_ago or uids;"
                    ' name="~" means all'
                )
            sql = f"SELECT project, uid FROM runs WHERE iteration = 0 AND {where}"
            found = connection.execute(sql, where.values).fetchall()
            _delete_whole(connection, found)
        return len(found)

    def _list(self, query: RunQuery) -> RunList:
        from mlrun.model.lists import RunList

        query.states = [state.value for state in dict.fromkeys(map(RunState.check, query.states))]
        self._end_gone(query.project)
        with self._read() as connection:
            return RunList(runs_of(connection, query))

    def _end_gone(self, project: str) -> None:
        """End the runs of *project* (or of all) that are live in the record only."""
        with self._read() as connection:
            where = Where(connection, "runs")
            where.project(project)
            sql = f"SELECT project, uid, iteration, process FROM runs WHERE process IS NOT NULL AND {where}"
            live = connection.execute(sql, where.values).fetchall()
        for run_project, uid, iteration, process in abandoned.gone(live):
            self._end_if_gone({"project": run_project, "uid": uid, "iteration": iteration}, process)

    def _end_if_gone(self, key: dict[str, Any], process: str | None) -> bool:
        if process is None or not abandoned.is_gone(process):
            return False
        with self._write(lock_of_run(key)) as connection:
            abandoned.end(connection, key, process)
        return True


def _note_end(run: Record) -> None:
    status = run["status"] = records.part(run, "status", "a run")
    if not status.get("end_time") and RunState.check(status.get("state") or RunState.CREATED).is_final:
        status["end_time"] = status.get("last_update") or times.now()


def _delete_whole(connection: Connection, keys: list[tuple[str, str]]) -> None:
    """Runs with their children, logs, metrics and the secrets of their notifications."""
    values = [{"project": project, "uid": uid} for project, uid in keys]
    for table in (*_ITS_RECORDS, "logs"):
        connection.cursor().executemany(
            f"DELETE FROM {table} WHERE project = :project AND uid = :uid", values
        )
    forget_of_runs(connection, keys)
