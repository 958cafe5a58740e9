"""A local folder as the list of files that an artifact takes along; nothing outside of it is reached."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mlrun import files
from mlrun.artifacts.content import hash_file, sha1
from mlrun.config import mlconf
from mlrun.datastore import get_dataitem
from mlrun.datastore.base import Secrets
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError


class Entry(NamedTuple):
    """One file of a folder."""

    path: str  # on this machine
    name: str  # below the folder, with '/'


class Measure(NamedTuple):
    """What was written."""

    size: int  # bytes
    hash: str  # SHA-1 over every name and the SHA-1 of its bytes; empty where the settings say so


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


def upload(folder: Iterable[Entry], target: str, secrets: Secrets | None = None) -> Measure:
    """Copy each file to its name below *target*, which ends in ``/``."""
    size = 0
    digest = sha1()
    for entry in folder:
        size += os.path.getsize(entry.path)
        if mlconf.artifacts.calculate_hash:
            digest.update(f"{entry.name}\0{hash_file(entry.path)}\n".encode())
        if os.path.abspath(entry.path) != target + entry.name:  # a folder may be logged where it is
            get_dataitem(target + entry.name, secrets=secrets).upload(entry.path)
    return Measure(size, digest.hexdigest() if mlconf.artifacts.calculate_hash else "")


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
