"""Packagers of the user and of other packages, and the order in which all of them are asked."""

from __future__ import annotations

import functools
import importlib
from typing import Any, NamedTuple

from mlrun.backports import entry_points
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, MLRunNotFoundError
from mlrun.log import logger
from mlrun.packagers.base import Packager

GROUP = "mlrun.packagers"  # of entry points

_BUILT_IN = {
    "arrays": ("ArrayDictPackager", "ArrayListPackager", "ArrayPackager"),
    "tables": (
        "FramePackager",
        "PolarsFramePackager",
        "ArrowTablePackager",
        "SeriesPackager",
        "PolarsSeriesPackager",
    ),
    "figures": ("FigurePackager", "AxesPackager", "PlotlyPackager"),
    "plain": (
        "NonePackager",
        "BoolPackager",
        "NumberPackager",
        "IntPackager",
        "FloatPackager",
        "StrPackager",
        "BytesPackager",
        "BytearrayPackager",
        "DictPackager",
        "ListPackager",
        "TuplePackager",
        "SetPackager",
        "FrozensetPackager",
        "PathPackager",
    ),
    "anything": ("AnyPackager",),
}


class Custom(NamedTuple):
    """What was added: a class, or where one (or, with ``*``, those of a module) can be imported from."""

    packager: str | type[Packager]
    is_mandatory: bool


_added: list[Custom] = []


def add_custom_packager(packager: str | type[Packager], is_mandatory: bool = False) -> None:
    """
    Ask an own packager before those of this package, in this process and in the workers of its sweeps.

    Args:
        packager: A class, or ``"module.Class"``, or ``"module.*"`` for all of a module; a path is imported
            when the first value is packed.
        is_mandatory: A path that can not be imported ends the run; else that is a warning.

    Raises:
        MLRunInvalidArgumentTypeError: It is no packager.
    """
    if isinstance(packager, str):
        if "." not in packager:
            raise MLRunInvalidArgumentTypeError(
                f"{packager!r} is not the path of a packager; 'module.Class' or 'module.*' would be"
            )
    else:
        _check(packager)
    remove_custom_packager(packager, missing_ok=True)
    _added.append(Custom(packager, is_mandatory))


def remove_custom_packager(packager: str | type[Packager], missing_ok: bool = False) -> None:
    """
    Raises:
        MLRunNotFoundError: It was not added.
    """
    found = [one for one in _added if one.packager == packager]
    if not found and not missing_ok:
        raise MLRunNotFoundError(f"{packager!r} is no custom packager; see get_custom_packagers()")
    for one in found:
        _added.remove(one)


def get_custom_packagers() -> list[tuple[str | type[Packager], bool]]:
    """What was added, and whether it is mandatory, in order."""
    return [tuple(one) for one in _added]  # type: ignore[misc]


def packagers() -> tuple[Packager, ...]:
    """
    Every packager, in the order in which they are asked: by priority, and the last added first.

    Raises:
        MLRunInvalidArgumentError: A mandatory one can not be imported.
    """
    return _ordered(tuple(_added))


@functools.cache
def _ordered(added: tuple[Custom, ...]) -> tuple[Packager, ...]:
    own = [kind() for one in reversed(added) for kind in _load(one)]
    return tuple(sorted([*own, *_installed(), *_built_in()], key=lambda packager: packager.PRIORITY))


@functools.cache
def _built_in() -> tuple[Packager, ...]:
    return tuple(
        getattr(importlib.import_module(f"mlrun.packagers.{module}"), name)()
        for module, names in _BUILT_IN.items()
        for name in names
    )


@functools.cache
def _installed() -> tuple[Packager, ...]:
    """Those of other packages."""
    paths = [point.value.replace(":", ".") for point in entry_points(GROUP)]
    return tuple(kind() for path in paths for kind in _load(Custom(path, False)))


def _load(one: Custom) -> list[type[Packager]]:
    if not isinstance(one.packager, str):
        return [one.packager]
    try:
        return _imported(one.packager)
    except Exception as error:  # importing runs the user's code
        if one.is_mandatory:
            raise MLRunInvalidArgumentError(
                f"custom packager {one.packager!r} can not be used: {error}"
            ) from error
        logger.warning(f"custom packager {one.packager!r} is left out, it can not be used: {error}")
        return []


def _imported(path: str) -> list[type[Packager]]:
    module_name, _, name = path.rpartition(".")
    module = importlib.import_module(module_name)
    if name != "*":
        return [_check(getattr(module, name))]
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Packager) and value.__module__ == module.__name__
    ]
    if not found:
        raise MLRunInvalidArgumentError(f"module {module_name} defines no packager")
    return found


def _check(packager: Any) -> type[Packager]:
    if not isinstance(packager, type) or not issubclass(packager, Packager):
        raise MLRunInvalidArgumentTypeError(
            f"{packager!r} is not a packager: a class that inherits from mlrun.packagers.DefaultPackager is"
        )
    if missing := sorted(getattr(packager, "__abstractmethods__", ())):
        raise MLRunInvalidArgumentTypeError(f"packager {packager.__name__} lacks {', '.join(missing)}()")
    return packager
