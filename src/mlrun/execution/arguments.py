"""From the parameters and inputs of a run to the arguments of a handler."""

from __future__ import annotations

import copy
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlrun.backports import signature
from mlrun.errors import MLRunInvalidArgumentError, nearest

if TYPE_CHECKING:
    from mlrun.execution.context import MLClientCtx

Handler = Callable[..., Any]
INPUTS = "mlrun_inputs"  # an attribute of a handler: what mlrun.handler(inputs=...) was told


def arguments(handler: Handler, context: MLClientCtx) -> dict[str, Any]:
    """
    Match what the run was given to the names that *handler* takes.

    ``context`` is the context; a parameter wins over an input of the same name; an input arrives as
    the run's type hint for it or its annotation says (see :func:`mlrun.packagers.unpack`), as a local path
    where the argument is not annotated and its default is a string, and else as a DataItem.
    ``**kwargs`` takes the other parameters. What the handler does not take is left out.

    Raises:
        MLRunInvalidArgumentError: An argument without a default was not given, a parameter is
            nearly, but not quite, the name of one, or an input is not of the type that is wanted.
    """
    parameters = _signature(handler).parameters
    check(handler, context.parameters, context.inputs)
    given, inputs = context.parameters, context.inputs
    hints = {**type_hints(handler), **context.input_type_hints} if inputs else {}
    matched: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            matched.update({key: _own(value) for key, value in given.items() if key not in parameters})
        elif _is_context(parameter):
            matched[name] = context
        elif name in given:
            matched[name] = _own(given[name])
        elif name in inputs:
            matched[name] = as_argument(context.get_input(name), parameter, hints.get(name))
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


def type_hints(handler: Handler) -> dict[str, Any]:
    """
    The types that inputs of *handler* become, by argument; those that nobody can tell are left out.

    They are its annotations, unless :func:`mlrun.handler` was told otherwise.
    """
    told = getattr(handler, INPUTS, True)
    if isinstance(told, Mapping):
        return dict(told)
    if not told:
        return {}
    target: Any = inspect.unwrap(handler)
    if not hasattr(target, "__globals__"):  # an instance that can be called, a bound method
        target = getattr(target, "__func__", vars(type(target)).get("__call__"))
    names = getattr(target, "__globals__", {})
    found = {
        name: _meant(one.annotation, names)
        for name, one in _signature(handler).parameters.items()
        if one.annotation is not one.empty
    }
    return {name: hint for name, hint in found.items() if hint is not None}


def _meant(annotation: Any, names: dict[str, Any]) -> Any:
    if not isinstance(annotation, str):
        return annotation
    from mlrun.packagers.types import annotation_of

    return annotation_of(annotation, names)


def as_argument(item: Any, parameter: inspect.Parameter, hint: Any = None) -> Any:
    """
    A DataItem (or a list or dictionary of them) as *hint* wants it.

    Args:
        parameter: Without a hint, a string default or annotation asks for a local path.
    """
    if isinstance(item, dict) and _is_bare(item):
        part = _hint_of_parts(hint)
        return {key: as_argument(value, parameter, part) for key, value in item.items()}
    if isinstance(item, list):
        return [as_argument(value, parameter, _hint_of_parts(hint)) for value in item]
    if hint is None:
        is_path = parameter.annotation is parameter.empty and isinstance(parameter.default, str)
        return item.local() if is_path else item
    from mlrun.packagers import unpack

    return unpack(item, hint, parameter.name)


def _hint_of_parts(hint: Any) -> Any:
    """``X`` of ``list[X]`` and ``dict[str, X]``, for an input that is a list or dictionary itself."""
    if hint in (list, dict, tuple):
        return None
    if typing.get_origin(hint) in (list, dict, tuple, Sequence, Mapping):
        return typing.get_args(hint)[1 if len(typing.get_args(hint)) > 1 and _is_mapping(hint) else 0]
    return hint


def _is_mapping(hint: Any) -> bool:
    return issubclass(typing.get_origin(hint), Mapping)


def _is_bare(item: Any) -> bool:
    """A DataItem of an artifact is a mapping too."""
    return type(item) is dict


def _is_context(parameter: inspect.Parameter) -> bool:
    hint = parameter.annotation
    word = hint if isinstance(hint, str) else getattr(hint, "__name__", "")
    return parameter.name == "context" or word.rpartition(".")[2] == "MLClientCtx"


def _own(value: Any) -> Any:
    """A handler that changes a list or dictionary changes its own, not the record."""
    return copy.copy(value) if isinstance(value, (list, dict, set)) else value


def _signature(handler: Handler) -> inspect.Signature:
    try:
        return signature(handler)
    except (TypeError, ValueError) as error:
        raise MLRunInvalidArgumentError(
            f"{handler!r} can not be a handler: {error}; a Python function can"
        ) from error
