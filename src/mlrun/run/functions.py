"""Make function objects: from nothing, a command, another function, a file or a notebook."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlrun import urls
from mlrun.code import load, notebook, signature
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.model.base import Model, check_keys
from mlrun.model.function import Function
from mlrun.runtimes import kinds
from mlrun.runtimes.base import BaseRuntime
from mlrun.runtimes.command import as_word, check_mode, words_of
from mlrun.runtimes.prepare import check_keywords, handler_name
from mlrun.runtimes.sources import WithSource, folder_of, is_folder

_IN_PROCESS = ("", "handler", "local")  # kinds that run in this machine's Python


def new_function(
    name: str = "",
    project: str = "",
    tag: str = "",
    kind: str = "",
    command: str = "",
    image: str = "",
    args: list[Any] | None = None,
    runtime: BaseRuntime | Mapping[str, Any] | None = None,
    mode: str | None = None,
    handler: Any = None,
    source: str | None = None,
    requirements: list[str] | str | None = None,
    kfp: bool | None = None,
    requirements_file: str = "",
) -> BaseRuntime:
    """
    A function object from its parts.

    Args:
        name: By default the name of the command's file, else ``mlrun-<6 hex digits>``.
        kind: By default ``local`` for a command or a source, else ``handler``.
        command: A file or program, with arguments after it.
        runtime: Another function (or its dictionary) to start from; it stays as it is.
        mode: ``pass`` runs the command as it is, ``args`` puts parameters where it says ``{name}``.
        handler: The function in the code to call where ``run`` names none.
        source: A repository, an archive or a folder with the code, see ``with_source_archive``.

    Raises:
        MLRunInvalidArgumentError: The kind or mode is not known, or an image is given to a local kind.
    """
    data = _start_from(runtime)
    words = words_of(command)
    kind, sub_kind = _kind(kind, command, data, has_source=bool(source))
    if image and kind in _IN_PROCESS:
        raise MLRunInvalidArgumentError(
            f"an image ({image!r}) can not be used with the kind {kind!r}, which runs in this machine's"
            " Python; kind='job' takes one"
        )
    function: BaseRuntime = kinds.get(kind).from_dict({**data, "kind": kind})
    meta, spec = function.metadata, function.spec
    meta.name = urls.normalize_name(
        name or meta.name or _name_of(words) or handler_name(handler) or _some_name()
    )
    urls.check_key(meta.name, "function name")
    meta.project = project or meta.project
    meta.tag = tag or meta.tag
    spec.mode = mode or spec.mode
    check_mode(spec.mode)
    if spec.mode == "pass":
        words = [command] if command else []
    elif words:
        words[0] = as_word(words[0])
    spec.command = words[0] if words else spec.command
    spec.args = [*words[1:], *(args or [])] or spec.args
    spec.image = image or spec.image
    spec.function_kind = sub_kind or spec.function_kind
    if handler:
        function.set_default_handler(handler)
    if source:
        _take_source(function, source)
    if requirements or requirements_file:
        function.with_requirements(requirements, requirements_file=requirements_file)
    return function


def _start_from(runtime: Any) -> dict[str, Any]:
    if runtime is None:
        return {}
    if isinstance(runtime, Model):
        return runtime.to_dict()
    if isinstance(runtime, Mapping):
        return dict(runtime)
    raise MLRunInvalidArgumentTypeError(
        f"runtime= needs a function or its dictionary, not {type(runtime).__name__}"
    )


def _kind(kind: str, command: str, data: Mapping[str, Any], has_source: bool) -> tuple[str, str]:
    """The registered word for what the caller said, and the part after its colon (``nuclio:mlrun``)."""
    base, _, sub = (kind or str(data.get("kind") or "")).partition(":")
    if base == "nuclio" and sub == "serving":
        return "serving", ""
    if not kind and base in _IN_PROCESS:  # it is ours to say
        spec = data.get("spec") or {}
        command = command or str(spec.get("command") or "" if isinstance(spec, Mapping) else "")
        if command.startswith(("http://", "https://")):
            return "remote", ""
        base = base if base == "local" else "local" if command or has_source else "handler"
    kinds.get(base)
    return base, sub


def _name_of(words: list[str]) -> str:
    if not words or "://" in words[0]:
        return ""
    return re.sub(r"[^A-Za-z0-9_.-]+|\.{2,}", "-", Path(words[0]).stem).strip("-_.")


def _some_name() -> str:
    return f"mlrun-{uuid.uuid4().hex[:6]}"


def _take_source(function: BaseRuntime, source: str) -> None:
    if isinstance(function, WithSource):
        function.with_source_archive(source)
        return
    if not is_folder(source):
        raise MLRunInvalidArgumentError(
            f"a function of kind {function.kind!r} loads no source; kind='local' would load {source!r}"
        )
    function.spec.workdir = os.path.abspath(folder_of(source))


def code_to_function(
    name: str = "",
    project: str = "",
    tag: str = "",
    filename: str = "",
    handler: str = "",
    kind: str = "",
    image: str | None = None,
    code_output: str = "",
    embed_code: bool = True,
    description: str = "",
    requirements: list[str] | str | None = None,
    categories: list[str] | None = None,
    labels: dict[str, Any] | None = None,
    with_doc: bool = True,
    ignored_tags: str | None = None,
    requirements_file: str = "",
    **older: Any,
) -> BaseRuntime:
    """
    A function from a Python file or a notebook, whose code travels with it.

    Args:
        name: By default the file's name.
        filename: A path or data URL; empty is the notebook that this is called in.
        handler: The function in the code to call where ``run`` names none.
        kind: By default ``local``; in older documents ``runtime=``.
        code_output: Where to write the Python code of a notebook: a file, or a folder (``.``).
        embed_code: Carry the code; else only the file's path is kept, and it is read when the function runs.
        with_doc: Describe the code's functions in ``spec.entry_points``.
        ignored_tags: Cells of a notebook with one of these tags are left out.

    Raises:
        MLRunNotFoundError: There is no such file.
        MLRunInvalidArgumentError: The kind is not known, it is not Python, or no file is given outside of
            a notebook.
    """
    kind = kind or older.pop("runtime", "")
    check_keywords("code_to_function()", older, code_to_function.__annotations__)
    filename = str(filename or notebook.current_notebook())
    tags = ignored_tags or str(mlconf.ignored_notebook_tags)
    code = load.read_code(filename, name=name, ignored_tags=tags)
    name = urls.normalize_name(name or _name_of([filename]) or _some_name())
    kind = kind or code.kind or "local"
    function = new_function(
        name,
        project,
        tag,
        kind=kind,
        image=image or "",
        handler=handler or code.handler,
        requirements=requirements,
        requirements_file=requirements_file,
    )
    code.set_on(function.spec)
    _take_code(function, code.source, filename, embed_code, code_output)
    spec, meta = function.spec, function.metadata
    if with_doc:
        points = signature.entry_points(code.source, filename)
        spec.entry_points = {key: point.to_dict() for key, point in points.items()}
    spec.description = description or spec.description
    meta.categories = list(categories or meta.categories)
    meta.labels = {**meta.labels, **{key: str(value) for key, value in (labels or {}).items()}}
    return function


def _take_code(function: BaseRuntime, source: str, filename: str, embed: bool, code_output: str) -> None:
    spec = function.spec
    spec.build.code_origin = filename if "://" in filename else os.path.abspath(filename)
    spec.build.origin_filename = filename
    if code_output:
        path = Path(code_output)
        path = path / f"{function.metadata.name}.py" if path.is_dir() or code_output.endswith("/") else path
        path.write_text(source)
    if embed:
        spec.build.functionSourceCode = load.embed(source)
    else:
        spec.command = as_word(filename)


def check_function(data: Any, where: str) -> dict[str, Any]:
    """
    *data* as a function's dictionary, if it is one.

    Raises:
        MLRunInvalidArgumentError: It is something else, or has a key that no function has.
    """
    if not isinstance(data, Mapping) or not ("kind" in data or "spec" in data):
        raise MLRunInvalidArgumentError(f"{where} holds no function: it needs kind, metadata and spec")
    check_keys(Function, data, where)
    return Function.from_dict(data).to_dict()
