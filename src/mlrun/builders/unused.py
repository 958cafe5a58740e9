"""What is kept on this machine so that runs start quickly, and nothing has used for long."""

from __future__ import annotations

import datetime
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from mlrun import files
from mlrun.builders.environment import drop_half_made
from mlrun.cluster import environments
from mlrun.cluster.process.folder import PodFolder, pod_names
from mlrun.code.trees import sources
from mlrun.config import mlconf
from mlrun.db.base import RunDB


class Unused(NamedTuple):
    """A folder or file of the mlrun home that is made anew where it is missed."""

    kind: str  # environment | half-made | source | object
    path: Path
    size: int  # bytes
    used: datetime.datetime


def unused(db: RunDB, older_than: datetime.timedelta) -> list[Unused]:
    """
    Built environments, what killed builds have left of some, fetched code and objects of bundles that nothing
    has used for *older_than*.

    An environment is in use while a pod of it is there, or a function in *db* with a tag names it. The others
    are copied from, so nobody uses them for longer than that takes. What is in the folder ``bundles`` is no
    cache; see :mod:`mlrun.code.pruning`.
    """
    before = datetime.datetime.now(datetime.timezone.utc) - older_than
    every = [*_environments(), *_half_made(), *_sources(), *_objects()]
    old = [one for one in every if one.used < before]
    named = _named(db) if any(one.kind == "environment" for one in old) else set()
    return [one for one in old if one.path.name not in named]


def delete(found: Iterable[Unused]) -> int:
    """Delete them, but for what was used since it was found; gives the number of bytes."""
    freed = 0
    for one in found:
        if _used(_mark(one.kind, one.path)) == one.used and _delete(one):
            freed += one.size
    return freed


def _environments() -> Iterator[Unused]:
    return (_seen("environment", one.folder) for one in environments.all_of_them())


def _half_made() -> Iterator[Unused]:
    return (_seen("half-made", folder) for folder in environments.half_made())


def _sources() -> Iterator[Unused]:
    return (_seen("source", place) for place in sources().places())


def _objects() -> Iterator[Unused]:
    root = Path(str(mlconf.home), "cache", "objects")
    return (_seen("object", path) for path in sorted(root.rglob("*")) if path.is_file())


def _seen(kind: str, path: Path) -> Unused:
    size = sum(item.lstat().st_size for item in (path, *path.rglob("*")) if not item.is_dir())
    return Unused(kind, path, size, _used(_mark(kind, path)))


def _mark(kind: str, path: Path) -> Path:
    """The file or folder whose time says when it was used."""
    return path / environments.COMPLETE if kind == "environment" else path


def _used(mark: Path) -> datetime.datetime:
    try:
        return datetime.datetime.fromtimestamp(mark.stat().st_mtime, datetime.timezone.utc)
    except FileNotFoundError:  # somebody else has deleted it
        return datetime.datetime.max.replace(tzinfo=datetime.timezone.utc)


def _named(db: RunDB) -> set[str]:
    """The names of environments that are in use."""
    pods = os.path.join(str(mlconf.home), "pods")
    of_pods = [PodFolder(os.path.join(pods, name)).record.image for name in pod_names(pods)]
    functions = db.list_functions(project="*")
    of_functions = [
        str(one.get("spec", {}).get("image") or "") for one in functions if one["metadata"].get("tag")
    ]
    return {image.removeprefix(environments.PREFIX) for image in (*of_pods, *of_functions)}


def _delete(one: Unused) -> bool:
    if one.kind == "source":
        return sources().drop(one.path.name)
    if one.kind == "half-made":
        return drop_half_made(one.path)
    if one.kind == "object":
        one.path.unlink(missing_ok=True)
        return True
    temporary = files.temporary_name(str(one.path))  # so that nobody sees half of it
    os.rename(one.path, temporary)
    shutil.rmtree(temporary)
    return True
