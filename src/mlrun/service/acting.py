"""The part of an API server that acts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlrun.db.base import Record, RunDB
from mlrun.db.sql.firings import Firings
from mlrun.db.sql.leases import Leases
from mlrun.db.sql.submissions import Submissions
from mlrun.errors import (
    MLRunBaseError,
    MLRunInvalidArgumentError,
    MLRunNotImplementedServerError,
    err_to_str,
)
from mlrun.launcher.base import Function
from mlrun.launcher.ending import end_pod
from mlrun.launcher.lost import is_its_cluster
from mlrun.log import logger
from mlrun.model.run import Run
from mlrun.service import clusters, jobs
from mlrun.service.dispatcher import Dispatcher
from mlrun.service.duty import Duty, Post
from mlrun.service.functions import function_of
from mlrun.service.launcher import ServerLauncher
from mlrun.service.pruner import Pruner
from mlrun.service.scheduler import Scheduler
from mlrun.service.secrets import delete_in_cluster, put_in_cluster
from mlrun.service.sweeper import Sweeper, is_driven
from mlrun.service.tasks import Tasks
from mlrun.service.telling import as_hidden
from mlrun.service.watch import Watch


class Service:
    """
    Takes what is to be run, and sees to it with the other servers of its database.

    Threads may share an instance. What a method has acknowledged by returning is stored, and is done also if
    this process is killed.

    Example::

        service = Service(db, launcher)
        service.start()
        run = service.submit(task, None, db)
        service.stop()

    Args:
        launcher: None for a server that starts nothing.
        why: What is to be said of that.
    """

    def __init__(self, db: RunDB, launcher: ServerLauncher | None = None, why: str = "") -> None:
        self.db = db
        self.tasks = Tasks(db)
        self._launcher, self._why = launcher, why
        self._posts: list[Post] = []

    @property
    def has_cluster(self) -> bool:
        return self._launcher is not None

    @property
    def launcher(self) -> ServerLauncher:
        """
        Raises:
            MLRunNotImplementedServerError: This server starts nothing.
        """
        if self._launcher is None:
            raise MLRunNotImplementedServerError(
                f"this server keeps records, and starts nothing: {self._why or 'it has no cluster'};"
                " fn.run(local=True) runs a function on the client's machine, and is tracked here"
            )
        return self._launcher

    def start(self) -> None:
        """Take up the duties, or wait for them where another server has them."""
        duties = [Pruner(self.db), *(self._duties_of(self._launcher) if self._launcher else ())]
        self._posts = [Post(self._leases, duty) for duty in duties]
        for post in self._posts:
            post.start()

    def _duties_of(self, launcher: ServerLauncher) -> Iterator[Duty]:
        """Those of a server that starts pods."""
        watch = Watch(launcher, on_change=self.wake)
        yield Dispatcher(
            self._submissions, launcher, self._function_of, self.tasks, watch, on_sweep=self.wake
        )
        yield Sweeper(self._submissions, launcher, self.tasks, on_submit=self.wake)
        yield Scheduler(self._firings, jobs.run_of_schedule, on_fire=self.wake)

    def stop(self) -> None:
        """Give the duties back; pods go on, and so does what another server has taken up."""
        for post in self._posts:
            post.stop()
        for post in self._posts:
            post.join()

    def wake(self) -> None:
        """There is something to do, now."""
        for post in self._posts:
            post.wake()

    def submit(self, task: Record, function: Any, seen: RunDB) -> Record:
        """
        Take a run, and give it as it is stored.

        Args:
            seen: The database, as far as the caller sees it.

        Raises:
            MLRunBaseError: As :func:`mlrun.service.jobs.prepared`.
        """
        run, hidden = jobs.prepared(task, function, seen, self.launcher)
        stored = self._submissions.submit_run(run.to_dict(), hidden)
        self.wake()
        return stored

    def resubmit(self, uid: str, project: str, secrets: Mapping[str, str], seen: RunDB) -> Record:
        """
        Go on with a sweep that has ended in the middle, and give it as it is stored.

        Raises:
            MLRunNotFoundError: No such run, or its function is gone.
            MLRunInvalidArgumentError: Its iterations have no pods of their own.
            MLRunConflictError: It is completed, or goes on.
        """
        run = Run.from_dict(seen.read_run(uid, project))
        function_of(run, seen)
        if not is_driven(run, self.launcher.cluster):
            raise MLRunInvalidArgumentError(
                f"run {run.key} is no sweep whose iterations have pods of their own (parallel_runs of 2 or"
                " more), so there is nothing that a server could go on with"
            )
        stored = self._submissions.resubmit_run(uid, project, as_hidden(dict(secrets)))
        self.wake()
        return stored

    def schedule(self, task: Record, function: Any, schedule: Any, seen: RunDB) -> Record:
        """
        Have a run submitted at the times of *schedule*.

        Raises:
            MLRunBaseError: As :func:`mlrun.service.jobs.store_schedule`.
        """
        told = jobs.store_schedule(task, function, schedule, seen, self.launcher)
        self.hide_with_schedule(told["project"], told["name"], told.pop("hidden"))
        return told

    def hide_with_schedule(self, project: str, name: str, hidden: str) -> None:
        """Keep what of a schedule's runs may be in no record, and look when it is due."""
        self._firings.hide_with_schedule(project, name, hidden)
        self.wake()

    def set_schedule_notifications(self, project: str, name: str, notifications: list[Any]) -> None:
        """
        Replace the notifications of the runs that a schedule starts from now on.

        Raises:
            MLRunInvalidArgumentError: One can not be sent; the message says why.
            MLRunNotFoundError: No such schedule.
        """
        self._firings.change_schedule(
            project, name, lambda record, hidden: jobs.set_notifications(record, hidden, notifications)
        )

    def invoke(self, project: str, name: str) -> Record:
        """
        Submit a run of a schedule at once.

        Raises:
            MLRunNotFoundError: No such schedule.
            MLRunConflictError: As many of its runs are live as may be.
        """
        self.launcher  # noqa: B018 - says that this server starts nothing
        run = self._firings.invoke_schedule_now(project, name, jobs.run_of_schedule)
        self.wake()
        return run

    def abort(
        self, uid: str, project: str, iteration: int = 0, text: str = "", grace_s: float | None = None
    ) -> Record:
        """
        Have a run ended, and give the background task of that.

        Raises:
            MLRunNotFoundError: No such run.
            MLRunConflictError: It has ended already.
        """
        text, before = text or "aborted by the user", self.db.read_run(uid, project, iteration)
        task = self.tasks.begin("run.abort", project)
        name = task["metadata"]["name"]
        try:
            how = {"task": name, "grace_s": grace_s}
            goes_on = self._submissions.abort_submitted(uid, project, iteration, text, **how)
        except MLRunBaseError as error:
            self.tasks.end(name, project, err_to_str(error))
            raise
        if goes_on:
            self.wake()
            return task
        self._end_pod(Run.from_dict(before), grace_s)
        return self.tasks.end(name, project)

    def start_cluster(self, address: str) -> Record:
        """
        Start the Dask cluster of the function at *address*, and give the background task of that.

        Raises:
            MLRunBaseError: As :func:`mlrun.service.clusters.start_cluster`.
        """
        return clusters.start_cluster(address, self.db, self.tasks, self.launcher.cluster)

    def cluster_status(self, address: str) -> Record:
        """
        Where it is, and whether it answers.

        Raises:
            MLRunBaseError: As :func:`mlrun.service.clusters.cluster_status`.
        """
        return clusters.cluster_status(address, self.db)

    def keep_secrets(self, project: str, values: Mapping[str, str]) -> None:
        """
        Give secrets of *project*, which the database has, to a cluster that keeps such; others get them with
        each pod.

        Raises:
            MLRunServiceUnavailableError: It can not be reached.
        """
        if self._launcher is not None:
            put_in_cluster(self._launcher.cluster, project, values)

    def forget_secrets(self, project: str, keys: Iterable[str] | None) -> None:
        """
        Take them away there; None is every one.

        Raises:
            MLRunServiceUnavailableError: As :meth:`keep_secrets`.
        """
        if self._launcher is not None:
            delete_in_cluster(self._launcher.cluster, project, keys)

    def _end_pod(self, run: Run, grace_s: float | None) -> None:
        """The pod of a run that somebody else has started here, beside the server."""
        pod = run.status.process.get("pod")
        if self._launcher is None or not pod or not is_its_cluster(run, self._launcher.cluster):
            return
        try:
            end_pod(self._launcher.cluster, pod, grace_s)
        except MLRunBaseError as error:
            logger.warning(f"the pod of run {run.key} is still there: {err_to_str(error)}")

    def _function_of(self, run: Run) -> Function:
        return function_of(run, self.db)

    @property
    def _leases(self) -> Leases:
        assert isinstance(self.db, Leases), "a server has the database itself"
        return self.db

    @property
    def _submissions(self) -> Submissions:
        assert isinstance(self.db, Submissions), "a server has the database itself"
        return self.db

    @property
    def _firings(self) -> Firings:
        assert isinstance(self.db, Firings), "a server has the database itself"
        return self.db
