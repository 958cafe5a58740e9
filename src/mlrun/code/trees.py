"""Folders that were fetched once, kept under a key for the next run, and copied for each."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mlrun import files
from mlrun.config import mlconf

_LOCKS = 64  # files; a key belongs to one of them
_LEFT_BEHIND_S = 24 * 3600  # a half-made folder of a process that was killed


class Trees:
    """
    A cache of folders; each is made once, by whoever comes first, while the others wait.

    Nobody sees half of one: it is made under a temporary name and renamed. Those that were not used for
    longest go when all together are longer than *most*. Processes of one machine share it.

    Example::

        Trees("~/.mlrun/cache/sources", most=10**9).copy(digest, "to", make=download)

    Args:
        root: Where they are; it may be deleted at any time when nobody uses it.
        most: Bytes in all; the newest one is kept whatever its length.
    """

    def __init__(self, root: str, most: int) -> None:
        self._root = Path(root)
        self._most = most

    def copy(self, key: str, target: str, make: Callable[[str], None]) -> None:
        """
        Make *target*, which is not there or empty, a copy of the folder *key*.

        Args:
            make: Makes that folder, at a path that is not there yet, where nobody has it.
        """
        place = self._root / key
        with files.explained("write", target):
            with self._locked(key, fcntl.LOCK_SH):
                if place.is_dir():
                    _copy(place, target)
                    return
            with self._locked(key, fcntl.LOCK_EX):
                if not place.is_dir():  # somebody else was quicker
                    self._make(place, make)
                _copy(place, target)
            self._make_room(key)

    def _make(self, place: Path, make: Callable[[str], None]) -> None:
        temporary = files.temporary_name(str(place))
        try:
            make(temporary)
            os.rename(temporary, place)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    @contextlib.contextmanager
    def _locked(self, key: str, how: int) -> Iterator[None]:
        """While the block runs; the system lets go of the lock of a process that ends."""
        folder = self._root / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / f"{int(key[:8], 16) % _LOCKS:02x}", "w") as lock:
            fcntl.flock(lock, how)
            yield

    def _make_room(self, newest: str) -> None:
        """Delete what was left behind, and the oldest ones while all are longer than they may be."""
        entries = [entry for entry in os.scandir(self._root) if entry.name != "locks"]
        now = time.time()
        for entry in entries:
            if files.is_temporary(entry.name) and entry.stat().st_mtime < now - _LEFT_BEHIND_S:
                shutil.rmtree(entry.path, ignore_errors=True)
        kept = [entry for entry in entries if not files.is_temporary(entry.name)]
        sizes = {entry.name: _size(entry.path) for entry in kept}
        left = self._most - sum(sizes.values())
        for entry in sorted(kept, key=lambda entry: entry.stat().st_mtime):
            if left >= 0:
                return
            if entry.name != newest and self.drop(entry.name):
                left += sizes[entry.name]

    def places(self) -> list[Path]:
        """The folders that are whole; the time of each is when it was used last."""
        found = self._root.iterdir() if self._root.is_dir() else ()
        return sorted(one for one in found if one.name != "locks" and not files.is_temporary(one.name))

    def drop(self, key: str) -> bool:
        """Delete one, unless somebody is copying it."""
        with contextlib.suppress(BlockingIOError), self._locked(key, fcntl.LOCK_EX | fcntl.LOCK_NB):
            temporary = files.temporary_name(str(self._root / key))
            os.rename(self._root / key, temporary)
            shutil.rmtree(temporary, ignore_errors=True)
            return True
        return False


def sources() -> Trees:
    """Those of this user on this machine."""
    return Trees(os.path.join(str(mlconf.home), "cache", "sources"), int(mlconf.sources.cache_bytes))


def _copy(place: Path, target: str) -> None:
    """The whole of it appears at once."""
    os.utime(place)  # used now
    temporary = files.temporary_name(os.path.abspath(target))
    try:
        shutil.copytree(place, temporary, symlinks=True)
        os.rename(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _size(folder: str) -> int:
    return sum(
        os.lstat(os.path.join(parent, name)).st_size for parent, _, names in os.walk(folder) for name in names
    )
