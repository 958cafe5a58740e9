"""A folder as one file, and back, with nothing outside of it."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import zipfile

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.packagers.base import clearing


def zipped(folder: str, key: str) -> str:
    """A zip file of *folder*, its files and empty folders; it is gone once it is logged."""
    place = tempfile.mkdtemp(prefix="mlrun-pack-")
    clearing.paths().append(place)
    return shutil.make_archive(os.path.join(place, key), "zip", folder)


def unzipped(archive: str, where: str) -> str:
    """
    A new folder with the files of *archive*; it lives as long as this process.

    Raises:
        MLRunInvalidArgumentError: It is no zip file, or a name in it leads out of the folder.
    """
    folder = tempfile.mkdtemp(prefix="mlrun-unpacked-")
    atexit.register(_clear, folder, os.getpid())
    inside = f"{os.path.realpath(folder)}/"
    try:
        with zipfile.ZipFile(archive) as file:
            for name in file.namelist():
                if not f"{os.path.realpath(os.path.join(folder, name))}/".startswith(inside):
                    raise MLRunInvalidArgumentError(f"{where}: {name!r} leads out of the folder")
            file.extractall(folder)
    except zipfile.BadZipFile as error:
        raise MLRunInvalidArgumentError(f"{where} is no folder that was packed: {error}") from error
    return folder


def _clear(folder: str, pid: int) -> None:
    if os.getpid() == pid:  # a forked child ends too
        shutil.rmtree(folder, ignore_errors=True)
