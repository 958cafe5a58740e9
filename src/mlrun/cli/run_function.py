"""The function that the options of ``mlrun run`` mean."""

from __future__ import annotations

import base64
import contextlib
import os
import shlex
from typing import TYPE_CHECKING, Any

from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.runtimes.command import words_of
from mlrun.runtimes.told import CODE, told

if TYPE_CHECKING:
    from mlrun.model.task import RunTemplate
    from mlrun.runtimes.base import BaseRuntime


def function_of(given: Any, task: RunTemplate, files: contextlib.ExitStack) -> BaseRuntime:
    code = told(CODE) if given.from_env else ""
    if given.func_url or given.runtime:
        fn = _imported(given)
    elif code or has_placeholder(given.url):
        fn = _new(given, name=task.metadata.name, kind=given.kind or "local")
    elif not given.url:
        fn = _new(given, name=task.metadata.name)
    elif next(iter(words_of(given.url)), "").endswith(".ipynb") and not given.source:
        fn = _of_notebook(given)
    else:
        fn = _new(given, command=given.url, args=[*given.run_args])
    if code:
        fn.with_code(body=_decoded(code))
        fn.spec.build.origin_filename = given.origin_file or fn.spec.build.origin_filename
    set_command(fn, given, files)
    return configured(fn, given)


def _new(given: Any, **parts: Any) -> BaseRuntime:
    from mlrun.run import new_function

    options = {"image": given.image, "mode": given.mode, "source": given.source}
    return new_function(**{"project": given.project, "kind": given.kind, **options, **parts})


def _imported(given: Any) -> BaseRuntime:
    from mlrun.run import import_function

    if given.runtime:
        return _new(given, runtime=given.runtime)
    fn = import_function(_function_file(given.func_url), project=given.project or None)
    return _new(given, runtime=fn, kind=given.kind or fn.kind)


def _of_notebook(given: Any) -> BaseRuntime:
    from mlrun.run import code_to_function

    file, *words = words_of(given.url)
    fn = code_to_function("", given.project, filename=file, kind=given.kind, image=given.image)
    fn.spec.args, fn.spec.mode = [*words, *given.run_args], given.mode
    return fn


def _mount(fn: BaseRuntime) -> None:
    from mlrun.runtimes.mounts import auto_mount

    if not fn.is_remote:
        raise MLRunInvalidArgumentError(
            f"--auto-mount is for kinds that run in pods, such as 'job'; kind {fn.kind!r} sees local files"
        )
    fn.apply(auto_mount())


def has_placeholder(url: str) -> bool:
    """Whether something in *url* stands for the file of the code."""
    return "{codefile}" in url or "*" in url.split()


def set_command(fn: BaseRuntime, given: Any, files: contextlib.ExitStack) -> None:
    """URL and ARGS, where the function itself came from elsewhere."""
    if has_placeholder(given.url):
        path = _written(fn, files)
        words = [path if word == "*" else word.replace("{codefile}", path) for word in shlex.split(given.url)]
        fn.spec.command, fn.spec.args = shlex.join(words), [*given.run_args]
    elif given.func_url or given.runtime:
        fn.spec.command = given.url or fn.spec.command
        fn.spec.args = [*given.run_args] or fn.spec.args


def _written(fn: BaseRuntime, files: contextlib.ExitStack) -> str:
    """The function's own code as a file that stays as long as the run."""
    from mlrun.runtimes.program import code_file

    build = fn.spec.build
    if not build.functionSourceCode:
        raise MLRunInvalidArgumentError(
            "{codefile} and * stand for code that comes with a function (-f) or in MLRUN_EXEC_CODE;"
            " there is none"
        )
    source, build.functionSourceCode = _decoded(build.functionSourceCode), ""
    return files.enter_context(code_file(source, build.origin_filename or "main.py"))


def _decoded(code: str) -> str:
    try:
        return base64.b64decode(code, validate=True).decode()
    except ValueError as error:
        raise MLRunInvalidArgumentError("the code is not base64 of UTF-8 text") from error


def _function_file(url: str) -> str:
    """``.`` and other folders mean the ``function.yaml`` in them."""
    return os.path.join(url, "function.yaml") if os.path.isdir(url) else url


def configured(fn: BaseRuntime, given: Any) -> BaseRuntime:
    if given.auto_mount:
        _mount(fn)
    for field, value in given.runtime_config.items():
        name = field.removeprefix("spec.")
        if not hasattr(fn.spec, name):
            known = fn.spec.__struct_fields__
            raise MLRunInvalidArgumentError(
                f"{name!r} is not a field of the function's spec.{nearest(name, known)}"
            )
        setattr(fn.spec, name, value)
    return fn
