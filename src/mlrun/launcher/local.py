"""Starts pods on a cluster of its own, and keeps the records in a database of its own."""

from __future__ import annotations

import codecs
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from mlrun.cluster.base import Cluster, Reach
from mlrun.config import mlconf
from mlrun.db.base import RunDB
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunNotImplementedServerError,
    err_to_str,
)
from mlrun.launcher.base import Function, Launcher, Place, Private, Record, Work
from mlrun.launcher.dbpath import dbpath_for, login_of
from mlrun.launcher.ending import Reason, end_run
from mlrun.launcher.watcher import Watcher
from mlrun.model.run import Run, RunState

_SHORTEST_S, _LONGEST_S = 0.02, 0.5  # between two looks at a log: a tenth of the time that nothing has come


class LocalLauncher(Launcher):
    """
    What an API server, or a laptop without one, starts runs by. Threads may share an instance.

    Example::

        launcher = LocalLauncher(get_run_db(), get_cluster())
        run = launcher.submit(function, run)
        launcher.wait(run)
    """

    owns_runs = True

    def __init__(self, db: RunDB, cluster: Cluster) -> None:
        self.db, self.cluster = db, cluster

    @property
    def reach(self) -> Reach:
        return self.cluster.reach

    def submit(self, function: Function, run: Run, secrets: Record | None = None) -> Run:
        name, known = function.pod_name(run), self._stored(run)
        is_told = known is not None and known.status.process.get("pod") == name
        if known is not None and is_told and not _is_waiting(known):
            return known
        run.status.state = RunState.PENDING.value
        run.status.process = {"cluster": self.cluster.kind, "host": socket.gethostname(), "pod": name}
        work = self._work(function, run, secrets)
        if not is_told:
            self._store(run)
        try:
            self._create(run, work)
        except MLRunBaseError as error:
            if known is None and isinstance(error, MLRunInvalidArgumentError):
                self.db.del_run(*_key(run))  # nothing has begun
            else:
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
            self.cluster.delete(pod, grace_s=grace_s)
        self._end(stored, Reason(RunState.ABORTED, text))

    def wait(self, run: Run, show_logs: bool = True) -> Run:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a read may end inside a character
        offset, since = 0, time.monotonic()
        with self._watched(run) as changed:
            while True:
                state, body = self.db.get_log(*_key(run), offset=offset)
                if show_logs:
                    sys.stdout.write(decoder.decode(body))
                    sys.stdout.flush()
                offset += len(body)
                if RunState(state).is_final:
                    return Run.from_dict(self.db.read_run(*_key(run)))
                since = time.monotonic() if body else since
                changed.wait(min(max((time.monotonic() - since) / 10, _SHORTEST_S), _LONGEST_S))
                changed.clear()

    def settle(self, run: Run) -> None:
        process = run.status.process
        if process.get("cluster") != self.cluster.kind or process.get("host") != socket.gethostname():
            return
        with suppress(MLRunNotFoundError):  # it may be about to be created, or be another namespace's
            Watcher(self.db, self.cluster).see(self.cluster.read(process["pod"]))

    def place(self) -> Place:
        """
        Raises:
            MLRunInvalidArgumentError: Pods can not reach the database; says what works.
        """
        cluster = self.cluster
        dbpath = dbpath_for(self.db, cluster)
        return Place(cluster.kind, cluster.reach, cluster.runs_operators, dbpath, str(mlconf.namespace))

    def _work(self, function: Function, run: Run, secrets: Record | None) -> Work:
        place = self.place()
        task = {name: str(value) for name, value in (secrets or {}).items()}
        private = Private(task, self._project_secrets(run), login_of(self.db, place.dbpath))
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
            if there.labels.get("mlrun/uid") != work.resource["metadata"]["labels"]["mlrun/uid"]:
                raise

    def _stored(self, run: Run) -> Run | None:
        try:
            return Run.from_dict(self.db.read_run(*_key(run)))
        except MLRunNotFoundError:
            return None

    def _store(self, run: Run) -> None:
        self.db.store_run(run.to_dict(), run.metadata.uid, run.metadata.project)

    def _end(self, run: Run, reason: Reason) -> None:
        end_run(self.db, run, reason)

    @contextmanager
    def _watched(self, run: Run) -> Iterator[threading.Event]:
        """While the block runs, the pod of *run* is followed; the event is set when it has ended."""
        stop, changed = threading.Event(), threading.Event()
        selector = {"mlrun/uid": run.metadata.uid}
        watcher = Watcher(self.db, self.cluster, selector, on_change=lambda state: changed.set())
        threading.Thread(target=watcher.follow, args=[stop], name="mlrun-wait", daemon=True).start()
        try:
            yield changed
        finally:
            stop.set()  # the thread ends soon; nobody has to wait for it


def _is_waiting(run: Run) -> bool:
    return run.status.state in (RunState.CREATED, RunState.PENDING, RunState.PENDING_RETRY)


def _key(run: Run) -> tuple[str, str]:
    return run.metadata.uid, run.metadata.project
