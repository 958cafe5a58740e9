"""What user code sees while it runs, and the only writer of a run's status."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING, Any

from mlrun import urls
from mlrun.config import mlconf
from mlrun.db import liveness
from mlrun.db.base import RunDB
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError, err_to_str
from mlrun.execution import output_link, ranks, sources
from mlrun.execution.children import Children
from mlrun.execution.flusher import flusher
from mlrun.execution.hidden import Hidden
from mlrun.execution.masked import masked_db
from mlrun.execution.outcome import adopt_reason, now, outcome, stored_status
from mlrun.log import create_logger, logger
from mlrun.model.retry import begin_attempt, note_end
from mlrun.model.run import Run, RunState
from mlrun.secrets import SecretsStore, masked_sources

if TYPE_CHECKING:
    from mlrun.datastore import DataItem
    from mlrun.log import Logger


class MLClientCtx(Children, Hidden):
    """
    One execution of user code: its parameters and inputs, and what it makes of them.

    Entering the block marks the run as running; leaving it writes results and the final state, once::

        with mlrun.get_or_create_ctx("train") as context:
            p1 = context.get_param("p1", 1)
            context.log_result("accuracy", p1 * 2)

    A context belongs to the process that made it; threads of that process may share it.

    Args:
        run: The record to go on with; it is changed in place.
        db: Where it is written.
        secrets: What :meth:`get_secret` looks in; by default the run's own sources.
        parent: The context whose child (iteration) this is.
    """

    kind = "run"

    def __init__(
        self,
        run: Run | None = None,
        db: RunDB | None = None,
        secrets: SecretsStore | None = None,
        parent: MLClientCtx | None = None,
    ) -> None:
        super().__init__()
        if db is None:
            from mlrun.db import get_run_db

            db = get_run_db()
        self.pid = os.getpid()
        self._run = run or Run()
        self._parent = parent
        self._secrets = secrets or SecretsStore.from_list(self._run.spec.secret_sources)
        self._db = masked_db(db, self._secrets.masker)
        self._run.spec.secret_sources = masked_sources(self._run.spec.secret_sources)
        self._lock = threading.RLock()
        self._log: Logger | None = None
        self.dask_client: Any = None  # of the cluster that a function of kind dask has

    # identity

    @property
    def name(self) -> str:
        return self._run.metadata.name

    @property
    def project(self) -> str:
        return self._run.metadata.project

    @property
    def uid(self) -> str:
        """The run's uid; a child's is ``uid-iteration``."""
        meta = self._run.metadata
        return f"{meta.uid}-{meta.iteration}" if meta.iteration else meta.uid

    @property
    def iteration(self) -> int:
        return self._run.metadata.iteration

    @property
    def tag(self) -> str:
        """What artifacts of this run are stored under: its workflow, else its uid."""
        return str(self.labels.get("workflow") or self._run.metadata.uid)

    @property
    def state(self) -> str:
        return self._run.status.state

    @property
    def host(self) -> str:
        return self._run.status.host

    @property
    def labels(self) -> dict[str, Any]:
        return self._run.metadata.labels

    @property
    def annotations(self) -> dict[str, Any]:
        return self._run.metadata.annotations

    @property
    def node_selector(self) -> dict[str, Any]:
        return self._run.spec.node_selector

    @property
    def in_path(self) -> str:
        """What relative inputs are relative to."""
        return self._run.spec.input_path

    @property
    def out_path(self) -> str:
        """Where artifacts go."""
        return self._run.spec.output_path

    artifact_path = out_path

    @property
    def parameters(self) -> dict[str, Any]:
        return self._run.spec.parameters

    @property
    def inputs(self) -> dict[str, Any]:
        """Input name to data URL (or a list or dictionary of them)."""
        return self._run.spec.inputs

    @property
    def input_type_hints(self) -> dict[str, str]:
        """Input name to the name of the type that it becomes: ``{"data": "pandas.DataFrame"}``."""
        return self._run.spec.inputs_type_hints

    @property
    def returns(self) -> list[Any]:
        """What to log returned values as."""
        return self._run.spec.returns

    @property
    def logger(self) -> Logger:
        """Writes to standard output, and so to the run's log."""
        if self._log is None:
            self._log = create_logger(self._run.spec.log_level or mlconf.log_level, name=self.name)
        return self._log

    @property
    def log_level(self) -> str:
        return self._run.spec.log_level or str(mlconf.log_level).lower()

    @log_level.setter
    def log_level(self, value: str) -> None:
        self._run.spec.log_level = value
        self._log = None

    # what user code asks for

    def get_param(self, key: str, default: Any = None) -> Any:
        """The parameter *key*; a default that was used is recorded, so the run shows it."""
        with self._lock:
            return self._run.spec.parameters.setdefault(key, default)

    def get_input(self, key: str, url: str | list[Any] | dict[str, Any] = "") -> Any:
        """
        The data bound to *key*, as a DataItem (or a list or dictionary of them).

        Args:
            url: What to take where the run binds nothing to *key*, by default *key* itself; recorded
                when it is used.
        """
        with self._lock:
            bound = self._run.spec.inputs.setdefault(key, url or key)
        items = self._items(bound)
        with self._lock:
            sources.note(self._run.status.sources, key, items)
        return items

    def _items(self, bound: Any) -> Any:
        if isinstance(bound, dict):
            return {name: self._items(value) for name, value in bound.items()}
        if isinstance(bound, (list, tuple)):
            return [self._items(value) for value in bound]
        url = str(bound)
        if self.in_path and not urls.scheme(url) and not os.path.isabs(url):
            url = f"{self.in_path.rstrip('/')}/{url}"
        return self.get_dataitem(url)

    def get_dataitem(self, url: str, secrets: dict[str, Any] | None = None) -> DataItem:
        """The data at *url*, with this run's secrets."""
        from mlrun.datastore import get_dataitem

        if urls.is_store_url(url):
            url = str(urls.parse_store_url(url, self.project))
        return get_dataitem(url, secrets=secrets or self._credentials, db=self._db, project=self.project)

    def get_store_resource(self, url: str, secrets: dict[str, Any] | None = None) -> Any:
        """The artifact object at a ``store://`` address."""
        from mlrun.artifacts import dict_to_artifact

        address = urls.parse_store_url(url, self.project)
        artifact = dict_to_artifact(
            self._db.read_artifact(
                address.key, address.tag, address.iter, address.project, address.tree, address.uid
            )
        )
        artifact._secrets = secrets or self._credentials
        return artifact

    def get_meta(self) -> dict[str, Any]:
        """Who makes what this run makes, as artifacts record it."""
        return {"kind": "run", "name": self.name, "uri": f"{self.project}/{self.uid}", "owner": self._owner}

    def artifact_subpath(self, *subpaths: str) -> str:
        """A path under the run's artifact path."""
        return "/".join([self.out_path.rstrip("/"), *(part.strip("/") for part in subpaths)])

    def get_notifications(self, unmask_secret_params: bool = False) -> list[Any]:
        """What was asked to be told about this run, as it was given."""
        return list(self._run.spec.notifications)

    def is_logging_worker(self) -> bool:
        """Whether this process should log: the rank that the setting names (0), or not one of many."""
        return ranks.is_logging_worker()

    # what user code says about the run itself

    def set_label(self, key: str, value: Any, replace: bool = True) -> None:
        """A label, to find the run by."""
        with self._lock:
            if replace or key not in self.labels:
                self.labels[key] = str(value)
        self._touch()

    def set_annotation(self, key: str, value: Any, replace: bool = True) -> None:
        """A note that runs are not searched by."""
        with self._lock:
            if replace or key not in self.annotations:
                self.annotations[key] = str(value)
        self._touch()

    def set_status_text(self, text: str) -> None:
        """A line for people beside the state: what was not as it should be, where the run went on."""
        with self._lock:
            self._run.status.status_text = text
        self._touch()

    def set_hostname(self, host: str) -> None:
        with self._lock:
            self._run.status.host = self.labels["host"] = host
        self._touch()

    def set_state(
        self, execution_state: str | None = None, error: str | None = None, commit: bool = True
    ) -> None:
        """
        Raises:
            MLRunInvalidArgumentError: No such state; the message lists them.
            MLRunConflictError: The run has ended in another one.
        """
        state = RunState.check(execution_state) if execution_state else RunState(self.state)
        if error:
            state = RunState.ERROR
        before = RunState(self.state)
        if before.is_final and state != before:
            raise MLRunConflictError(
                f"run {self._run.key} is {before}; a finished run can not go back to {state}"
            )
        with self._lock:
            self._run.status.state = state.value
            self._run.status.error = error or self._run.status.error
        if commit:
            self.store_run()

    def commit(self, message: str = "", completed: bool = False) -> None:
        """Write what is known; with *completed* the run has ended well."""
        if message:
            self.annotations["message"] = str(message)
        if completed and not RunState(self.state).is_final:
            self._run.status.state = RunState.COMPLETED.value
        self.store_run()

    # the life of a run

    def start(self) -> MLClientCtx:
        """Mark the run as running, in this process."""
        output_link.hide(self.masker)
        status = self._run.status
        begin_attempt(status)
        status.state = RunState.RUNNING.value
        if not status.process.keys() & liveness.ELSEWHERE:
            status.process = liveness.process_stamp() | liveness.pod_of(status.process)
        status.host = status.host or socket.gethostname()
        status.start_time = status.start_time or now()
        self.labels.setdefault("host", status.host)
        self.store_run()
        return self

    def finish(self, error: BaseException | None = None) -> None:
        """Write the final state that *error* means, and all that was logged; an ended run stays as it is."""
        status = self._run.status
        if not RunState(status.state).is_final:
            state, text = outcome(error)
            note_end(self._run, state, self.masker.mask(text))
            if state == RunState.ABORTED:
                adopt_reason(status, stored_status(self._run, self._db))
        self.finish_children()
        try:
            self.store_run()
        except MLRunConflictError:
            self._adopt_stored_end()

    def __enter__(self) -> MLClientCtx:
        return self if self.state == RunState.RUNNING else self.start()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            self.finish(error)
        except KeyboardInterrupt:  # how it ended is said all the same
            self.finish(error)
            raise

    def store_run(self) -> None:
        """
        Write the record as it stands.

        Raises:
            MLRunConflictError: Somebody has ended the run meanwhile (aborted it, say).
        """
        flusher.cancel(self._write_late)
        with self._lock:
            status = self._run.status
            status.last_update = now()
            if RunState(status.state).is_final:
                status.end_time = status.end_time or status.last_update
            body = self._run.to_dict()
        self._store_metrics()  # first: who sees a final state has all of the series
        meta = self._run.metadata
        self._db.store_run(body, meta.uid, meta.project, meta.iteration)

    update_run = store_run

    def _touch(self) -> None:
        """Something changed: it is written within a second, and many changes together."""
        if self.state == RunState.RUNNING:
            flusher.later(self._write_late, float(mlconf.runs.flush_interval))

    def _write_late(self) -> None:
        if self.state != RunState.RUNNING:
            return
        try:
            self.store_run()
        except Exception as error:  # in a thread of its own; the last write tells the user
            logger.warning(f"run {self._run.key} can not be stored now: {err_to_str(error)}")

    def _adopt_stored_end(self) -> None:
        status, stored = self._run.status, stored_status(self._run, self._db)
        logger.warning(
            f"run {self._run.key} was {stored['state']} while it ran; it stays {stored['state']}",
            ended_here=status.state,
        )
        status.state, status.error = stored["state"], stored.get("error", "")
        status.status_text = stored.get("status_text", "")

    # spellings

    def to_dict(self) -> dict[str, Any]:
        return self._run.to_dict()

    def to_yaml(self) -> str:
        return self._run.to_yaml()

    def to_json(self) -> str:
        return self._run.to_json()

    @classmethod
    def from_dict(cls, attrs: dict[str, Any], rundb: str | RunDB = "", **kwargs: Any) -> MLClientCtx:
        """A context that goes on with the run *attrs*."""
        from mlrun.db import get_run_db

        run = Run.from_dict(attrs)
        if not run.metadata.uid:
            raise MLRunInvalidArgumentError("a run needs metadata.uid")
        return cls(run, rundb if isinstance(rundb, RunDB) else get_run_db(rundb))

    def __repr__(self) -> str:
        return f"<MLClientCtx {self.name} {self._run.uri} {self.state}>"

    @property
    def _owner(self) -> str:
        return str(self.labels.get("owner", ""))
