"""Pickling what goes to another process, notebook functions included, and saying what can not go."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from mlrun.errors import MLRunInvalidArgumentTypeError

MAX_DEPTH = 3  # of looking into things; an object may hold itself


def dumps(value: Any, what: str) -> bytes:
    """
    Functions and classes that the other process can not import travel by value.

    Args:
        what: What *value* is, for messages: ``"the handler"``.

    Raises:
        MLRunInvalidArgumentTypeError: *value* can not be pickled; names the part that is to blame.
    """
    import cloudpickle  # 20 ms, and only a sweep with workers needs it

    with _by_value(_modules(value)):
        try:
            return bytes(cloudpickle.dumps(value))
        except Exception as error:  # pickling runs code of the value's own class
            part = _culprit(value, cloudpickle.dumps)
            raise MLRunInvalidArgumentTypeError(
                f"{what} can not be sent to another process{part}: {error}"
            ) from error


@contextlib.contextmanager
def _by_value(modules: set[ModuleType]) -> Iterator[None]:
    import cloudpickle

    added = [
        module for module in modules if module.__name__ not in cloudpickle.list_registry_pickle_by_value()
    ]
    for module in added:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in added:
            cloudpickle.unregister_pickle_by_value(module)


def _modules(value: Any) -> set[ModuleType]:
    """Modules of the functions and classes in *value* that can not be imported by their name."""
    names = {getattr(part, "__module__", None) for part in _parts(value)}
    found = {sys.modules[name] for name in names if name in sys.modules}
    return {module for module in found if not _is_importable(module)}


def _parts(value: Any, depth: int = 0) -> Iterator[Any]:
    """Functions and classes in *value*: in tuples, arguments of partials, fields of dataclasses."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, functools.partial):
        value = (value.func, *value.args, *value.keywords.values())
    if isinstance(value, (tuple, list)):
        for part in value:
            yield from _parts(part, depth + 1)
    elif callable(value):
        yield value
        owner = getattr(value, "__self__", None)
        yield type(value) if owner is None else owner if isinstance(owner, type) else type(owner)
    elif dataclasses.is_dataclass(value):
        yield type(value)
        for field in dataclasses.fields(value):
            yield from _parts(getattr(value, field.name), depth + 1)


def _is_importable(module: ModuleType) -> bool:
    """Whether a fresh interpreter with this sys.path would import the very file."""
    if module.__name__ == "__main__":
        return True  # cloudpickle sends it by value of its own accord
    path: Any = None
    spec: ModuleSpec | None = None
    name = ""
    for part in module.__name__.split("."):
        name = f"{name}.{part}" if name else part
        spec = _find(name, path)
        if spec is None:
            return False
        path = spec.submodule_search_locations
    if spec is None:
        return False
    return spec.origin in ("frozen", "built-in", getattr(module, "__file__", spec.origin))  # abc is frozen


def _find(name: str, path: Any) -> ModuleSpec | None:
    """As an import would, which importlib.util does not where the module is loaded already."""
    specs = (finder.find_spec(name, path) for finder in sys.meta_path)
    return next((spec for spec in specs if spec is not None), None)


def _culprit(value: Any, attempt: Callable[[Any], bytes], depth: int = 0) -> str:
    """``" because of 'lock'"`` for the variable of a function, or argument of a partial, that fails alone."""
    for name, part in _inner(value):
        try:
            attempt(part)
        except Exception:
            deeper = _culprit(part, attempt, depth + 1) if depth < MAX_DEPTH else ""
            return f" because of {name} ({type(part).__name__}){deeper}"
    return ""


def _inner(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, functools.partial):
        yield "the function", value.func
        yield from ((f"argument {i}", part) for i, part in enumerate(value.args, start=1))
        yield from ((repr(name), part) for name, part in value.keywords.items())
    elif inspect.isfunction(value):
        used = inspect.getclosurevars(value)
        yield from ((repr(name), part) for name, part in {**used.nonlocals, **used.globals}.items())
    elif inspect.ismethod(value):
        yield f"its object of {type(value.__self__).__name__}", value.__self__
    elif isinstance(value, dict):
        yield from ((repr(name), part) for name, part in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((f"item {i}", part) for i, part in enumerate(value))
    elif hasattr(value, "__dict__") and not isinstance(value, (type, ModuleType)):
        yield from ((repr(name), part) for name, part in vars(value).items())
