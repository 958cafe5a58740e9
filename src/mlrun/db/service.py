"""The part of the port that a service works with: schedules, background tasks, notifications of runs."""

from __future__ import annotations

import abc
import contextlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Union, cast

from mlrun.errors import MLRunNotImplementedServerError

if TYPE_CHECKING:
    from mlrun.db.base import RunDB

Record = dict[str, Any]
Labels = Union[str, list[str], dict[str, Any], None]


class Service(abc.ABC):
    """
    A base of :class:`mlrun.db.base.RunDB`; it has no life of its own.

    What it answers are dictionaries whose keys can be read as attributes too (``task.status.state``).
    """

    list_metrics: Callable[..., Any]

    # what is new: asked again and again, so it costs less than to read records

    def changes(self) -> int | None:
        """A number that is another one after any write, whoever wrote; None where this home keeps none."""
        return None

    def count_metrics(self, uid: str, project: str = "", iter: int = 0) -> int:
        """The number of a run's metric rows."""
        return len(self.list_metrics(uid, project, iter))

    def wait_for_run(
        self, uid: str, project: str = "", iter: int = 0, longest_pause_s: float = 3.0, timeout_s: float = 0
    ) -> str:
        """
        Wait until a run has ended, or for *timeout_s* seconds (0 is as long as it takes); gives its state.

        Args:
            longest_pause_s: Between two looks, where the home of the records has to be asked again and again.

        Raises:
            MLRunNotFoundError: No such run.
        """
        from mlrun.db.follow import wait_for_run

        return wait_for_run(cast("RunDB", self), uid, project, iter, longest_pause_s, timeout_s)

    # many small writes

    takes_turns = False  # writers wait for each other, so that one thread may as well do all their writes

    def together(self) -> AbstractContextManager[None]:
        """
        A block whose writes, of this thread, may be one transaction: then they are on the disk when the block
        ends, and none of them is when that raises. A write that raises in it is undone alone.

        Where writers need not take turns, each write stays a transaction of its own.
        """
        return contextlib.nullcontext()

    # schedules: an API server over this database fires them

    @abc.abstractmethod
    def create_schedule(self, project: str, schedule: Record) -> Record:
        """
        Args:
            schedule: ``{"name", "kind": "job" | "pipeline", "scheduled_object", "cron_trigger",
                "desired_state", "labels", "concurrency_limit"}``; *cron_trigger* is the text of five fields
                or the dictionary form ``{"minute", "hour", "day", "month", "day_of_week", "start_date",
                "end_date", "timezone", ...}``, and comes back as the latter.

        Returns:
            The record, with ``project``, ``creation_time``, ``state``, ``next_run_time`` (None: it does not
            fire), ``last_run_uri``, ``missed_count`` and ``skipped_count``.

        Raises:
            MLRunConflictError: A schedule of that name exists in *project*.
            MLRunInvalidArgumentError: No name, a trigger, kind or limit that is none, or a trigger that never
                fires.
        """

    @abc.abstractmethod
    def update_schedule(self, project: str, name: str, schedule: Record) -> Record:
        """
        Set the parts that *schedule* has.

        Raises:
            MLRunNotFoundError: ``no schedule 'nightly' in project iris``.
            MLRunInvalidArgumentError: As :meth:`create_schedule`.
        """

    @abc.abstractmethod
    def get_schedule(self, project: str, name: str, include_last_run: bool = False) -> Record:
        """
        Raises:
            MLRunNotFoundError: As :meth:`update_schedule`.
        """

    @abc.abstractmethod
    def list_schedules(
        self,
        project: str = "",
        name: str = "",
        kind: str = "",
        include_last_run: bool = False,
        labels: Labels = None,
    ) -> Record:
        """``{"schedules": [...]}`` by project and name; *name* as of runs."""

    def invoke_schedule(self, project: str, name: str) -> Record:
        """
        Have a run of a schedule started now, beside its times, and give that run.

        Raises:
            MLRunNotFoundError: As :meth:`update_schedule`.
            MLRunConflictError: As many of its runs are live as ``concurrency_limit`` says.
            MLRunNotImplementedServerError: Nobody here starts runs.
        """
        self.get_schedule(project, name)
        raise MLRunNotImplementedServerError(
            "an API server fires schedules: start 'mlrun db' over this database, and ask it by its address"
        )

    @abc.abstractmethod
    def delete_schedule(self, project: str, name: str) -> None:
        """Nothing happens if there is none."""

    @abc.abstractmethod
    def delete_schedules(self, project: str) -> None:
        """Every schedule of *project*."""

    # background tasks: what a client was told to ask about later

    @abc.abstractmethod
    def store_background_task(self, task: Record) -> Record:
        """
        Insert or replace, by ``metadata.project`` (empty: of the whole service) and ``metadata.name``.

        ``metadata.created`` and ``metadata.updated`` are set where they have to be. Tasks that ended more
        than a week ago are forgotten.

        Raises:
            MLRunInvalidArgumentError: No name, or a state that is none of running, succeeded, failed.
        """

    @abc.abstractmethod
    def get_background_task(self, name: str, project: str = "") -> Record:
        """
        Raises:
            MLRunNotFoundError: ``no background task '4f0c'``.
        """

    def get_project_background_task(self, project: str, name: str) -> Record:
        """As :meth:`get_background_task`."""
        return self.get_background_task(name, project)

    @abc.abstractmethod
    def list_background_tasks(
        self,
        project: str = "",
        name: str = "",
        kind: str = "",
        state: str = "",
        created_from: Any = None,
        created_to: Any = None,
        last_update_time_from: Any = None,
        last_update_time_to: Any = None,
    ) -> list[Record]:
        """Tasks that match every argument, newest first; no *project* is those of the whole service."""

    # notifications of runs: kept with the run, what is secret in them apart

    @abc.abstractmethod
    def store_run_notifications(
        self,
        notification_objects: list[Any],
        run_uid: str,
        project: str = "",
        mask_params: bool = True,
        iter: int = 0,
    ) -> None:
        """
        Replace the notifications of a run.

        Args:
            notification_objects: Dictionaries or records ``{"kind", "name", "message", "severity", "when",
                "condition", "params", "secret_params"}``, each name once.
            mask_params: *secret_params* are kept as a secret of the project; the run's body says only where.

        Raises:
            MLRunNotFoundError: No such run.
            MLRunInvalidArgumentError: A notification without kind or name, or two of one name.
        """

    @abc.abstractmethod
    def read_run_notifications(self, run_uid: str, project: str = "", iter: int = 0) -> list[Record]:
        """
        The notifications of a run, with what is secret in them.

        Raises:
            MLRunNotFoundError: No such run.
            MLRunAccessDeniedError: An API server gives no secrets out.
        """

    def set_run_notifications(self, project: str, runs: list[Any], notifications: list[Any]) -> None:
        """:meth:`store_run_notifications` for each of *runs* (records, run objects or uids)."""
        for run in runs:
            uid, of_run, iteration = _key_of(run)
            self.store_run_notifications(notifications, uid, project or of_run, iter=iteration)


def _key_of(run: Any) -> tuple[str, str, int]:
    """The uid, project and iteration of a record, a run object or a uid."""
    if isinstance(run, str):
        return run, "", 0
    record = run if isinstance(run, Mapping) else run.to_dict()
    metadata = record.get("metadata") or {}
    return metadata.get("uid") or "", metadata.get("project") or "", metadata.get("iteration") or 0
