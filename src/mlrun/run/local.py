"""Run something here with one call."""

from __future__ import annotations

import inspect
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.run_object import RunObject
from mlrun.run.functions import code_to_function, new_function
from mlrun.run.imports import import_function
from mlrun.runtimes.base import BaseRuntime
from mlrun.runtimes.command import split_words
from mlrun.runtimes.prepare import as_task, check_keywords, handler_name


def run_local(
    task: Any = None,
    command: str = "",
    name: str = "",
    args: list[Any] | None = None,
    workdir: str | None = None,
    project: str = "",
    tag: str = "",
    secrets: list[dict[str, Any]] | None = None,
    handler: Any = None,
    params: dict[str, Any] | None = None,
    inputs: dict[str, Any] | None = None,
    artifact_path: str = "",
    **wrong: Any,
) -> RunObject:
    """
    Run a handler, a program or a notebook on this machine, and record the run::

        run_local(handler=train, params={"eta": 0.3})
        run_local(task, command="training.py")

    Args:
        task: See ``new_task``; it stays as it is.
        command: A Python file, notebook, program, or ``function.yaml``; arguments may follow it.
        secrets: Sources, ``[{"kind": "file", "source": "secrets.txt"}]``.
        handler: A callable, or the name of a function in the command's file.

    Raises:
        RunError: The code failed; the run is recorded all the same.
        MLRunInvalidArgumentTypeError: A keyword is not known; the message names the right one.
    """
    check_keywords("run_local()", wrong, inspect.signature(run_local).parameters)
    task = as_task(task)
    if secrets:
        task.spec.secret_sources.extend(secrets)
    handler = handler or task.spec.handler
    function = _function(command, name, args, project, tag, handler)
    return function.run(
        task,
        handler=handler,
        name=name,
        project=project,
        params=params,
        inputs=inputs,
        artifact_path=artifact_path,
        workdir=workdir or "",
        local=function.is_remote,
    )


def _function(
    command: str, name: str, args: list[Any] | None, project: str, tag: str, handler: Any
) -> BaseRuntime:
    if not command and not handler:
        raise MLRunInvalidArgumentError(
            "run_local() needs a handler= or a command=, or a task with a handler"
        )
    if callable(handler):
        return new_function(name or handler_name(handler), project, tag, kind="handler")
    file, *words = split_words(command) or [""]
    if file.endswith((".yaml", ".yml", ".json")):
        function = import_function(file, project=project or None, new_name=name or None)
    elif file.endswith(".ipynb"):
        function = code_to_function(name, project, tag, filename=file)
    else:
        return new_function(name, project, tag, command=command, args=args)
    function.spec.args = [*function.spec.args, *words, *(args or [])]
    return function
