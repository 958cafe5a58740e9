"""What a handler returns becomes artifacts and results, and data becomes what a handler takes."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlrun.packagers.base import DefaultPackager as DefaultPackager
    from mlrun.packagers.base import Packager as Packager
    from mlrun.packagers.custom import add_custom_packager as add_custom_packager
    from mlrun.packagers.custom import get_custom_packagers as get_custom_packagers
    from mlrun.packagers.custom import remove_custom_packager as remove_custom_packager
    from mlrun.packagers.hint import LogHint as LogHint
    from mlrun.packagers.pack import Packed as Packed
    from mlrun.packagers.pack import pack as pack
    from mlrun.packagers.unpack import unpack as unpack

_PLACES = {
    "DefaultPackager": "base",
    "LogHint": "hint",
    "Packed": "pack",
    "Packager": "base",
    "add_custom_packager": "custom",
    "get_custom_packagers": "custom",
    "pack": "pack",
    "remove_custom_packager": "custom",
    "unpack": "unpack",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"mlrun.packagers.{_PLACES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
