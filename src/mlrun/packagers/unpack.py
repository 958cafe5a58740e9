"""From a data item to an object of the type that a handler wants."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlrun.datastore import DataItem
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.packagers.custom import packagers
from mlrun.packagers.types import candidates, find, full_name

if TYPE_CHECKING:
    from mlrun.packagers.base import Packager


def unpack(item: DataItem, hint: Any, name: str = "") -> Any:
    """
    *item* as *hint* wants it: as its artifact's record says, where a run has packed it, else by its file.

    Args:
        hint: A type, an annotation (``X | None``), or a type's full name.
        name: Of the input, for messages.

    Raises:
        MLRunInvalidArgumentError: The hint names no type, or what is there is not of it.
        MLRunAccessDeniedError: It is a pickle that may not be read.
    """
    kinds = candidates(find(hint) if isinstance(hint, str) else hint)
    errors: list[Exception] = []
    for kind in kinds:
        if kind is DataItem or (kind is object and not _recorded(item)):
            return item
        try:
            return _unpack(item, kind, name)
        except (MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError) as error:
            errors.append(error)
    raise errors[0] if errors else MLRunInvalidArgumentTypeError(f"input {name!r}: {hint!r} names no type")


def _unpack(item: DataItem, kind: type, name: str) -> Any:
    packager, artifact_type, instructions = _way(item, kind)
    if packager is None:
        packed = _recorded(item).get("object_type")
        what = f"a {packed} was packed there" if packed else f"{item.url} is a plain file"
        raise MLRunInvalidArgumentTypeError(
            f"input {name or item.key!r}: no packager makes a {full_name(kind)} of it; {what}"
        )
    value = packager.unpack(item, artifact_type, instructions)
    if not _fits(value, kind):
        raise MLRunInvalidArgumentTypeError(
            f"input {name or item.key!r} is a {full_name(type(value))}, where a {full_name(kind)} is wanted"
        )
    return value


def _way(item: DataItem, kind: type) -> tuple[Packager | None, str | None, dict[str, Any]]:
    """Who unpacks it, as what, and with which instructions."""
    told = _recorded(item)
    if told:
        word, artifact_type = told.get("packager_name"), str(told.get("artifact_type") or "")
        for packager in packagers():
            if type(packager).__name__ == word and (
                kind is object or packager.is_unpackable(item, kind, artifact_type)
            ):
                return packager, artifact_type, dict(told.get("instructions") or {})
    known = (one for one in packagers() if one.PRIORITY < 10 and one.is_unpackable(item, kind))
    return next(known, None), None, {}


def _recorded(item: DataItem) -> dict[str, Any]:
    """The unpackaging instructions of the artifact, empty where no run has packed it."""
    spec = (item.meta or {}).get("spec") or {}
    return dict(spec.get("unpackaging_instructions") or {})


def _fits(value: Any, kind: type) -> bool:
    return isinstance(value, kind) or (kind is os.PathLike and hasattr(value, "__fspath__"))
