"""From the many ways to call ``fn.run`` to one run record."""

from __future__ import annotations

import functools
import os
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mlrun import urls
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, nearest
from mlrun.model.retry import Retry
from mlrun.model.run import Run, RunState
from mlrun.model.task import RunTemplate, options_from, own_mapping, own_space

if TYPE_CHECKING:
    from mlrun.db.base import RunDB
    from mlrun.model.notification import Notification
    from mlrun.runtimes.base import BaseRuntime

# Keywords of fn.run that are part of the published signature, but only mean something to a server or cluster.
_RECORDED = ("state_thresholds", "retry", "scrape_metrics", "reset_on_run")


def as_task(runspec: Any) -> RunTemplate:
    """
    A task of its own from a task, a run, a dictionary or nothing.

    Raises:
        MLRunInvalidArgumentTypeError: It is something else.
    """
    if runspec is None:
        return RunTemplate()
    if isinstance(runspec, RunTemplate):
        return runspec.copy()
    if isinstance(runspec, Run):
        data = runspec.to_dict(fields=["metadata", "spec"])
        data.get("metadata", {}).pop("uid", None)
        return RunTemplate.from_dict(data)
    if isinstance(runspec, Mapping):
        return RunTemplate.from_dict({key: runspec[key] for key in ("metadata", "spec") if key in runspec})
    raise MLRunInvalidArgumentTypeError(
        f"run() needs a task, a run or a dictionary first, not {type(runspec).__name__}; parameters go into"
        " params={...}"
    )


def merge(task: RunTemplate, given: dict[str, Any]) -> RunTemplate:
    """Lay the keywords of ``fn.run`` that are set over *task*, in place."""
    spec = task.spec
    spec.handler = given.get("handler") or spec.handler
    task.metadata.project = given.get("project") or task.metadata.project
    for field, key in (("parameters", "params"), ("inputs", "inputs")):
        getattr(spec, field).update(own_mapping(key, given.get(key) or {}))
    if space := given.get("hyperparams"):
        spec.hyperparams = own_space("hyperparams", space)
    if options := given.get("hyper_param_options"):
        spec.hyper_param_options = options_from(options)
    path = given.get("artifact_path") or given.get("output_path") or given.get("out_path")
    spec.output_path = str(path or spec.output_path)
    spec.extract_type_hints_from_inputs()
    spec.returns = _returns(given.get("returns") or spec.returns)
    spec.verbose = bool(given.get("verbose") or spec.verbose)
    for key in _RECORDED:
        if (value := given.get(key)) is not None:
            setattr(spec, key, value)
    if given.get("notifications") is not None:
        spec.notifications = given["notifications"]
    Retry.of(spec.retry)  # says what is wrong
    return task


def notifications(task: RunTemplate) -> list[Notification]:
    """Those of *task*, ready to be sent; what is left of them in the task may be stored."""
    if not task.spec.notifications:
        return []
    from mlrun.notifications import checked  # most runs have none

    every = checked(task.spec.notifications)
    task.spec.notifications = [one.shown() for one in every]
    return every


def told_here(run: Run, db: RunDB) -> list[Notification]:
    """
    Notifications of *run*, which somebody else has prepared, that this process sends.

    Where the database is behind an API server, that has started the run and tells of it.
    """
    if not run.spec.notifications or db.kind in ("http", "https"):
        return []
    from mlrun.notifications import checked

    return checked(run.spec.notifications)


def _returns(given: Any) -> list[Any]:
    """As they were given, once they are known to be hints."""
    if not given:
        return []
    from mlrun.packagers.pack import check_hints  # most runs name no outputs

    check_hints(given)
    return list(given)


def check_keywords(what: str, given: Mapping[str, Any], known: Any) -> None:
    """
    Raises:
        MLRunInvalidArgumentTypeError: A keyword that *what* does not take; with the nearest one that it does.
    """
    for word in given:
        raise MLRunInvalidArgumentTypeError(f"{what} takes no argument {word!r}.{nearest(word, known)}")


def prepare(function: BaseRuntime, task: RunTemplate, name: str, version: str) -> Run:
    """
    The run of *function* that *task* means: with a uid, its function's version, and where artifacts go.

    Args:
        task: This call's own; the run takes its parts over.
        version: Of the function, ``project/name@hash``.

    Raises:
        MLRunInvalidArgumentError: The name or the uid can not stand in an address.
    """
    run = Run(metadata=task.metadata, spec=task.spec)
    meta, spec = run.metadata, run.spec
    meta.uid = check_word(meta.uid or uuid.uuid4().hex, "uid")
    meta.project = check_word(
        meta.project or function.metadata.project or str(mlconf.current_project), "project"
    )
    meta.name = check_word(urls.normalize_name(name or meta.name or run_name(function, spec.handler)), "name")
    meta.labels = {"kind": function.kind, "owner": owner(), **meta.labels}
    spec.function = version
    spec.output_path = output_path(spec.output_path)
    spec.log_level = spec.log_level or str(mlconf.log_level).lower()
    run.status.state = RunState.PENDING.value
    return run


def run_name(function: BaseRuntime, handler: Any) -> str:
    """``<function>-<handler>``, or the function's name where that would say it twice."""
    word = urls.normalize_name(handler_name(handler) or function.spec.default_handler)
    word = word.rpartition(".")[2].replace("::", "-")
    own = function.metadata.name
    return f"{own}-{word}" if word and word != own else own


def handler_name(handler: str | Callable[..., Any] | None) -> str:
    """A name for a callable, or for what is meant to name one."""
    if callable(handler):
        name = str(getattr(handler, "__name__", type(handler).__name__))
        return "lambda" if name == "<lambda>" else name
    return handler or ""


def output_path(path: str = "") -> str:
    """*path*, else the setting ``artifact_path``, else ``artifacts`` here; absolute, with its templates."""
    path = path or str(mlconf.artifact_path) or "artifacts"
    if urls.scheme(path) or path.startswith(("{{", "+/")):
        return path
    return os.path.abspath(os.path.expanduser(path))


@functools.cache
def owner() -> str:
    """Who runs things here."""
    for name in ("V3IO_USERNAME", "LOGNAME", "USER"):
        if os.environ.get(name):
            return os.environ[name]
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user often has no entry
        return str(os.getuid())


def check_word(word: str, what: str) -> str:
    """
    Give *word* back when it can be the name or the uid of a run.

    Raises:
        MLRunInvalidArgumentError: It can not.
    """
    if not word or any(mark in word for mark in "/@#:\\") or ".." in word or not word.isprintable():
        raise MLRunInvalidArgumentError(
            f"{word!r} can not be a run's {what}: it stands in addresses, so no '/', '@', '#', ':' or '..',"
            " and nothing that can not be printed"
        )
    return word
