"""A run that was started: its record, and the verbs that go with it."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from mlrun import render, urls
from mlrun.config import mlconf
from mlrun.db.base import RunDB
from mlrun.errors import MLRunBaseError, MLRunTimeoutError, RunError, err_to_str
from mlrun.execution import portrait
from mlrun.log import logger
from mlrun.model.run import Run, RunState
from mlrun.model.task import RunTemplate
from mlrun.secrets import SecretsStore

if TYPE_CHECKING:
    from mlrun.datastore import DataItem


class RunObject(Run):
    """
    One run, as ``fn.run()`` gives it back.

    It shows what was last read; what it is asked for is read anew while the run is live::

        run = fn.run(params={"p1": 5})
        run.state(), run.output("accuracy"), run.artifact("model").local()
    """

    @classmethod
    def of(cls, run: Run | dict[str, Any], db: RunDB) -> RunObject:
        """The run *run*, which lives in *db*."""
        record = cls.from_dict(run.to_dict() if isinstance(run, Run) else run)
        record._db = db  # type: ignore[attr-defined]
        return record

    @classmethod
    def from_template(cls, template: RunTemplate) -> RunObject:
        """A run that was not started yet, from a task."""
        return cls.from_dict(template.to_dict())

    @property
    def db(self) -> RunDB:
        from mlrun.db import get_run_db

        return self.__dict__.get("_db") or get_run_db()

    def uid(self) -> str:
        return self.metadata.uid

    def state(self) -> str:
        """The state now; a final one is not asked for again."""
        if not self._is_final():
            self.refresh()
        return self.status.state or RunState.UNKNOWN.value

    def _is_final(self) -> bool:
        return RunState(self.status.state).is_final

    def refresh(self) -> RunObject:
        """Read the run anew, and give it back; one whose pod is gone is ended before."""
        if not self._is_final() and self.status.process.get("pod"):
            self._settle()
        meta = self.metadata
        fresh = Run.from_dict(self.db.read_run(meta.uid, meta.project, meta.iteration))
        self.metadata, self.spec, self.status = fresh.metadata, fresh.spec, fresh.status
        return self

    @property
    def error(self) -> str:
        """Why it did not end well; empty if it did, or has not ended."""
        if not self.status.is_failed():
            return ""
        return self.status.error or self.status.status_text or self.status.reason or "no reason was recorded"

    @property
    def ui_url(self) -> str:
        """The run's page in the dashboard; empty where there is none."""
        if not (base := str(mlconf.ui_url).rstrip("/")):
            return ""
        return f"{base}/mlrun/projects/{self.metadata.project}/jobs/monitor/{self.metadata.uid}/overview"

    @property
    def outputs(self) -> dict[str, Any]:
        """Results, and the ``store://`` address of each artifact; waits for a live run to end."""
        if self.__dict__.get("outputs_wait_for_completion", True) and not self._is_final():
            self.wait_for_completion(raise_on_failure=False)
        return {**self.status.results, **self._artifact_uris()}

    def output(self, key: str) -> Any:
        """One result, or one artifact's address; None where there is none."""
        return self.outputs.get(key)

    def artifact(self, key: str) -> DataItem | None:
        """
        The artifact *key*: a DataItem, and a read-only mapping of its record too; None where there is none.

        ::

            run.artifact("model").get()                    # its bytes
            run.artifact("model")["spec"]["target_path"]   # its record
        """
        uri = self.outputs.get(key) if key in self._artifact_uris() else None
        if uri is None:
            return None
        if not urls.is_store_url(uri):
            from mlrun.datastore import get_dataitem

            return get_dataitem(uri, db=self.db)
        from mlrun.datastore import get_artifact_item

        return get_artifact_item(uri, db=self.db, key=key)

    def _artifact_uris(self) -> dict[str, str]:
        uris = dict(self.status.artifact_uris)
        for record in self.status.artifacts:  # as older programs stored them
            key = record.get("metadata", record).get("key", "")
            uris.setdefault(key, record.get("spec", record).get("target_path", ""))
        return uris

    def logs(self, watch: bool = True, db: RunDB | None = None, offset: int = 0) -> str:
        """
        Print the run's log and give its state.

        Args:
            watch: Go on until the run ends.
            offset: Bytes to leave out at the start.
        """
        meta = self.metadata
        with self._watched() if watch else nullcontext():
            state, _ = (db or self.db).watch_log(meta.uid, meta.project, watch=watch, offset=offset)
        if state and state != self.status.state:
            self.refresh()
        return state

    def wait_for_completion(
        self,
        sleep: float = 3,
        timeout: float = 0,
        raise_on_failure: bool = True,
        show_logs: bool | None = None,
        logs_interval: float | None = None,
    ) -> str:
        """
        Wait until the run has ended, and give its state.

        Args:
            sleep: Seconds between two looks, at most, where the database does not tell when the run ends (an
                API server does); the first ones come faster.
            timeout: Seconds to wait at most; 0 waits as long as it takes.
            show_logs: Print the log meanwhile.
            logs_interval: Seconds between two looks at the log; without it (and without *timeout*) the log is
                followed as the database can, from a server without asking again and again.

        Raises:
            RunError: It ended badly, and *raise_on_failure* is set.
            MLRunTimeoutError: It has not ended in time.
        """
        if show_logs:
            with self._watched():
                self._print_logs_to_the_end(float(logs_interval or sleep), timeout, logs_interval is None)
        elif not self._is_final():
            meta = self.metadata
            with self._watched():
                self.db.wait_for_run(meta.uid, meta.project, meta.iteration, float(sleep), timeout)
        state = self.state()
        if not self._is_final():
            raise MLRunTimeoutError(f"run {self.key} is still {state} after {timeout} s")
        if raise_on_failure and self.status.is_failed():
            raise RunError(f"run {self.key} ({self.metadata.name}) ended in state {state}: {self.error}")
        return state

    def _print_logs_to_the_end(self, longest_pause_s: float, timeout_s: float, is_followed: bool) -> None:
        end = time.monotonic() + timeout_s if timeout_s else float("inf")
        pause_s, offset = 0.02, 0
        if is_followed and not timeout_s and not self.metadata.iteration:
            _, offset = self.db.watch_log(self.uid(), self.metadata.project)
        while True:
            self.state()
            _, offset = self.db.watch_log(self.uid(), self.metadata.project, watch=False, offset=offset)
            if self._is_final() or time.monotonic() > end:
                return
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, longest_pause_s)

    def abort(self) -> None:
        """
        End a live run.

        Raises:
            MLRunConflictError: It has ended already.
        """
        meta = self.metadata
        if self.status.process.get("cluster"):  # it has a pod, or its iterations have
            from mlrun.launcher import get_launcher

            get_launcher(self.db).abort(self)
        else:
            self.db.abort_run(meta.uid, meta.project, meta.iteration)
        self.refresh()

    def resume(
        self,
        handler: Callable[..., Any] | None = None,
        secrets: dict[str, str] | None = None,
        workdir: str = "",
    ) -> RunObject:
        """
        Go on with a sweep whose process was killed or interrupted, and give it in its final state.

        Every set of parameters ends up run once; see :func:`mlrun.runtimes.resume.resume`.

        Args:
            handler: The callable, where the run was given one.
            secrets: By name, where the run was given some inline.
            workdir: As for ``fn.run``, where it was given one.
        """
        runtimes: Any = importlib.import_module("mlrun.runtimes.resume")  # of an upper floor
        store = SecretsStore.from_list([{"kind": "inline", "source": secrets}]) if secrets else None
        meta = self.metadata
        done = runtimes.resume(meta.uid, meta.project, self.db, handler, store, workdir)
        self.metadata, self.spec, self.status = done.metadata, done.spec, done.status
        return self

    def _watched(self) -> AbstractContextManager[object]:
        """While the block runs, somebody watches the run's pod, where it has one."""
        if self._is_final() or not self.status.process.get("pod"):
            return nullcontext()
        from mlrun.launcher import get_launcher

        return get_launcher(self.db).watched(self)

    def _settle(self) -> None:
        """Nobody may be watching its pod."""
        from mlrun.launcher import get_launcher

        try:
            get_launcher(self.db).settle(self)
        except MLRunBaseError as error:  # the run itself can be read all the same
            logger.warning(f"the pod of run {self.key} can not be looked at now: {err_to_str(error)}")

    # how it looks

    def show(self) -> None:
        """The run as a table: HTML in a notebook, text in a terminal."""
        if not self._is_final():
            self.refresh()
        render.display(self._repr_html_, self._text)

    def _repr_html_(self) -> str:
        return portrait.html(self)

    def _text(self) -> str:
        return portrait.text(self)

    def __repr__(self) -> str:
        children = len(self.status.iterations) - 1  # below their header
        more = f" {children} iterations" if children > 0 else ""
        return f"<RunObject {self.metadata.name} {self.uri} {self.status.state} {self.status.results}{more}>"

    # addresses

    @staticmethod
    def create_uri(project: str, uid: str, iteration: int | str = 0, tag: str = "") -> str:
        return str(urls.RunURL(project, uid, int(iteration or 0), tag))

    @staticmethod
    def parse_uri(uri: str) -> tuple[str, str, str, str]:
        """Project, uid, iteration and tag."""
        run = urls.parse_run_url(uri)
        return run.project, run.uid, str(run.iter), run.tag


def wait_for_runs_completion(
    runs: Iterable[RunObject], sleep: float = 3, timeout: float = 0, silent: bool = False
) -> list[RunObject]:
    """
    Wait until every run has ended, and give those that ended well or badly.

    Args:
        sleep: Seconds between two looks, at most.
        timeout: Seconds to wait at most, for all together; 0 waits as long as it takes.
        silent: Do not raise when a run failed.

    Raises:
        RunError: Runs failed (all have ended then); the message names each.
        MLRunTimeoutError: Runs are still live after *timeout*.
        MLRunNotFoundError: A run is not in the database.
    """
    every = list(runs)
    end = time.monotonic() + timeout if timeout else None
    for run in every:
        if not run._is_final():
            meta, left = run.metadata, max(end - time.monotonic(), 1e-3) if end else 0
            run.db.wait_for_run(meta.uid, meta.project, meta.iteration, float(sleep), left)
    if live := [run.key for run in every if not RunState(run.state()).is_final]:
        raise MLRunTimeoutError(f"after {timeout} s these runs have not ended: {', '.join(live)}")
    failed = [run for run in every if run.status.is_failed()]
    if failed and not silent:
        raise RunError("; ".join(f"run {run.key} {run.status.state}: {run.error}" for run in failed))
    return every
