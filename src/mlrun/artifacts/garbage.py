"""Bytes that no record names any more, below one artifact path."""

from __future__ import annotations

import datetime
import itertools
import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from mlrun import files
from mlrun.artifacts import places
from mlrun.datastore import get_store
from mlrun.db.base import RunDB
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError


class Leftover(NamedTuple):
    """A file that no record names."""

    address: str
    size: int  # bytes
    modified: datetime.datetime


def leftovers(db: RunDB, path: str, older_than: datetime.timedelta) -> list[Leftover]:
    """
    The files below *path* that mlrun wrote, that are older than *older_than*, and that nothing names.

    mlrun's are those in a folder named like a run's uid, those named by their hash, and what a killed process
    left under a temporary name; others are never touched, nor are symbolic links, nor is what they lead to.
    A file counts as named while the record of an artifact, a run or a project in *db* has its address, or
    that of a folder around it.

    Args:
        path: An artifact path: a folder of this machine, or an address.

    Raises:
        MLRunInvalidArgumentError: *path* is no artifact path.
        MLRunNotFoundError: There is no such folder.
    """
    root = places.comparable(path if "://" in path else os.path.abspath(os.path.expanduser(path)))
    if not root or root == os.sep or root == os.path.realpath(os.path.expanduser("~")):
        raise MLRunInvalidArgumentError(f"{path!r} is not a folder of artifacts alone; name one below it")
    before = datetime.datetime.now(datetime.timezone.utc) - older_than
    # The files first: what is logged meanwhile is new, and a record that is stored meanwhile is seen.
    found = [file for file in _files(root) if file.modified < before and _is_ours(root, file.address)]
    named = sorted(_named(db, root)) if found else []
    return [file for file in found if not _is_named(file.address, named)]


def delete(leftover: Iterable[Leftover]) -> int:
    """
    Delete the files, and the folders of this machine that become empty; gives the number of bytes.

    One that was written anew since it was found (by its hash, say) stays.
    """
    freed = 0
    for file in leftover:
        store, path = get_store(file.address)
        if not store.exists(path) or store.stat(path).modified != file.modified:
            continue
        store.rm(path)
        freed += file.size
        if "://" not in file.address:
            _remove_empty(os.path.dirname(file.address))
    return freed


def _files(root: str) -> Iterator[Leftover]:
    if "://" not in root:
        yield from _local_files(root)
        return
    store, path = get_store(root)
    for name in store.listdir(path):
        stats = store.stat(f"{path}/{name}")
        if stats.modified is not None:
            yield Leftover(f"{root}/{name}", stats.size or 0, stats.modified)


def _local_files(root: str) -> Iterator[Leftover]:
    if not os.path.isdir(root):
        raise MLRunNotFoundError(f"no folder {root}")
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        with files.explained("list", folder), os.scandir(folder) as found:
            inside = list(found)
        for entry in inside:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                stats = entry.stat(follow_symlinks=False)
                modified = datetime.datetime.fromtimestamp(stats.st_mtime, datetime.timezone.utc)
                yield Leftover(entry.path, stats.st_size, modified)


def _is_ours(root: str, address: str) -> bool:
    *folders, name = address[len(root) + 1 :].split("/")
    in_a_run = any(places.UID.fullmatch(folder) for folder in folders)
    by_hash = any(places.HASH.fullmatch(part) for part in (*folders, name.partition(".")[0]))
    return in_a_run or by_hash or files.is_temporary(name)


def _named(db: RunDB, root: str) -> set[str]:
    """Every address in a record that lies below *root*; of an artifact, also one around it."""
    names = (name for record in places.all_artifacts(db) for name in places.named_by(record))
    found = {name for name in names if places.overlaps(name, root)}
    for record in itertools.chain(_all_runs(db), db.list_projects()):
        below = map(places.comparable, places.texts(record))
        found.update(name for name in below if name.startswith(f"{root}/"))
    return found


def _all_runs(db: RunDB) -> Iterator[Any]:
    token: str | None = ""
    while token is not None:
        asked: dict[str, Any] = {"page_token": token} if token else {"page_size": 500}
        page, token = db.paginated_list_runs("", project="*", iter=True, **asked)
        for run in page:  # where its artifacts go names none of them
            yield {**run, "spec": {k: v for k, v in run.get("spec", {}).items() if k != "output_path"}}


def _is_named(address: str, named: list[str]) -> bool:
    """Whether *address* or a folder around it is among *named*, which is sorted."""
    while address and not address.endswith(":/"):
        place = bisect_left(named, address)
        if place < len(named) and named[place] == address:
            return True
        address = address.rpartition("/")[0]
    return False


def _remove_empty(folder: str) -> None:
    """The folder of a run's uid, or one named by its hash, and below it; never one that holds something."""
    while any(places.UID.fullmatch(part) or places.HASH.fullmatch(part) for part in folder.split(os.sep)):
        try:
            os.rmdir(folder)
        except OSError:
            return
        folder = os.path.dirname(folder)
