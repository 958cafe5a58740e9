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
    given, inputs = context.parameters, context.inputs
    matched: dict[str, Any] = {}
    missing: list[str] = []
    takes_rest = False
    for name, parameter in parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            takes_rest = True
        elif parameter.kind is parameter.VAR_POSITIONAL:
            continue
        elif _is_context(parameter):
            matched[name] = context
        elif name in given:
            matched[name] = _own(given[name])
        elif name in inputs:
            matched[name] = as_argument(context.get_input(name), parameter)
        elif parameter.default is parameter.empty:
            missing.append(name)
    rest = {key: value for key, value in given.items() if key not in parameters}
    if takes_rest:
        matched.update({key: _own(value) for key, value in rest.items()})
        rest = {}
    _check(handler, parameters, missing, matched, rest, context)
    return matched


def _check(
    handler: Handler,
    parameters: Mapping[str, inspect.Parameter],
    missing: list[str],
    matched: dict[str, Any],
    rest: dict[str, Any],
    context: MLClientCtx,
) -> None:
    name = getattr(handler, "__name__", str(handler))
    if missing:
        known = ", ".join(sorted({**context.parameters, **context.inputs})) or "nothing"
        needed = ", ".join(repr(word) for word in missing)
        raise MLRunInvalidArgumentError(f"{name}() needs {needed}; the run was given: {known}")
    open_names = [word for word in parameters if word not in matched]
    for word in rest:
        if hint := nearest(word, open_names):
            raise MLRunInvalidArgumentError(f"{name}() takes no parameter {word!r}.{hint}")
    if rest and context.iteration <= 1:
        context.logger.debug(f"{name}() does not take these parameters: {', '.join(sorted(rest))}")


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
