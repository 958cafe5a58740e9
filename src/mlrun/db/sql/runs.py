"""Runs: stored by key, searched by their columns, never leaving a final state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mlrun.db import times
from mlrun.db.base import Labels, Record
from mlrun.db.sql import abandoned, records
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.tables import Tables, owner_and_labels, store_labels
from mlrun.db.sql.where import Where
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.model.query import RunQuery, label_list
from mlrun.model.run import RunState

if TYPE_CHECKING:
    from mlrun.model.lists import RunList

_KEY = "project = :project AND uid = :uid AND iteration = :iteration"
_FINAL = ", ".join(f"'{state}'" for state in RunState if state.is_final)
_STORE = f"""
INSERT INTO runs (project, uid, iteration, name, search, state, start_time, last_update, process, body)
VALUES (:project, :uid, :iteration, :name, :search, :state, COALESCE(:start_time, :now), :last_update,
        :process, :body)
ON CONFLICT (uid, project, iteration) DO UPDATE SET
    name = excluded.name, search = excluded.search, state = excluded.state,
    start_time = COALESCE(:start_time, runs.start_time), last_update = excluded.last_update,
    process = excluded.process, body = excluded.body
WHERE runs.state = excluded.state OR runs.state NOT IN ({_FINAL})
"""
_ITS_RECORDS = ("runs", "metrics")


class Runs(Tables):
    """The runs of the port."""

    def store_run(self, struct: Record, uid: str, project: str = "", iter: int = 0) -> None:
        row = _Row(struct, uid, project, iter)
        with self._write(lock_of(row.values)) as connection:
            row.store(connection)

    def store_runs(self, structs: Iterable[Record]) -> None:
        rows = [_Row(struct) for struct in structs]
        with self._write(*(lock_of(row.values) for row in rows)) as connection:
            for row in rows:
                row.store(connection)

    def update_run(self, updates: Record, uid: str, project: str = "", iter: int = 0) -> Record:
        key = _key(uid, project, iter)
        with self._write(lock_of(key)) as connection:
            found = connection.execute(f"SELECT body FROM runs WHERE {_KEY}", key).fetchone()
            if not found:
                raise MLRunNotFoundError(f"no run {_name_of(key)}")
            run = records.load(found[0])
            set_dotted(run, {"status.last_update": times.now(), **updates})
            _note_end(run)
            _Row(run, uid, project, iter).store(connection)
        return run

    def read_run(self, uid: str, project: str = "", iter: int = 0, format_: str | None = None) -> Record:
        key = _key(uid, project, iter)
        sql = f"SELECT body, process FROM runs WHERE {_KEY}"
        with self._read() as connection:
            found = connection.execute(sql, key).fetchone()
        if not found:
            raise MLRunNotFoundError(f"no run {_name_of(key)}")
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
        **kwargs: Any,
    ) -> RunList:
        records.refuse_unknown(kwargs, self.list_runs)
        query = RunQuery(
            name=name or "",
            uids=[uid] if isinstance(uid, str) and uid else list(uid or ()),
            project=project or "",
            labels=label_list(labels),
            states=[*([state] if state else ()), *(states or ())],
            sort=sort,
            last=last or 0,
            iter=iter,
            start_time_from=times.of_caller(start_time_from, "start_time_from"),
            start_time_to=times.of_caller(start_time_to, "start_time_to"),
            last_update_time_from=times.of_caller(last_update_time_from, "last_update_time_from"),
            last_update_time_to=times.of_caller(last_update_time_to, "last_update_time_to"),
        )
        return self._list(query)

    def del_run(self, uid: str, project: str = "", iter: int = 0) -> None:
        key = _key(uid, project, iter)
        with self._write(lock_of(key)) as connection:
            if key["iteration"]:
                for table in _ITS_RECORDS:
                    connection.execute(f"DELETE FROM {table} WHERE {_KEY}", key)
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

        states = [RunState.check(state).value for state in query.states]
        self._end_gone(query.project)
        with self._read() as connection:
            where = Where(connection, "runs")
            where.project(query.project)
            where.name(query.name)
            where.one_of("uid", query.uids)
            where.labels(query.labels, "run_labels")
            where.one_of("state", states)
            where.between("start_time", query.start_time_from, query.start_time_to)
            where.between("last_update", query.last_update_time_from, query.last_update_time_to)
            if not query.iter:
                where.add("iteration = 0")
            order = "start_time DESC, id DESC" if query.sort else "id"
            limit = " LIMIT :last" if query.last > 0 else ""
            sql = f"SELECT body FROM runs WHERE {where} ORDER BY {order}{limit}"
            found = connection.execute(sql, {**where.values, "last": query.last}).fetchall()
        return RunList(records.load(body) for (body,) in found)

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
        with self._write(lock_of(key)) as connection:
            abandoned.end(connection, key, process)
        return True


def lock_of(key: dict[str, Any]) -> str:
    """A run, its children, its log and its metrics are written by one at a time."""
    return f"runs/{key['project']}/{key['uid']}"


class _Row:
    """One run as a row of the table; making it checks it."""

    def __init__(self, struct: Record, uid: str = "", project: str = "", iter: int | None = None) -> None:
        run = records.as_record(struct, "a run")
        metadata = records.part(run, "metadata", "a run")
        iteration = metadata.get("iteration") if iter is None else iter
        key = _key(uid or metadata.get("uid", ""), project or metadata.get("project", ""), iteration)
        self.what = f"run {_name_of(key)}"
        status = records.part(run, "status", self.what)
        state = RunState.check(status.get("state") or RunState.CREATED)
        self.labels = records.labels_of(metadata, self.what)
        run["metadata"] = _with_key(metadata, key)
        name, now = str(metadata.get("name") or ""), times.now()
        process = records.part(status, "process", self.what)
        self.values = key | {
            "name": name,
            "search": name.casefold(),
            "state": state.value,
            "start_time": _time(status, "start_time", self.what),
            "last_update": _time(status, "last_update", self.what) or now,
            "now": now,
            "process": records.dump(process, self.what) if process and not state.is_final else None,
            "body": records.dump(run, self.what),
        }

    def store(self, connection: Connection) -> None:
        if connection.execute(_STORE, self.values).rowcount == 0:
            sql = f"SELECT state FROM runs WHERE {_KEY}"
            (state,) = connection.execute(sql, self.values).fetchone()
            raise MLRunConflictError(
                f"{self.what} is {state}; a finished run can not go back to {self.values['state']}"
            )
        owner, before = owner_and_labels(connection, "runs", "run_labels", _KEY, self.values)
        store_labels(connection, "run_labels", owner, self.labels, before)


def _with_key(metadata: Record, key: dict[str, Any]) -> Record:
    """The key of the call holds; iteration 0 need not be written."""
    if not key["iteration"] and "iteration" not in metadata:
        key = {"project": key["project"], "uid": key["uid"]}
    return {**metadata, **key}


def set_dotted(record: Record, updates: Record) -> None:
    """
    Set values inside *record* by dotted key, making the dictionaries on the way.

    Raises:
        MLRunInvalidArgumentError: A key leads through a value that is no dictionary.
    """
    for path, value in updates.items():
        *parents, last = path.split(".")
        place: Any = record
        for parent in parents:
            place = place.setdefault(parent, {}) if isinstance(place, dict) else None
        if not isinstance(place, dict):
            raise MLRunInvalidArgumentError(
                f"{path!r} can not be set: it leads through a value, not a dictionary"
            )
        place[last] = value


def _note_end(run: Record) -> None:
    status = run["status"] = records.part(run, "status", "a run")
    if not status.get("end_time") and RunState.check(status.get("state") or RunState.CREATED).is_final:
        status["end_time"] = status.get("last_update") or times.now()


def _key(uid: str, project: str, iteration: Any) -> dict[str, Any]:
    uid = records.required(uid, "the uid of a run")
    return {
        "project": project or records.default_project(),
        "uid": uid,
        "iteration": records.iteration(iteration),
    }


def _name_of(key: dict[str, Any]) -> str:
    return f"{key['project']}/{key['uid']}" + (f"#{key['iteration']}" if key["iteration"] else "")


def _time(status: Record, name: str, what: str) -> str | None:
    value = status.get(name)
    return times.of_record(value, f"status.{name} of {what}") if value else None


def _delete_whole(connection: Connection, keys: list[tuple[str, str]]) -> None:
    """Runs with their children, logs and metrics."""
    values = [{"project": project, "uid": uid} for project, uid in keys]
    for table in (*_ITS_RECORDS, "logs"):
        connection.cursor().executemany(
            f"DELETE FROM {table} WHERE project = :project AND uid = :uid", values
        )
