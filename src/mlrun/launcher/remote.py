"""Asks an API server to start runs; the server follows their pods."""

from __future__ import annotations

import time
from typing import Any

from mlrun.db.http import HTTPRunDB
from mlrun.launcher.base import Function, Launcher, Record
from mlrun.launcher.pending import Pending
from mlrun.model.run import Run, RunState

_SHORTEST_S, _LONGEST_S = 0.05, 2.0  # between two questions whether it has ended


class RemoteLauncher(Launcher):
    """
    The API server that *db* speaks to. Threads may share an instance.

    Example::

        launcher = RemoteLauncher(get_run_db("http://mlrun:8080"))
        run = launcher.wait(launcher.submit(function, run))
    """

    def __init__(self, db: HTTPRunDB) -> None:
        self.db = db

    def submit(self, function: Function, run: Run, secrets: Record | None = None) -> Run:
        return Run.from_dict(self.db.submit_job(_task(run, secrets)))

    def resubmit(self, run: Run, secrets: Record) -> Run:
        return Run.from_dict(self.db.resubmit_run(run.metadata.uid, run.metadata.project, secrets))

    def schedule(self, function: Function, run: Run, schedule: Any) -> Record:
        task = _task(run, None)
        task["metadata"].pop("uid", None)  # each time it fires is a run of its own
        return self.db.submit_job(task, schedule)

    def abort(self, run: Run, text: str = "", grace_s: float | None = None) -> None:
        self.db.abort_run(run.metadata.uid, run.metadata.project, run.metadata.iteration, status_text=text)

    def wait(self, run: Run, show_logs: bool = True) -> Run:
        meta, pause_s = run.metadata, _SHORTEST_S
        with Pending(self.db, run):
            if show_logs:
                self.db.watch_log(meta.uid, meta.project)
            while True:
                seen = Run.from_dict(self.db.read_run(meta.uid, meta.project))
                if RunState(seen.status.state).is_final:
                    return seen
                time.sleep(pause_s)
                pause_s = min(pause_s * 1.5, _LONGEST_S)


def _task(run: Run, secrets: Record | None) -> Record:
    """*run* as the server takes it, with the values of its secrets, which the server keeps in no record."""
    task = run.to_dict(fields=["metadata", "spec"])
    task["status"] = {"state": RunState.CREATED.value}
    if secrets:
        task["spec"]["secret_sources"] = [{"kind": "inline", "source": dict(secrets)}]
    return task
