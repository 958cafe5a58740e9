"""Starts pods on a cluster of its own, and keeps the records in a database of its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

from mlrun.cluster.base import Cluster, Reach
from mlrun.config import mlconf
from mlrun.db import times
from mlrun.db.base import RunDB
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunNotImplementedServerError,
    MLRunServiceUnavailableError,
    err_to_str,
)
from mlrun.launcher.base import Function, Launcher, Place, Private, Record, Work
from mlrun.launcher.children import PodChildren, abort_all
from mlrun.launcher.clock import seconds_since
from mlrun.launcher.dbpath import dbpath_for, login_of
from mlrun.launcher.ending import Reason, end_pod, end_run, gone, live_children, reason_of
from mlrun.launcher.lost import is_its_cluster
from mlrun.launcher.own_files import name_in_full
from mlrun.launcher.owner import PROJECT, UID, Owner
from mlrun.launcher.waiting import Following, wait
from mlrun.launcher.watcher import Watcher
from mlrun.model.notification import Notification
from mlrun.model.run import Run, RunState

_SURELY_MADE_S = 60.0  # after a run was stored its pod is made, unless whoever did it was killed


class LocalLauncher(Launcher):
    """
    What an API server, or a laptop without one, starts runs by. Threads may share an instance.

    Example::

        launcher = LocalLauncher(get_run_db(), get_cluster())
        run = launcher.submit(function, run)
        launcher.wait(run)
    """

    owns_runs = True
    is_patient = False  # asks a cluster that is away again, by another submit()

    def __init__(self, db: RunDB, cluster: Cluster) -> None:
        self.db, self.cluster = db, cluster

    @property
    def reach(self) -> Reach:
        return self.cluster.reach

    def submit(self, function: Function, run: Run, secrets: Record | None = None) -> Run:
        notifications = [Notification.of(one) for one in run.spec.notifications]
        run.spec.notifications = [one.shown() for one in notifications]
        name, known = function.pod_name(run), self._stored(run)
        is_told = known is not None and known.status.process.get("pod") == name
        if known is not None and is_told and not _is_waiting(known):
            return known
        run.status.state = RunState.PENDING.value
        if self.cluster.reach is Reach.FILES:
            name_in_full(run.spec)
        run.status.process = {**self.marks(), "pod": name}
        run.status.last_update = times.now()
        work = self._work(function, run, secrets)
        if not is_told:
            self._store(run, notifications)
        try:
            self._create(run, work)
        except MLRunBaseError as error:
            if known is None and isinstance(error, MLRunInvalidArgumentError):
                self.db.del_run(*_key(run))  # nothing has begun
            elif not (self.is_patient and isinstance(error, MLRunServiceUnavailableError)):
                self._end(run, Reason(RunState.ERROR, err_to_str(error)))
            raise
        return Run.from_dict(self.db.read_run(*_key(run)))

    def schedule(self, function: Function, run: Run, schedule: Any) -> Record:
        raise MLRunNotImplementedServerError(
            "a schedule needs somebody who is there when it is time: start an API server with 'mlrun db', and"
            " name it in MLRUN_DBPATH"
        )

    def abort(self, run: Run, text: str = "", grace_s: float | None = None) -> None:
        text = text or "aborted by the user"
        self.db.update_run({"status.state": RunState.ABORTING, "status.status_text": text}, *_key(run))
        stored = Run.from_dict(self.db.read_run(*_key(run)))
        if pod := stored.status.process.get("pod"):
            end_pod(self.cluster, pod, grace_s)
            stored = Run.from_dict(self.db.read_run(*_key(run)))
        if stored.status.state == RunState.ABORTING:  # else it has said so itself, and may have begun anew
            self._end(stored, Reason(RunState.ABORTED, text))  # whoever drives a sweep finds it ended
        abort_all(self, live_children(self.db, stored), text, grace_s)

    def wait(self, run: Run, show_logs: bool = True) -> Run:
        return wait(self.db, self.cluster, run, show_logs)

    def run_children(
        self, function: Function, parent: Run, runs: Iterator[Run], at_once: int, secrets: Record
    ) -> Iterator[Run]:
        return PodChildren(self, function, parent, secrets).run(runs, at_once)

    def live_pods(self, run: Run) -> list[str]:
        selector = {UID: run.metadata.uid, PROJECT: run.metadata.project}
        Watcher(self.db, self.cluster, selector).look_at_all()
        return [state.name for state in self.cluster.list(selector) if not state.is_final]

    def check(self, function: Function, run: Run) -> None:
        function.manifest(run, self.place(), Private())

    def marks(self) -> Record:
        return {"cluster": self.cluster.kind, "launched_from": socket.gethostname()}

    def watched(self, run: Run) -> Following:
        return Following(self.db, self.cluster, run)

    def settle(self, run: Run) -> None:
        if not is_its_cluster(run, self.cluster):
            return
        name = run.status.process["pod"]
        try:
            state = self.cluster.read(name)
        except MLRunNotFoundError:
            if self.cluster.kind != "kubernetes" and seconds_since(run.status.last_update) > _SURELY_MADE_S:
                self._end(run, reason_of(gone(name), run, b""))  # a namespace may be another one's
            return
        Watcher(self.db, self.cluster).see(state)

    def place(self) -> Place:
        """
        Raises:
            MLRunInvalidArgumentError: Pods can not reach the database; says what works.
        """
        cluster = self.cluster
        dbpath = dbpath_for(self.db, cluster)
        return Place(cluster.kind, cluster.reach, cluster.runs_operators, dbpath, str(mlconf.namespace))

    def login(self, run: Run, place: Place) -> dict[str, str]:
        """The variables by which the pod of *run* logs in to the database."""
        return login_of(self.db, place.dbpath)

    def _work(self, function: Function, run: Run, secrets: Record | None) -> Work:
        place = self.place()
        task = {name: str(value) for name, value in (secrets or {}).items()}
        private = Private(task, self._project_secrets(run), self.login(run, place))
        return function.manifest(run, place, private)

    def _project_secrets(self, run: Run) -> dict[str, str]:
        try:
            return self.db.read_project_secrets(run.metadata.project)
        except MLRunAccessDeniedError:  # they are behind an API server, which gives them to its own pods
            return {}

    def _create(self, run: Run, work: Work) -> None:
        try:
            self.cluster.create(work.resource, work.secrets)
        except MLRunConflictError:
            there = self.cluster.read(work.resource["metadata"]["name"])
            if Owner.of(there) != (run.metadata.uid, run.metadata.project, run.metadata.iteration):
                raise

    def _stored(self, run: Run) -> Run | None:
        try:
            return Run.from_dict(self.db.read_run(*_key(run)))
        except MLRunNotFoundError:
            return None

    def _store(self, run: Run, notifications: list[Notification]) -> None:
        uid, project, iteration = _key(run)
        self.db.store_run(run.to_dict(), uid, project, iteration)
        if any(one.secret_params and not one.is_kept_apart for one in notifications):
            self.db.store_run_notifications(notifications, uid, project)

    def _end(self, run: Run, reason: Reason) -> None:
        end_run(self.db, run, reason)


def _is_waiting(run: Run) -> bool:
    return run.status.state in (RunState.CREATED, RunState.PENDING, RunState.PENDING_RETRY)


def _key(run: Run) -> tuple[str, str, int]:
    return run.metadata.uid, run.metadata.project, run.metadata.iteration
