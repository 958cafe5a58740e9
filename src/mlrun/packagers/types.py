"""Types by name: of an object, and meant by an annotation or by the words of a hint."""

from __future__ import annotations

import builtins
import importlib
import sys
import typing
from typing import Any

from mlrun.backports import UNIONS, evaluate
from mlrun.errors import MLRunInvalidArgumentError

_SHORT = {"pd": "pandas", "np": "numpy", "pl": "polars", "pa": "pyarrow"}
# The last word of an annotation that can not be looked up (its import is for type checkers only).
_KNOWN = {
    "DataFrame": "pandas.DataFrame",
    "Series": "pandas.Series",
    "ndarray": "numpy.ndarray",
    "Path": "pathlib.Path",
    "PathLike": "pathlib.Path",
    "DataItem": "mlrun.datastore.DataItem",
}


def full_name(kind: type) -> str:
    """``pandas.DataFrame``, and ``int`` for what is built in."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def loaded(name: str) -> type | None:
    """The type of that full name, where its module is loaded: else no object can be one. Imports nothing."""
    module, _, attribute = name.rpartition(".")
    found = getattr(sys.modules.get(module), attribute, None)
    return found if isinstance(found, type) else None


def find(name: str) -> type:
    """
    The type that somebody named: ``pandas.DataFrame``, ``pd.DataFrame``, ``dict``, ``my_module.Thing``.

    Its module is imported.

    Raises:
        MLRunInvalidArgumentError: There is none.
    """
    word = name.strip().partition("[")[0]
    module, _, attribute = word.rpartition(".")
    top, dot, rest = module.partition(".")
    module = _SHORT.get(top, top) + dot + rest
    if not module:
        builtin = getattr(builtins, attribute, None)
        if isinstance(builtin, type):
            return builtin
        module, _, attribute = _KNOWN.get(attribute, attribute).rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute) if module else None
    except (ImportError, AttributeError, ValueError) as error:
        raise MLRunInvalidArgumentError(f"type hint {name!r} names no type: {error}") from error
    if not isinstance(found, type):
        raise MLRunInvalidArgumentError(
            f"type hint {name!r} names no type; 'pandas.DataFrame' or 'my_module.MyClass' would"
        )
    return found


def candidates(hint: Any) -> list[type]:
    """
    The types that *hint* allows, in its order; ``Any`` and what is no type allow ``object``.

    Args:
        hint: A type, or what stands in annotations: ``X | None``, ``Optional[X]``, ``list[int]``,
            ``Annotated[X, ...]``.
    """
    origin = typing.get_origin(hint)
    if origin in UNIONS:
        parts = [part for part in typing.get_args(hint) if part is not type(None)]
        return [kind for part in parts for kind in candidates(part)]
    if origin is typing.Annotated:
        return candidates(typing.get_args(hint)[0])
    if isinstance(origin, type):
        return [origin]
    return [hint] if isinstance(hint, type) and hint is not Any else [object]


def annotation_of(text: str, names: dict[str, Any]) -> Any:
    """
    What a postponed annotation means.

    Args:
        names: Of the handler's module.

    Returns:
        None where nobody can tell.
    """
    try:
        return evaluate(text, {**vars(typing), **names})  # as the handler's own module would evaluate it
    except Exception:  # any code may stand there; an import for type checkers only is the usual reason
        word = text.strip().partition("[")[0].rpartition(".")[2]
        return find(_KNOWN[word]) if word in _KNOWN else None
