"""Folders that user code imports from, for as long as it loads and runs."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import types
from collections.abc import Iterator
from typing import NamedTuple

from mlrun.errors import MLRunNotFoundError


class _Seen(NamedTuple):
    folder: str
    file: str
    modified_ns: int


_seen: dict[str, _Seen] = {}  # modules that user code has imported from its own folders
_forgotten = 0


def generation() -> int:
    """It grows when modules are forgotten: what had imported one of them should be loaded anew."""
    return _forgotten


@contextlib.contextmanager
def search_path(*folders: str) -> Iterator[None]:
    """
    Import from *folders* first, inside the block; empty ones are left out.

    Modules of these folders are imported anew when one of them has changed since it was
    imported here, or when a module of the same name came from another run's folder: an
    edited helper file, or a newer archive, counts from the next run on.
    """
    paths = list(dict.fromkeys(os.path.abspath(folder) for folder in folders if folder))
    _forget(paths)
    before = set(sys.modules)
    sys.path[:0] = paths
    try:
        yield
    finally:
        for path in paths:
            with contextlib.suppress(ValueError):  # user code may have taken it out itself
                sys.path.remove(path)
        _remember(set(sys.modules) - before, paths)


def import_from(name: str, *folders: str) -> types.ModuleType:
    """
    The module *name*, looked for in *folders* first.

    Raises:
        MLRunNotFoundError: There is none. What goes wrong inside the module goes up as it is.
    """
    with search_path(*folders):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise
            places = ", ".join(dict.fromkeys(os.path.abspath(folder) for folder in folders if folder))
            raise MLRunNotFoundError(f"no module {name!r} in {places or 'the Python path'}") from error


def forget(folder: str) -> None:
    """Forget the modules of *folder*, which is about to go; nothing is found there again."""
    start = os.path.abspath(folder) + os.sep
    for name in [name for name, seen in _seen.items() if seen.file.startswith(start)]:
        del _seen[name]
        sys.modules.pop(name, None)
    for place in [place for place in sys.path_importer_cache if f"{place}{os.sep}".startswith(start)]:
        sys.path_importer_cache.pop(place, None)


def _remember(names: set[str], folders: list[str]) -> None:
    for name in names:
        file = getattr(sys.modules.get(name), "__file__", None) or ""
        folder = next((folder for folder in folders if file.startswith(folder + os.sep)), "")
        if folder and _is_own(name, file[len(folder) :]):
            with contextlib.suppress(OSError):  # deleted since
                _seen[name] = _Seen(folder, file, os.stat(file).st_mtime_ns)


def _is_own(name: str, relative: str) -> bool:
    """Whether it is the user's source, not an environment that lies in their folder."""
    return (
        relative.endswith(".py")
        and "-packages" + os.sep not in relative
        and name.partition(".")[0] not in ("mlrun", "__main__", "__mp_main__")
    )


def _forget(folders: list[str]) -> None:
    global _forgotten
    stale = {seen.folder for name, seen in _seen.items() if _is_stale(name, seen, folders)}
    for name in [name for name, seen in _seen.items() if seen.folder in stale]:
        del _seen[name]
        sys.modules.pop(name, None)
    if stale:
        _forgotten += 1
        importlib.invalidate_caches()


def _is_stale(name: str, seen: _Seen, folders: list[str]) -> bool:
    if seen.folder not in folders:
        top = name.partition(".")[0]
        return any(
            os.path.exists(os.path.join(folder, top + end)) for folder in folders for end in ("", ".py")
        )
    try:
        return os.stat(seen.file).st_mtime_ns != seen.modified_ns
    except OSError:
        return True
