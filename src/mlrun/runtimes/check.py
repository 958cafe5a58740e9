"""What is refused before a run is recorded; no user code runs for it."""

from __future__ import annotations

import functools
import inspect
import os
import re
from collections.abc import Callable
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, nearest
from mlrun.model.run import RunSpec

# Code that can make names which do not stand in it.
_DYNAMIC = re.compile(
    r"\bimport\s*\(?\s*\*|\b(globals|locals|vars|exec|setattr)\s*\(|^\s+global\s", re.MULTILINE
)


def check_workdir(workdir: str) -> None:
    """
    Raises:
        MLRunNotFoundError: There is no such folder.
    """
    if workdir and not os.path.isdir(workdir):
        raise MLRunNotFoundError(f"the working folder {workdir!r} does not exist (here is {os.getcwd()})")


def check_handler(handler: str, source: str, where: str) -> None:
    """
    Look for *handler* in the names that *source* defines; a dotted one may be imported, so it is not looked for.

    Raises:
        MLRunNotFoundError: It is not there; the message lists those that are.
        MLRunInvalidArgumentError: *source* is not Python.
    """
    name = handler.partition("::")[0]
    if "." in name or _DYNAMIC.search(source):
        return
    names, handlers = _top_level(source, where)
    if name not in names:
        known = f"has {', '.join(handlers)}" if handlers else "has no functions"
        raise MLRunNotFoundError(f"no handler {handler!r}: {where} {known}.{nearest(name, handlers)}")


@functools.lru_cache(maxsize=16)
def _top_level(source: str, where: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Every name that a module binds, and those of its public functions and classes."""
    import symtable

    try:
        symbols = symtable.symtable(source, where, "exec").get_symbols()
    except SyntaxError as error:
        raise MLRunInvalidArgumentError(f"{where}:{error.lineno}: {error.msg}") from error
    except ValueError as error:  # a NUL
        raise MLRunInvalidArgumentError(f"{where}: {error}") from error
    bound = (symbol for symbol in symbols if symbol.is_assigned() or symbol.is_imported())
    defined = (symbol.get_name() for symbol in symbols if symbol.is_namespace())
    handlers = tuple(sorted(name for name in defined if not name.startswith("_")))
    return frozenset(symbol.get_name() for symbol in bound), handlers


def check_arguments(handler: Callable[..., Any], spec: RunSpec) -> None:
    """
    Whether a callable gets what it needs; a sweep's parameters are not known yet, so they are not looked at.

    Raises:
        MLRunInvalidArgumentError: An argument without a default is not given, or a parameter is nearly, but
            not quite, the name of one.
    """
    if spec.is_hyper_job():
        return
    try:
        parameters = inspect.signature(handler).parameters
    except (TypeError, ValueError):  # some builtins; the call says why they can not be handlers
        return
    given = {**spec.parameters, **spec.inputs}
    own = {
        name: one for name, one in parameters.items() if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    }
    wanted = [name for name, one in own.items() if name not in given and not _is_context(one)]
    word = getattr(handler, "__name__", type(handler).__name__)
    if missing := [name for name in wanted if own[name].default is inspect.Parameter.empty]:
        needed = ", ".join(repr(name) for name in missing)
        known = ", ".join(sorted(given)) or "nothing"
        raise MLRunInvalidArgumentError(f"{word}() needs {needed}; the run was given: {known}")
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return
    for name in spec.parameters.keys() - own.keys():
        if hint := nearest(name, wanted):
            raise MLRunInvalidArgumentError(f"{word}() takes no parameter {name!r}.{hint}")


def _is_context(parameter: inspect.Parameter) -> bool:
    hint = parameter.annotation
    word = hint if isinstance(hint, str) else getattr(hint, "__name__", "")
    return parameter.name == "context" or str(word).rpartition(".")[2] == "MLClientCtx"
