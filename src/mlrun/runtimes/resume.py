"""Go on with a sweep whose driver was killed or interrupted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlrun.db import get_run_db
from mlrun.db.base import RunDB
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.run_object import RunObject
from mlrun.model.run import Run
from mlrun.runtimes.base import BaseRuntime, Launch
from mlrun.runtimes.stored import stored_function
from mlrun.secrets import STARS, SecretsStore


def resume(
    uid: str,
    project: str = "",
    db: RunDB | None = None,
    handler: Callable[..., Any] | None = None,
    secrets: SecretsStore | None = None,
    workdir: str = "",
) -> RunObject:
    """
    Run what is left of the run *uid*: every set of parameters ends up run once; the best is the best of all.

    Children that have ended stay as they are, those that failed of themselves too. One that was in the middle
    runs anew, with its parameters.

    Args:
        handler: Where the run was given a callable: the same again.
        secrets: Where the run was given secrets inline: the same again; no record has them.
        workdir: As for ``fn.run``, where it was given one.

    Raises:
        MLRunNotFoundError: No such run, or its function is gone.
        MLRunConflictError: It is completed, or its process lives, or may live elsewhere.
        MLRunInvalidArgumentError: It is no sweep, or needs a callable or secrets again.
        RunError: As the sweep would have raised it.
    """
    db = db or get_run_db()
    run = Run.from_dict(db.read_run(uid, project))
    if not run.spec.is_hyper_job():
        raise MLRunInvalidArgumentError(
            f"run {run.key} has no iterations to go on with; a run of a single one is started anew"
        )
    function = stored_function(run.spec.function, db)
    launch = Launch(
        db=db,
        secrets=secrets or _secrets_of(run),
        handler=handler or _handler_of(run, function),
        workdir=workdir or function.spec.workdir,
    )
    function.check_runnable(run.spec, launch)
    function.take_up(run, launch)
    return RunObject.of(run, db)


def _handler_of(run: Run, function: BaseRuntime) -> str:
    """
    Raises:
        MLRunInvalidArgumentError: The run was given a callable, which no record has.
    """
    name = str(run.spec.handler or "")
    build, command = function.spec.build, function.spec.command
    if name and not (build.functionSourceCode or command or "." in name):
        raise MLRunInvalidArgumentError(
            f"run {run.key} was given the callable {name}; give it again: run.resume(handler={name})"
        )
    return name


def _secrets_of(run: Run) -> SecretsStore:
    for source in run.spec.secret_sources:
        if source.get("kind") == "inline" and STARS in dict(source.get("source") or {}).values():
            names = ", ".join(source["source"])
            raise MLRunInvalidArgumentError(
                f"run {run.key} was given secrets that no record has ({names}); give them again:"
                " run.resume(secrets={...})"
            )
    return SecretsStore.from_list(run.spec.secret_sources)
