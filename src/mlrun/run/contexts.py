"""The context for code that is not a handler: a script, a notebook, a program that mlrun has started."""

from __future__ import annotations

import atexit
import os
import sys
import uuid
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any

from mlrun import urls
from mlrun.config import mlconf
from mlrun.db import get_run_db
from mlrun.db.base import RunDB
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError
from mlrun.execution.context import MLClientCtx
from mlrun.execution.current import get_current, set_of_process
from mlrun.execution.ranks import db_of_rank
from mlrun.model.base import load_json
from mlrun.model.run import Run, RunState
from mlrun.runtimes.handover import received
from mlrun.runtimes.prepare import check_word, output_path, owner
from mlrun.runtimes.program import LAUNCHED
from mlrun.runtimes.told import CONFIG, forget
from mlrun.runtimes.told import told as told_by


def get_or_create_ctx(
    name: str,
    event: Any = None,
    spec: Mapping[str, Any] | None = None,
    with_env: bool = True,
    rundb: str | RunDB = "",
    project: str = "",
    upload_artifacts: bool = False,
    labels: dict[str, Any] | None = None,
) -> MLClientCtx:
    """
    The context of the run that this code is part of, else of a new run::

        with mlrun.get_or_create_ctx("train") as context:
            p1 = context.get_param("p1", 1)
            context.log_result("accuracy", p1 * 2)

    Inside a handler, and when asked again in one process, it is the same context. Without the block the
    run ends with ``context.commit(completed=True)``, or with the program: well, or with the exception that
    ended it. Only the block sees ``sys.exit(1)`` in a program that mlrun did not start.

    Args:
        name: Of a new run; a run that was started under another name keeps it.
        event: A serverless event whose body is the run.
        spec: The run, as a dictionary.
        with_env: Look for the run in ``MLRUN_EXEC_CONFIG``.
        rundb: Another database than the default one.
        upload_artifacts: Taken for compatibility; artifacts always go to the artifact path.
        labels: Added to the run.

    Raises:
        MLRunInvalidArgumentError: What should describe the run does not.
    """
    known = get_current()
    if known is not None and event is None and spec is None and not RunState(known.state).is_final:
        return known
    run = Run.from_dict(_told(event, spec, with_env))
    if run.metadata.uid and os.environ.pop(LAUNCHED, ""):
        context = _launched(run, db_of_rank(get_run_db()))  # where it was started, whatever the program says
    else:
        context = _new(run, rundb if isinstance(rundb, RunDB) else get_run_db(rundb), name, project)
    context.labels.update(labels or {})
    if context.state != RunState.RUNNING:
        context.start()
    set_of_process(context)
    _end.add(context)
    return context


def _new(run: Run, db: RunDB, name: str, project: str) -> MLClientCtx:
    meta = run.metadata
    meta.name = check_word(meta.name or urls.normalize_name(name), "name")
    meta.project = meta.project or project or mlconf.current_project
    meta.uid = check_word(meta.uid or uuid.uuid4().hex, "uid")
    meta.labels = {"kind": "local", "owner": owner(), **meta.labels}
    run.spec.output_path = output_path(run.spec.output_path)
    run.spec.log_level = run.spec.log_level or str(mlconf.log_level).lower()
    return MLClientCtx(run, db)


def _launched(told: Run, db: RunDB) -> MLClientCtx:
    """Go on with a run whose program this is; what an earlier process of that program has recorded stays."""
    meta = told.metadata
    run = Run.from_dict(db.read_run(meta.uid, meta.project, meta.iteration))
    # What the record has is masked.
    run.spec.parameters = {**run.spec.parameters, **told.spec.parameters}
    run.spec.inputs = {**run.spec.inputs, **told.spec.inputs}
    context = MLClientCtx(run, db, received())
    _end.launched.append(context)
    return context


def _told(event: Any, spec: Mapping[str, Any] | None, with_env: bool) -> Mapping[str, Any]:
    """What was said about the run: by an event, by the caller, or by who started this process."""
    if event is not None:
        body = getattr(event, "body", event)
        return _as_run(load_json(body, "event") if isinstance(body, (bytes, str)) else body, "the event")
    if spec is not None:
        return _as_run(spec, "spec=")
    text = told_by(CONFIG) if with_env else ""
    forget(CONFIG)
    return _as_run(load_json(text, CONFIG), CONFIG) if text else {}


def _as_run(data: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise MLRunInvalidArgumentError(f"{where} needs a run as a dictionary, not {type(data).__name__}")
    return data


class _End:
    """Ends the runs of this process with it: hooks of the interpreter, put in once."""

    def __init__(self) -> None:
        self.contexts: list[MLClientCtx] = []
        self.launched: list[MLClientCtx] = []  # whose end the process that started this one will say
        self.error: BaseException | None = None

    def add(self, context: MLClientCtx) -> None:
        if not self.contexts:
            self._excepthook = sys.excepthook
            sys.excepthook = self._on_exception
            atexit.register(self._on_exit)
        self.contexts.append(context)

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self.error = error
        self._excepthook(kind, error, trace)

    def _on_exit(self) -> None:
        for context in self.contexts:
            if RunState(context.state).is_final or context.pid != os.getpid():
                continue
            if self.error is None and context in self.launched:
                with suppress(MLRunConflictError):  # it was aborted
                    context.commit()
            else:
                context.finish(self.error)


_end = _End()
