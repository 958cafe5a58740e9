"""From a folder here to the same one there: what is missing is sent, and all is made by its digest."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from mlrun import files, urls
from mlrun.archives.members import Kind, Member
from mlrun.archives.tree import Limits, Tree
from mlrun.cluster.base import Reach
from mlrun.code.bundle import NODE, Bundle, Entry, entries_of
from mlrun.code.objects import CachedObjects, Objects, ServedObjects, StoredObjects
from mlrun.code.pack import USUAL
from mlrun.config import mlconf
from mlrun.datastore.credentials import Credentials, Secrets
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError, MLRunRuntimeError

# bundle://<digest> is in the API server of the records, bundle+s3://bucket/bundles/<digest> in that store.
_ADDRESS = re.compile(r"bundle(?::/|\+(?P<url>.+))/(?P<digest>[0-9a-f]{64})")


class Readable(Protocol):
    """Something that has objects."""

    def get(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]: ...


def is_bundle(source: str) -> bool:
    """Whether *source* is the address of a bundle."""
    return urls.scheme(source).partition("+")[0] == "bundle"


def place_for(
    reach: Reach | None, db: Any, project: str, artifact_path: str = "", secrets: Secrets | None = None
) -> Objects:
    """
    Where a folder is shipped to, so that pods find it: the setting ``bundles.path``, else the API server
    that keeps the records, else the home, where pods see files of this machine, else the artifact path.

    Args:
        reach: What pods have of this machine; None where an API server starts them.

    Raises:
        MLRunInvalidArgumentError: There is no such place; says what to set.
    """
    if named := str(mlconf.bundles.path):
        return StoredObjects(named, secrets, project, db)
    if is_server(db):
        return ServedObjects(db, project)
    if reach in (Reach.FILES, Reach.MOUNTS):
        return StoredObjects(in_home())
    if urls.scheme(artifact_path) and "{{" not in artifact_path:
        return StoredObjects(f"{artifact_path.rstrip('/')}/bundles", secrets, project, db)
    raise MLRunInvalidArgumentError(
        "pods of this cluster do not see the folders of this machine: MLRUN_BUNDLES__PATH names a store that"
        " they reach (s3://bucket/bundles), or let an API server keep the records"
    )


def in_home() -> str:
    """The folder of this machine for what is shipped."""
    return os.path.join(str(mlconf.home), "bundles")


def place_of_server(project: str) -> StoredObjects:
    """
    Where this API server keeps the objects of *project*, apart from others: who knows a digest may read.

    Raises:
        MLRunInvalidArgumentError: It is no name of a project.
    """
    root = str(mlconf.bundles.path) or in_home()
    url = f"{root.rstrip('/')}/{urls.check_key(project, 'name of a project')}"
    return StoredObjects(url, Credentials(), shown=f"project {project}")


def place_to_prune(path: str, db: Any) -> StoredObjects:
    """
    The place at *path*, else the one that the setting ``bundles.path`` names, else that of the home.

    Raises:
        MLRunConflictError: An API server has what is shipped, and prunes it by itself.
    """
    named = path or str(mlconf.bundles.path)
    if not named and is_server(db):
        raise MLRunConflictError(
            f"the API server at {db.url} keeps what is shipped to it, and by itself deletes what nothing"
            " needs any more (bundles.keep_days); --path names another place"
        )
    return StoredObjects(named or in_home(), db=db)


def place_of(source: str, secrets: Secrets | None, project: str, db: Any) -> tuple[Objects, str]:
    """
    The place and the digest in the address *source*.

    Raises:
        MLRunInvalidArgumentError: It is no address of a bundle.
    """
    match = _ADDRESS.fullmatch(source)
    if not match:
        raise MLRunInvalidArgumentError(f"{urls.without_secrets(source)!r} is no address of a bundle")
    if match["url"]:
        return StoredObjects(match["url"], secrets, project, db), match["digest"]
    if not is_server(db):
        raise MLRunInvalidArgumentError(
            f"{source} is kept by an API server, but the records are not: MLRUN_DBPATH=http://... names it"
        )
    return ServedObjects(db, project), match["digest"]


def is_server(db: Any) -> bool:
    """Whether *db* is behind an API server that keeps bundles."""
    return hasattr(db, "store_objects")


def ship(bundle: Bundle, place: Objects, folder: str) -> str:
    """
    Bring *bundle*, of the files in *folder*, to *place*, and give its address there.

    What *place* has is not sent again: it is asked for the bundle itself, and for the last one that this
    machine has shipped from there, which tells of all that both have in common.

    Raises:
        MLRunInvalidArgumentError: A file is longer than *place* takes.
        MLRunConflictError: A file was changed meanwhile.
        MLRunBaseError: *place* can not be reached, or refuses.
    """
    _check_sizes(bundle, place, folder)
    memory = _memory(place, folder)
    names, before = bundle.names, _remembered(memory)
    last = before[-1] if before and before[-1] != bundle.root else ""
    absent = place.missing([bundle.root, *filter(None, [last])])
    if bundle.root in absent:
        known = set(before) if last and last not in absent else set()
        wanted = [name for name in names if name not in known]
        if not known:
            gone = place.missing(wanted)
            wanted = [name for name in wanted if name in gone]
        place.put(bundle.get(wanted))
    if before != names:
        files.write(str(memory), "\n".join(names).encode())
    return place.address(bundle.digest)


def fetch(source: str, target: str, secrets: Secrets | None = None, db: Any = None, project: str = "") -> str:
    """
    Make the folder *target* of the bundle at *source*, and give its digest.

    What this machine has had before is taken from its cache; every byte is held to its digest.

    Args:
        target: Empty, or not there.

    Raises:
        MLRunNotFoundError: It is not there, or not all of it.
        MLRunBaseError: It can not be reached, or is not what it says; *target* is as it was.
    """
    place, digest = place_of(source, secrets, project, db)
    if not (isinstance(place, StoredObjects) and place.is_local):
        place = CachedObjects(place, StoredObjects(os.path.join(str(mlconf.home), "cache", "objects")))
    make(place, digest, target)
    return digest


def make(place: Readable, digest: str, target: str) -> None:
    """Make the folder *target* of the bundle *digest* in *place*; see :func:`fetch`."""
    target = os.path.abspath(target)
    temporary = files.temporary_name(target)
    try:
        with files.explained("write", target):
            os.mkdir(temporary)
            _write(place, _entries(place, digest), temporary)
            os.rename(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _entries(place: Readable, digest: str) -> list[Entry]:
    found: list[Entry] = []
    level = [f"{NODE}/{digest}"]
    while level:
        nodes = dict(place.get(level))
        below: list[str] = []
        for name in level:
            for one in entries_of(nodes[name]):
                if isinstance(one, Entry):
                    found.append(one)
                else:
                    below.append(f"{NODE}/{one}")
        level = below
    return found


def _write(place: Readable, entries: list[Entry], folder: str) -> None:
    limits = Limits(bytes=1 << 62, ratio=1, members=1 << 62)
    tree = Tree(folder, limits, packed=1 << 62, permissions=lambda mode: mode)
    try:
        for part in _parts(entries):
            objects = dict(place.get(list(dict.fromkeys(entry.name for entry in part if entry.name))))
            for entry in part:
                tree.add(_member(entry, objects.get(entry.name, b"")))
        tree.finish()
    except MLRunInvalidArgumentError as error:  # by somebody who did not use our ship()
        raise MLRunRuntimeError(f"the bundle is not one of a folder: {error}") from error


def _parts(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """*entries* in parts whose bytes may be in memory at once."""
    part: list[Entry] = []
    size = 0
    for entry in entries:
        if part and size + entry.size > USUAL:
            yield part
            part, size = [], 0
        part.append(entry)
        size += entry.size
    if part:
        yield part


def _member(entry: Entry, data: bytes) -> Member:
    if stat.S_ISDIR(entry.mode):
        return Member(entry.path, Kind.FOLDER)
    if stat.S_ISLNK(entry.mode):
        return Member(entry.path, Kind.LINK, target=os.fsdecode(data))
    return Member(entry.path, Kind.FILE, len(data), stat.S_IMODE(entry.mode), open=lambda: io.BytesIO(data))


def _check_sizes(bundle: Bundle, place: Objects, folder: str) -> None:
    for entry in bundle.entries:
        if place.largest is not None and entry.size > place.largest:
            raise MLRunInvalidArgumentError(
                f"{os.path.join(folder, entry.path)} has {entry.size:,} bytes, and an API server takes files"
                f" of {place.largest:,} at most: keep it as data, name it in .mlrunignore, or let the setting"
                " bundles.path name a store"
            )


def _memory(place: Objects, folder: str) -> Path:
    """The file with the names of what was last shipped from *folder* to *place*, the root at its end."""
    key = hashlib.sha256(f"{place.url}\0{os.path.abspath(folder)}".encode()).hexdigest()
    return Path(str(mlconf.home), "cache", "shipped", key)


def _remembered(memory: Path) -> list[str]:
    try:
        return memory.read_text().splitlines()
    except OSError:  # nothing was shipped yet
        return []
