"""A function that logs what it returns when it is part of a run, and is a plain function elsewhere."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from mlrun.backports import signature
from mlrun.datastore import DataItem
from mlrun.errors import MLRunInvalidArgumentTypeError
from mlrun.execution.arguments import INPUTS, as_argument, type_hints
from mlrun.execution.call import LOGS_ITS_OUTPUTS
from mlrun.execution.context import MLClientCtx
from mlrun.execution.current import get_current
from mlrun.execution.returns import log_returned
from mlrun.packagers.pack import check_hints
from mlrun.runtimes.told import CONFIG

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    P = ParamSpec("P")
T = TypeVar("T")


def handler(
    labels: dict[str, str] | None = None,
    outputs: list[Any] | None = None,
    inputs: bool | dict[str, Any] = True,
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """
    Say beside a function what a run makes of it::

        @mlrun.handler(labels={"team": "a"}, outputs=["accuracy", "table:dataset"])
        def train(data: pandas.DataFrame): ...

    Outside of a run it is the function as it is. In one (as its handler, or called by it) the run gets the
    labels and the outputs, and data items become what the annotations say; it returns what it returns.

    Args:
        outputs: As ``returns`` of ``fn.run``: a hint for each returned value.
        inputs: True: annotations say what a data item becomes; False: it stays one; a dictionary of
            argument to type says it instead.

    Raises:
        MLRunInvalidArgumentError: A hint of *outputs* is wrong.
        MLRunInvalidArgumentTypeError: It stands without its brackets, or *inputs* is none of these.
    """
    if callable(labels):
        raise MLRunInvalidArgumentTypeError("mlrun.handler is called: @mlrun.handler(), with its brackets")
    if not isinstance(inputs, (bool, Mapping)):
        raise MLRunInvalidArgumentTypeError(
            f"inputs= of mlrun.handler is True, False or a dictionary of argument to type, not {inputs!r}"
        )
    if outputs:
        check_hints(outputs)

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            context = _context(function)
            if context is None:
                return function(*args, **kwargs)
            for key, label in (labels or {}).items():
                context.set_label(key, label)
            value = function(*_unpacked(wrapper, args), **_unpacked_by_name(wrapper, kwargs))
            if outputs:
                log_returned(context, value, outputs)
            return value

        setattr(wrapper, INPUTS, inputs)
        setattr(wrapper, LOGS_ITS_OUTPUTS, bool(outputs))
        return wrapper

    return decorate


def _context(function: Callable[..., Any]) -> MLClientCtx | None:
    """The run that this is part of; a program that mlrun has started may not have asked for it yet."""
    if CONFIG in os.environ and get_current() is None:
        from mlrun.run.contexts import get_or_create_ctx

        return get_or_create_ctx(function.__name__)
    return get_current()


def _unpacked(function: Callable[..., Any], values: tuple[Any, ...]) -> Any:
    names = list(signature(function).parameters)[: len(values)]
    by_name = _unpacked_by_name(function, dict(zip(names, values)))
    return (*by_name.values(), *values[len(names) :])


def _unpacked_by_name(function: Callable[..., Any], values: dict[str, Any]) -> Any:
    """The values, where data items are what the function's hints say."""
    if not any(isinstance(value, DataItem) for value in values.values()):
        return values
    hints, parameters = type_hints(function), signature(function).parameters
    return {
        name: as_argument(value, parameters[name], hints[name])
        if isinstance(value, DataItem) and name in hints and name in parameters
        else value
        for name, value in values.items()
    }
