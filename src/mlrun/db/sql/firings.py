"""Firings: a schedule's next time moves on and its run is submitted, in one transaction."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from typing import Any

from mlrun.backports import fromisoformat
from mlrun.db.base import Record
from mlrun.db.sql import secrets
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.schedules import (
    UPDATE,
    Schedules,
    hidden_name,
    lock_of,
    next_time,
    one_schedule,
    store_schedule,
)
from mlrun.db.sql.submissions import count_live, submit
from mlrun.db.sql.tables import lock_of_run
from mlrun.errors import MLRunBaseError, MLRunConflictError
from mlrun.model.timetable import MOST_PASSED, Timetable
from mlrun.urls import RunURL

LATE = datetime.timedelta(seconds=60)  # later than so, a firing was missed
_DUE = "SELECT project, name FROM schedules WHERE due IS NOT NULL AND due <= :now ORDER BY due, id"

MakeRun = Callable[[Record, str], Record]  # a schedule and the uid of the run -> the run


class Firings(Schedules):
    """
    The firings of a database. Whoever fires a schedule moves its time on: nobody fires it again.

    Example::

        for project, name in db.due_schedules():
            db.fire_schedule(project, name, make_run)
    """

    def next_schedule_due(self) -> str:
        """When the first one is due; empty where none ever is."""
        with self._read() as connection:
            sql = "SELECT MIN(due) FROM schedules WHERE due IS NOT NULL"
            return connection.execute(sql).fetchone()[0] or ""

    def due_schedules(self, now: str = "") -> list[tuple[str, str]]:
        """Project and name of those that are due, first come, first served."""
        with self._read() as connection:
            found = connection.execute(_DUE, {"now": now or self._now(connection)}).fetchall()
        return [(project, name) for project, name in found]

    def fire_schedule(
        self, project: str, name: str, make_run: MakeRun, is_late_run: bool = True, now: str = ""
    ) -> Record | None:
        """
        Fire a schedule that is due, and give the run that was submitted.

        None where there is nothing to do (any more), or nothing was to be started: the schedule says why.

        Args:
            make_run: What raises an MLRunBaseError is noted with the schedule, which goes on.
            is_late_run: Whether the last of the firings that were missed is made up for.
            now: In place of the time of the database.
        """
        uid = uuid.uuid4().hex
        with self._write(lock_of(project), lock_of_run({"project": project, "uid": uid})) as connection:
            now = now or self._now(connection)
            sql = "SELECT due FROM schedules WHERE project = :project AND name = :name"
            found = connection.execute(sql, {"project": project, "name": name}).fetchone()
            if not found or not found[0] or found[0] > now:
                return None
            record = one_schedule(connection, project, name)
            table = Timetable(record["cron_trigger"])
            record["next_run_time"] = next_time(record, table, now)
            run = None
            if _note_missed(record, table, found[0], now, is_late_run):
                run = _start(connection, record, make_run, uid, now)
            store_schedule(connection, UPDATE, record)
        return run

    def hide_with_schedule(self, project: str, name: str, hidden: str) -> None:
        """Keep what of its runs may be in no record, as long as the schedule is there; empty is nothing."""
        with self._write(lock_of(project)) as connection:
            _hide(connection, project, name, hidden)

    def change_schedule(self, project: str, name: str, change: Callable[[Record, str], str]) -> None:
        """
        Change what a schedule starts, and what of that may be in no record, in one transaction.

        Args:
            change: Changes the record in place; takes what is hidden with it, and gives what shall be.

        Raises:
            MLRunNotFoundError: No such schedule.
        """
        with self._write(lock_of(project)) as connection:
            record = one_schedule(connection, project, name)
            hidden = change(record, secrets.kept(connection, project, hidden_name(name)))
            store_schedule(connection, UPDATE, record)
            _hide(connection, project, name, hidden)

    def invoke_schedule_now(self, project: str, name: str, make_run: MakeRun) -> Record:
        """
        Submit a run of a schedule at once, beside its times.

        Raises:
            MLRunNotFoundError: No such schedule.
            MLRunConflictError: As many of its runs are live as may be.
        """
        uid = uuid.uuid4().hex
        with self._write(lock_of(project), lock_of_run({"project": project, "uid": uid})) as connection:
            record, now = one_schedule(connection, project, name), self._now(connection)
            if text := _too_many(connection, record):
                raise MLRunConflictError(f"schedule {name!r} of project {project} is not started: {text}")
            run = _submit(connection, record, make_run(record, uid), now)
            store_schedule(connection, UPDATE, record)
        return run


def _hide(connection: Connection, project: str, name: str, hidden: str) -> None:
    if hidden:
        secrets.keep(connection, project, hidden_name(name), hidden)
    else:
        secrets.forget(connection, project, hidden_name(name))


def _note_missed(record: Record, table: Timetable, due: str, now: str, is_late_run: bool) -> bool:
    """Note how many firings were missed, and say whether there is one to start."""
    moment = fromisoformat(now)
    passed = table.passed(fromisoformat(due), moment)
    is_wanted = is_late_run or moment - passed.latest <= LATE
    missed = passed.number - is_wanted
    if missed:
        record["missed_count"] = (record.get("missed_count") or 0) + missed
        number = f"{MOST_PASSED} or more" if passed.number == MOST_PASSED else str(missed)
        record["status_text"] = f"{number} firings from {due} on were missed, as nobody was there; seen {now}"
    return is_wanted


def _start(connection: Connection, record: Record, make_run: MakeRun, uid: str, now: str) -> Record | None:
    """Submit a run, where that may be; else note why not."""
    text = _too_many(connection, record)
    if not text:
        try:
            return _submit(connection, record, make_run(record, uid), now)
        except MLRunBaseError as error:
            text = str(error)
    record["skipped_count"] = (record.get("skipped_count") or 0) + 1
    record["status_text"] = f"the firing of {now} was not started: {text}"
    return None


def _too_many(connection: Connection, record: Record) -> str:
    """Why another run may not be live beside those that are; empty where it may."""
    limit = record["concurrency_limit"]
    live = count_live(connection, record["project"], record["name"])
    return f"{live} of its runs have not ended (concurrency_limit={limit})" if live >= limit else ""


def _submit(connection: Connection, record: Record, run: Record, now: str) -> Record:
    hidden = secrets.kept(connection, record["project"], hidden_name(record["name"]))
    stored = submit(connection, run, now, record["name"], hidden)
    metadata: dict[str, Any] = stored["metadata"]
    record["last_run_uri"] = str(RunURL(metadata["project"], metadata["uid"]))
    record["last_run_time"] = now
    return stored
