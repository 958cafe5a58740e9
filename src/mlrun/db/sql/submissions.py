"""Submissions: the attempts at runs that a service was given to start; a row is a promise."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import quote

from mlrun.db import records, times
from mlrun.db.base import Record
from mlrun.db.changes import set_dotted
from mlrun.db.sql import secrets
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.resuming import reopen
from mlrun.db.sql.run_rows import FINAL, KEY, RunRow, key_of, name_of, store
from mlrun.db.sql.tables import Tables, lock_of_run
from mlrun.errors import MLRunConflictError, MLRunNotFoundError
from mlrun.model.run import RunState

KEPT_DAYS = 7  # after its end
QUEUE = "submissions"  # the lock of who takes something from the queue, or puts an end to it
_COLUMNS = ("id", "project", "uid", "iteration", "attempt", "due", "place", "schedule", "ending")
_SUBMISSION = f"SELECT {', '.join(f's.{name}' for name in _COLUMNS)} FROM submissions AS s"
_RUN = "runs.uid = s.uid AND runs.project = s.project AND runs.iteration = s.iteration"
_INSERT = """
INSERT INTO submissions (project, uid, iteration, attempt, state, due, place, schedule, ending, updated)
VALUES (:project, :uid, :iteration, :attempt, 'queued', :due, '', :schedule, '', :now)
"""
_NEXT_ATTEMPT = f"SELECT COALESCE(MAX(attempt), 0) + 1 FROM submissions WHERE {KEY}"
_QUEUED = f"{_SUBMISSION} WHERE s.state = 'queued' AND s.due <= :now ORDER BY s.due, s.id LIMIT :most"
_LIVE = f"""
SELECT COUNT(*) FROM submissions AS s JOIN runs ON {_RUN}
WHERE s.state = 'started' AND s.place = :place AND runs.state NOT IN ({FINAL})
"""
_STARTED = f"""
SELECT {", ".join(f"s.{name}" for name in _COLUMNS)}, s.updated, runs.state
FROM submissions AS s LEFT JOIN runs ON {_RUN}
WHERE s.state = 'started' AND s.place = :place ORDER BY s.id
"""
_START = """
UPDATE submissions SET state = 'started', place = :place, updated = :now WHERE id = :id AND state = 'queued'
"""
_END = "UPDATE submissions SET state = 'ended', updated = :now WHERE id = :id AND state <> 'ended'"
_MOVE = "UPDATE submissions SET place = :place, updated = :now WHERE id = :id AND state = 'started'"
_FORGET = "DELETE FROM submissions WHERE state = 'ended' AND updated < :before"
_LIVE_OF_SCHEDULE = f"""
SELECT COUNT(*) FROM submissions AS s JOIN runs ON {_RUN}
WHERE s.project = :project AND s.schedule = :schedule AND s.state <> 'ended' AND runs.state NOT IN ({FINAL})
"""
_LIVE_OF_SWEEP = f"""
SELECT 1 FROM submissions AS s JOIN runs ON {_RUN}
WHERE s.project = :project AND s.uid = :uid AND s.state <> 'ended' AND runs.state NOT IN ({FINAL})
"""
_END_SWEEP = """
UPDATE submissions SET state = 'ended', updated = :now
WHERE project = :project AND uid = :uid AND state <> 'ended'
"""
_OPEN = f"{_SUBMISSION} WHERE {KEY} AND s.state <> 'ended'"


class Submission(NamedTuple):
    """One attempt at a run."""

    id: int
    project: str
    uid: str
    iteration: int
    attempt: int  # from 1
    due: str
    place: str  # empty: nobody has started it
    schedule: str  # that has fired it; empty: somebody has asked
    ending: str  # JSON; empty: it may run on

    @property
    def how_to_end(self) -> Record:
        """What whoever aborted it said; empty where it may run on."""
        return dict(json.loads(self.ending)) if self.ending else {}

    @property
    def key(self) -> dict[str, Any]:
        return {"project": self.project, "uid": self.uid, "iteration": self.iteration}


class Started(NamedTuple):
    """A submission that was started, with what has become of its run."""

    submission: Submission
    since: str
    state: RunState | None  # None: the run was deleted


class Submissions(Tables):
    """
    The submissions of a database.

    Example::

        db.submit_run(run)
        for submission in db.take_submissions(place, most=2):
            ...  # its pod is started, which may be done twice
        db.end_submission(submission)
    """

    def submit_run(self, run: Record, hidden: str = "") -> Record:
        """
        Store *run*, and that it is to be started; gives it as it is stored.

        One that was submitted before is not submitted again, unless :meth:`resubmit_run` has made it new.

        Args:
            hidden: What of it may be in no record; kept with the secrets until the run has ended.
        """
        metadata = records.part(run, "metadata", "a run")
        key = key_of(metadata.get("uid"), metadata.get("project", ""), metadata.get("iteration"))
        with self._write(lock_of_run(key)) as connection:
            if connection.execute(f"SELECT 1 FROM submissions WHERE {KEY}", key).fetchone():
                known = _run(connection, key)
                if known["status"].get("state") != RunState.CREATED:  # else it is to be begun once more
                    return known
            return submit(connection, run, self._now(connection), hidden=hidden)

    def resubmit_run(self, uid: str, project: str = "", hidden: str = "") -> Record:
        """
        Have a run with iterations gone on with, which has ended in the middle; gives it as it is stored.

        Its iterations become what :meth:`mlrun.db.base.RunDB.resume_run` makes of them.

        Args:
            hidden: As for :meth:`submit_run`.

        Raises:
            MLRunNotFoundError: No such run.
            MLRunConflictError: It is completed, or it, or one of its iterations, has not ended.
        """
        key = key_of(uid, project, 0)
        with self._write(lock_of_run(key), QUEUE) as connection:
            if connection.execute(_LIVE_OF_SWEEP, key).fetchone():
                raise MLRunConflictError(
                    f"run {name_of(key)} goes on, or some of its iterations do; it can be resumed when they"
                    " have ended"
                )
            reopen(connection, key, RunState.PENDING)
            now = self._now(connection)
            connection.execute(_END_SWEEP, {**key, "now": now})
            return submit(connection, _run(connection, key), now, hidden=hidden)

    def take_submissions(self, place: str, most: int = 0) -> list[Submission]:
        """
        Those that are due, first come, first served, as started at *place*.

        Args:
            most: Runs of *place* that may be live at once; 0 is any number.
        """
        if not self._has_queued():
            return []
        with self._write(QUEUE) as connection:
            now = self._now(connection)
            free = most - connection.execute(_LIVE, {"place": place}).fetchone()[0] if most else -1
            if most and free <= 0:
                return []
            limit = free if most else 1000
            found = connection.execute(_QUEUED, {"now": now, "most": limit}).fetchall()
            for row in found:
                connection.execute(_START, {"id": row[0], "place": place, "now": now})
            connection.execute(_FORGET, {"before": times.days_before_now(KEPT_DAYS)})
        return [Submission(*row)._replace(place=place) for row in found]

    def next_submission_due(self) -> str:
        """When the first that is queued is due; empty where none is."""
        with self._read() as connection:
            sql = "SELECT MIN(due) FROM submissions WHERE state = 'queued'"
            return connection.execute(sql).fetchone()[0] or ""

    def count_queued(self) -> int:
        with self._read() as connection:
            sql = "SELECT COUNT(*) FROM submissions WHERE state = 'queued'"
            return int(connection.execute(sql).fetchone()[0])

    def started_submissions(self, place: str) -> list[Started]:
        """Those that were started at *place* and have not ended, oldest first."""
        with self._read() as connection:
            rows = connection.execute(_STARTED, {"place": place}).fetchall()
        return [
            Started(Submission(*row[:-2]), row[-2], RunState(row[-1]) if row[-1] else None) for row in rows
        ]

    def open_submission(self, uid: str, project: str = "", iter: int = 0) -> Submission | None:
        """The attempt at a run that has not ended."""
        with self._read() as connection:
            row = connection.execute(_OPEN, key_of(uid, project, iter)).fetchone()
        return Submission(*row) if row else None

    def end_submission(self, submission: Submission) -> None:
        """It is over, and what was hidden with it is forgotten."""
        with self._write(lock_of_run(submission.key), QUEUE) as connection:
            _end(connection, submission, self._now(connection))

    def repeat_submission(self, submission: Submission, due: str) -> None:
        """It is over, and another attempt follows at the time *due*; nothing happens the second time."""
        with self._write(lock_of_run(submission.key), QUEUE) as connection:
            now = self._now(connection)
            if connection.execute(_END, {"id": submission.id, "now": now}).rowcount:
                values = {"attempt": submission.attempt + 1, "due": due, "now": now}
                connection.execute(_INSERT, {**submission.key, "schedule": submission.schedule, **values})

    def abort_submitted(self, uid: str, project: str = "", iter: int = 0, text: str = "", **how: Any) -> bool:
        """
        Have a run ended, and say whether it goes on until somebody has ended its pod.

        One that nobody has started is aborted by this, and is not started any more.

        Args:
            how: For whoever ends the pod, see :attr:`Submission.ending`.

        Raises:
            MLRunNotFoundError: No such run.
            MLRunConflictError: It has ended.
        """
        key = key_of(uid, project, iter)
        with self._write(lock_of_run(key), QUEUE) as connection:
            run, now = _run(connection, key), self._now(connection)
            state = RunState.check((run.get("status") or {}).get("state") or RunState.CREATED)
            if state.is_final:
                raise MLRunConflictError(f"run {name_of(key)} is {state}; it has ended already")
            row = connection.execute(_OPEN, key).fetchone()
            submission = Submission(*row) if row else None
            is_started = submission is not None and bool(submission.place)
            after = RunState.ABORTING if is_started else RunState.ABORTED
            updates = {"status.state": after.value, "status.status_text": text, "status.last_update": now}
            set_dotted(run, updates if is_started else {**updates, "status.end_time": now})
            store(connection, [RunRow(run, **_named(key))])
            if submission and is_started:
                sql = "UPDATE submissions SET ending = :ending WHERE id = :id"
                connection.execute(sql, {"id": submission.id, "ending": json.dumps({"text": text, **how})})
            elif submission:
                _end(connection, submission, now)
        return is_started

    def move_submission(self, submission: Submission, place: str) -> None:
        """It is started at *place* from now on, and takes no room where it was."""
        with self._write(QUEUE) as connection:
            connection.execute(_MOVE, {"id": submission.id, "place": place, "now": self._now(connection)})

    def hidden_of(self, submission: Submission) -> str:
        """What was hidden when it, or the run whose iteration it is, was submitted; for the pod only."""
        key = {**submission.key, "iteration": 0}
        with self._read() as connection:
            return secrets.kept(connection, submission.project, _hidden_name(key))

    def _has_queued(self) -> bool:
        """Asked several times a second, and most often nothing is."""
        with self._read() as connection:
            sql = "SELECT 1 FROM submissions WHERE state = 'queued' AND due <= :now LIMIT 1"
            return connection.execute(sql, {"now": self._now(connection)}).fetchone() is not None


def submit(connection: Connection, run: Record, now: str, schedule: str = "", hidden: str = "") -> Record:
    """Within a transaction that has the lock of *run*: store it, and that it is to be started at once."""
    row = RunRow(run)
    store(connection, [row])
    project, uid, iteration = row.key
    key = {"project": project, "uid": uid, "iteration": iteration}
    attempt = connection.execute(_NEXT_ATTEMPT, key).fetchone()[0]
    connection.execute(_INSERT, {**key, "attempt": attempt, "due": now, "schedule": schedule, "now": now})
    if hidden:
        secrets.keep(connection, project, _hidden_name(key), hidden)
    return records.load(row.values["body"])


def count_live(connection: Connection, project: str, schedule: str) -> int:
    """The runs of *schedule* that have not ended."""
    values = {"project": project, "schedule": schedule}
    return int(connection.execute(_LIVE_OF_SCHEDULE, values).fetchone()[0])


def _end(connection: Connection, submission: Submission, now: str) -> None:
    if connection.execute(_END, {"id": submission.id, "now": now}).rowcount:
        secrets.forget(connection, submission.project, _hidden_name(submission.key))


def _run(connection: Connection, key: dict[str, Any]) -> Record:
    """
    Raises:
        MLRunNotFoundError: It is not there.
    """
    found = connection.execute(f"SELECT body FROM runs WHERE {KEY}", key).fetchone()
    if not found:
        raise MLRunNotFoundError(f"no run {name_of(key)}")
    return records.load(found[0])


def _named(key: dict[str, Any]) -> dict[str, Any]:
    return {"uid": key["uid"], "project": key["project"], "iter": key["iteration"]}


def _hidden_name(key: dict[str, Any]) -> str:
    return f"{secrets.OURS}submissions/{quote(key['uid'], '')}/{key['iteration']}"
