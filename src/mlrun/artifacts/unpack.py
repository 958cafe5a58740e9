"""An exported archive, checked as a whole before anything of it is written."""

from __future__ import annotations

import os
import stat
import zipfile

from mlrun import files
from mlrun.artifacts.archive import DATA, EXTRA, RECORD
from mlrun.errors import MLRunBaseError, MLRunInvalidArgumentError

ALWAYS = 100_000_000  # bytes that may be unpacked, however small the archive is
MOST_TIMES = 100  # more bytes than that times the archive's own size are no artifact
MOST_MEMBERS = 100_000


def unpack(path: str, folder: str) -> None:
    """
    Unpack the archive at *path* into the empty *folder*.

    Raises:
        MLRunInvalidArgumentError: It is no archive of an artifact, or something in it would be written
            elsewhere, is a link, or grows beyond measure; nothing was written.
    """
    try:
        with files.explained("read", path), zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check(members, os.path.getsize(path), path)
            for member in members:
                archive.extract(member, folder)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        if isinstance(error, MLRunBaseError):
            raise
        raise MLRunInvalidArgumentError(f"{path} is not an archive that can be read: {error}") from error


def _check(members: list[zipfile.ZipInfo], size: int, path: str) -> None:
    names = [member.filename for member in members]
    if RECORD not in names:
        raise MLRunInvalidArgumentError(
            f'{path} is not an artifact: it has no {RECORD}; artifact.export("x.zip") writes one'
        )
    wrong = next(filter(None, map(_wrong, members)), "")
    if wrong:
        raise MLRunInvalidArgumentError(f"{path} is not imported: {wrong}")
    if len(set(names)) < len(names) or len(names) > MOST_MEMBERS:
        raise MLRunInvalidArgumentError(
            f"{path} is not imported: it has {len(names)} members, and {len(set(names))} different ones;"
            f" {MOST_MEMBERS} different ones are the most"
        )
    unpacked = sum(member.file_size for member in members)
    if unpacked > max(ALWAYS, MOST_TIMES * size):
        raise MLRunInvalidArgumentError(
            f"{path} is not imported: its {size} bytes would become {unpacked}, more than {MOST_TIMES} times"
            " as many; unpack it yourself if you trust it, and log what is in it"
        )


def _wrong(member: zipfile.ZipInfo) -> str:
    name = member.filename
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or ".." in parts or "" in parts or "\\" in name or ":" in parts[0]:
        return f"its member {name!r} would be written outside of its folder"
    mode = member.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return f"its member {name!r} is a link or a device, not a file"
    if name != RECORD and not name.startswith((DATA, EXTRA)):
        return f"its member {name!r} is none of an artifact: {RECORD}, {DATA}... and {EXTRA}..."
    return ""
