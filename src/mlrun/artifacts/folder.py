"""A local folder as the list of files that an artifact takes along; nothing outside of it is reached."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mlrun import files
from mlrun.artifacts.content import hash_file, sha1
from mlrun.artifacts.upload_progress import UploadProgress
from mlrun.datastore import get_dataitem
from mlrun.datastore.base import Secrets
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError

AT_ONCE = 8  # files


class Entry(NamedTuple):
    """One file of a folder."""

    path: str  # on this machine
    name: str  # below the folder, with '/'


def entries(folder: str) -> list[Entry]:
    """
    Every file below *folder*, sorted by name; symbolic links inside the folder stand for what they point to.

    Raises:
        MLRunNotFoundError: No such folder.
        MLRunInvalidArgumentError: A link leads out of the folder or in a circle, or something is no file.
    """
    if not os.path.isdir(folder):
        raise MLRunNotFoundError(f"no folder {os.path.abspath(folder)}")
    return sorted(_walk(folder, os.path.realpath(folder), ""), key=lambda entry: entry.name)


def digest(folder: Iterable[Entry]) -> str:
    """SHA-1 over the name and the SHA-1 of each file, in the order of the names."""
    whole = sha1()
    for entry in sorted(folder, key=lambda entry: entry.name):
        whole.update(f"{entry.name}\0{hash_file(entry.path)}\n".encode())
    return whole.hexdigest()


def upload(folder: Iterable[Entry], target: str, secrets: Secrets | None = None) -> int:
    """
    Copy each file to its name below *target*, which ends in ``/``; several at once.

    A terminal shows how far it is. Where one fails, what this call has added is deleted again.

    Returns:
        The size of all, in bytes.
    """
    from concurrent.futures import ThreadPoolExecutor

    entries = list(folder)
    size = sum(os.path.getsize(entry.path) for entry in entries)
    added: list[str] = []

    def copy(entry: Entry) -> Entry:
        item = get_dataitem(target + entry.name, secrets=secrets)
        if os.path.abspath(entry.path) != target + entry.name:  # a folder may be logged where it is
            is_new = not item.exists()
            item.upload(entry.path)
            if is_new:
                added.append(target + entry.name)
        return entry

    with ThreadPoolExecutor(AT_ONCE) as pool, UploadProgress(len(entries), size) as progress:
        try:
            for done in pool.map(copy, entries):
                progress.advance(os.path.getsize(done.path))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            for address in added:
                get_dataitem(address, secrets=secrets).delete()
            raise
    return size


def _walk(folder: str, root: str, prefix: str) -> Iterator[Entry]:
    with files.explained("list", folder), os.scandir(folder) as found:
        inside = list(found)
    for item in inside:
        name = prefix + item.name
        if item.is_symlink():
            _check_link(item.path, name, root)
        if item.is_dir():
            yield from _walk(item.path, root, name + "/")
        elif item.is_file():
            yield Entry(item.path, name)
        else:
            raise MLRunInvalidArgumentError(
                f"{item.path} is neither a file nor a folder; it can not be logged"
            )


def _check_link(path: str, name: str, root: str) -> None:
    real = os.path.realpath(path)
    if os.path.commonpath([real, root]) != root:
        raise MLRunInvalidArgumentError(
            f"{name!r} in the folder {root} is a link to {real}, outside of it; put a copy into the folder"
        )
    if os.path.commonpath([real, os.path.realpath(os.path.dirname(path))]) == real:
        raise MLRunInvalidArgumentError(f"{name!r} in the folder {root} is a link to a folder that holds it")
