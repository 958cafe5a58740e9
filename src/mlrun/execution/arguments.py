"""From the parameters and inputs of a run to the arguments of a handler."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlrun.errors import MLRunInvalidArgumentError, nearest

if TYPE_CHECKING:
    from mlrun.execution.context import MLClientCtx

Handler = Callable[..., Any]


def arguments(handler: Handler, context: MLClientCtx) -> dict[str, Any]:
    """
    Match what the run was given to the names that *handler* takes.

    ``context`` is the context; a parameter wins over an input of the same name; an input arrives as
    its annotation says (``str``, ``Path``, ``bytes``, ``dict``, ``list``, a pandas ``DataFrame``), as a
    local path where the argument is not annotated and its default is a string, and else as a
    DataItem. ``**kwargs`` takes the other parameters. What the handler does not take is left out.

    Raises:
        MLRunInvalidArgumentError: An argument without a default was not given, or a parameter is
            nearly, but not quite, the name of one.
    """
    parameters = _signature(handler).parameters
    check(handler, context.parameters, context.inputs)
    given, inputs = context.parameters, context.inputs
    matched: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            matched.update({key: _own(value) for key, value in given.items() if key not in parameters})
        elif _is_context(parameter):
            matched[name] = context
        elif name in given:
            matched[name] = _own(given[name])
        elif name in inputs:
            matched[name] = as_argument(context.get_input(name), parameter)
    return matched


def check(handler: Handler, given: Mapping[str, Any], inputs: Mapping[str, Any]) -> None:
    """
    Whether *handler* gets what it needs from parameters and inputs; user code does not run for it.

    Raises:
        MLRunInvalidArgumentError: An argument without a default is not given, or a parameter is
            nearly, but not quite, the name of one.
    """
    parameters = _signature(handler).parameters
    kinds = {one.kind for one in parameters.values()}
    own = {
        name: one for name, one in parameters.items() if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    }
    open_names = [
        name for name, one in own.items() if name not in given and name not in inputs and not _is_context(one)
    ]
    word = getattr(handler, "__name__", type(handler).__name__)
    if missing := [name for name in open_names if own[name].default is inspect.Parameter.empty]:
        known = ", ".join(sorted({**given, **inputs})) or "nothing"
        needed = ", ".join(repr(name) for name in missing)
        raise MLRunInvalidArgumentError(f"{word}() needs {needed}; the run was given: {known}")
    if inspect.Parameter.VAR_KEYWORD in kinds:
        return
    for name in given:
        if name not in own and (hint := nearest(name, open_names)):
            raise MLRunInvalidArgumentError(f"{word}() takes no parameter {name!r}.{hint}")


def as_argument(item: Any, parameter: inspect.Parameter) -> Any:
    """A DataItem (or a list or dictionary of them) as the annotation of *parameter* wants it."""
    if isinstance(item, dict) and _is_bare(item):
        return {key: as_argument(value, parameter) for key, value in item.items()}
    if isinstance(item, list):
        return [as_argument(value, parameter) for value in item]
    hint = parameter.annotation
    if hint is parameter.empty:
        return item.local() if isinstance(parameter.default, str) else item
    word = hint if isinstance(hint, str) else getattr(hint, "__name__", str(hint))
    return _CONVERSIONS.get(word.rpartition(".")[2], _as_is)(item)


def _is_bare(item: Any) -> bool:
    """A DataItem of an artifact is a mapping too."""
    return type(item) is dict


def _as_is(item: Any) -> Any:
    return item


def _json(item: Any) -> Any:
    from mlrun.model.base import load_json

    return load_json(item.get(), where=item.url)


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "str": lambda item: item.local(),
    "Path": lambda item: Path(item.local()),
    "PathLike": lambda item: Path(item.local()),
    "bytes": lambda item: item.get(),
    "dict": _json,
    "list": _json,
    "DataFrame": lambda item: item.as_df(),
}


def _is_context(parameter: inspect.Parameter) -> bool:
    hint = parameter.annotation
    word = hint if isinstance(hint, str) else getattr(hint, "__name__", "")
    return parameter.name == "context" or word.rpartition(".")[2] == "MLClientCtx"


def _own(value: Any) -> Any:
    """A handler that changes a list or dictionary changes its own, not the record."""
    return copy.copy(value) if isinstance(value, list | dict | set) else value


def _signature(handler: Handler) -> inspect.Signature:
    try:
        return inspect.signature(handler)
    except (TypeError, ValueError) as error:
        raise MLRunInvalidArgumentError(
            f"{handler!r} can not be a handler: {error}; a Python function can"
        ) from error
