"""
What a pod has beside its container.

The files of its secrets, a note that it is being deleted, and what podman leaves where it works, such as an
empty file ``oom`` for a container that took too much memory.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mlrun.cluster.manifest_volumes import Mount, SecretFiles

_DELETED = ".deleted"
_ABANDONED_S = 3600.0


class Belongings:
    """
    Those of one container.

    Args:
        root: Folder of all of them, for this user only; so below it a file may be read by whichever user
            the container has.
        token: What tells it from another one of its name.
    """

    def __init__(self, root: str, name: str, token: str) -> None:
        self._root = root
        self.folder = f"{root}/{name}.{token[:8]}"

    def make_folder(self) -> None:
        """One for them, if there is none yet."""
        os.makedirs(self._root, mode=0o700, exist_ok=True)
        os.makedirs(self.folder, mode=0o700, exist_ok=True)

    def write_secrets(self, mounts: Sequence[Mount]) -> None:
        """A folder for each secret that is mounted."""
        self.make_folder()
        for mount in mounts:
            if isinstance(mount.source, SecretFiles):
                for path, text in mount.source.files.items():
                    _write(f"{self.folder}/{mount.volume}/{path}", text)

    def note_deletion(self) -> None:
        """From now on its end is that of a pod that was deleted."""
        self.make_folder()
        Path(self.folder, _DELETED).touch()

    def is_deleted(self) -> bool:
        return os.path.exists(f"{self.folder}/{_DELETED}")

    def remove(self) -> None:
        if os.path.isdir(self.folder):
            shutil.rmtree(self.folder)


def sweep(root: str, names: Callable[[], Sequence[str]]) -> None:
    """
    Remove those of pods that are not there, as who created or deleted them was killed.

    Args:
        names: Of all pods; asked for where there is something old.
    """
    folders = Path(root).iterdir() if os.path.isdir(root) else ()
    old = [folder for folder in folders if time.time() - folder.stat().st_mtime > _ABANDONED_S]
    there = set(names()) if old else set()
    for folder in old:
        if folder.name.rpartition(".")[0] not in there:
            shutil.rmtree(folder)


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o444)
    with open(descriptor, "w", encoding="utf-8", newline="") as file:
        os.fchmod(descriptor, 0o444)
        file.write(text)
