"""The files of a folder that are shipped, each with its digest."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator

from mlrun import files
from mlrun.backports import file_digest
from mlrun.code.bundle import Bundle, Entry
from mlrun.code.ignore import OWN, Rules
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.log import logger

_LARGEST_NAMED = 3


def scan(folder: str, without: Iterable[str] = ()) -> Bundle:
    """
    The bundle that *folder* is now.

    Args:
        without: Paths that are no code, though they may lie in it: what runs write.

    Raises:
        MLRunNotFoundError: There is no such folder.
        MLRunInvalidArgumentError: It is too much, or a link in it leads out.
        MLRunAccessDeniedError: Something in it may not be read.
    """
    root = os.path.abspath(folder)
    if not os.path.isdir(root):
        raise MLRunNotFoundError(f"there is no folder {root}")
    entries: list[Entry] = []
    left, most = int(mlconf.bundles.max_bytes), int(mlconf.bundles.max_files)
    with files.explained("read", root):
        for entry in _walk(root, "", Rules.of(root), tuple(map(os.path.abspath, without))):
            left -= entry.size
            entries.append(entry)
            if left < 0 or len(entries) > most:
                raise _too_much(root, entries)
    return Bundle(entries, root)


def _walk(root: str, folder: str, rules: Rules, without: tuple[str, ...]) -> Iterator[Entry]:
    is_empty = True
    for found in sorted(os.scandir(os.path.join(root, folder)), key=lambda found: found.name):
        path = f"{folder}/{found.name}" if folder else found.name
        is_folder = found.is_dir(follow_symlinks=False)
        if found.path in without or rules.leave_out(path, is_folder):
            continue
        if not is_folder:
            entries: Iterator[Entry] = _entry(root, path)
        elif os.path.exists(os.path.join(found.path, "pyvenv.cfg")):  # an environment, whatever its name
            continue
        else:
            entries = _walk(root, path, rules.within(root, path), without)
        for entry in entries:
            is_empty = False
            yield entry
    if is_empty and folder:
        yield Entry(folder, stat.S_IFDIR)


def _entry(root: str, path: str) -> Iterator[Entry]:
    place = os.path.join(root, path)
    mode = os.lstat(place).st_mode
    if stat.S_ISLNK(mode):
        yield _link(root, path)
    elif stat.S_ISREG(mode):
        with open(place, "rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
            yield Entry(path, mode & 0o100777, digest, file.tell())
    else:
        logger.warning(f"{place} is no file, and is not shipped")


def _link(root: str, path: str) -> Entry:
    place = os.path.join(root, path)
    target = os.readlink(place)
    top = os.path.realpath(root)
    if os.path.isabs(target) or os.path.commonpath((top, os.path.realpath(place))) != top:
        raise MLRunInvalidArgumentError(
            f"{place} is a link to {target!r}, which is not shipped with the folder: use a relative link to"
            f" something in it, or name it in {OWN}"
        )
    data = os.fsencode(target)
    return Entry(path, stat.S_IFLNK, hashlib.sha256(data).hexdigest(), len(data))


def _too_much(root: str, entries: list[Entry]) -> MLRunInvalidArgumentError:
    largest = sorted(entries, key=lambda entry: entry.size, reverse=True)[:_LARGEST_NAMED]
    named = ", ".join(f"{entry.path} {entry.size:,} bytes" for entry in largest)
    return MLRunInvalidArgumentError(
        f"{root} is more than is shipped as code ({int(mlconf.bundles.max_bytes):,} bytes in"
        f" {int(mlconf.bundles.max_files):,} files; settings bundles.max_bytes and bundles.max_files), among"
        f" others {named}: name in {OWN} what is no code"
    )
