"""Which bytes may be deleted: those that were written here, and that no other record names."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from mlrun import urls
from mlrun.config import mlconf
from mlrun.db.base import RunDB

HASH = re.compile(r"[0-9a-f]{40}")
UID = re.compile(r"[0-9a-f]{32}")
_NOT_NAMES = ("inline", "schema", "header", "src_path")  # of the spec: what is in them names no bytes
_AT_ONCE = 500  # records
Record = dict[str, Any]


class Version(NamedTuple):
    """Which version a record is."""

    project: str
    db_key: str
    iter: int
    tree: str
    uid: str


def version_of(record: Record) -> Version:
    metadata, spec = record.get("metadata") or {}, record.get("spec") or {}
    key = spec.get("db_key") or metadata.get("key") or ""
    tree, uid = metadata.get("tree") or "", metadata.get("uid") or ""
    return Version(metadata.get("project") or "", key, metadata.get("iter") or 0, tree, uid)


def all_artifacts(db: RunDB) -> Iterator[Record]:
    """Every version of every project."""
    token: str | None = ""
    while token is not None:
        asked: Record = {"page_token": token} if token else {"page_size": _AT_ONCE}
        page, token = db.paginated_list_artifacts("", project="*", tag="*", **asked)
        yield from page


def named_by(record: Record) -> Iterator[str]:
    """Every address that an artifact's record names: its own bytes, its extra data, whatever else."""
    spec = record.get("spec") or {}
    yield from filter(None, map(comparable, texts({k: v for k, v in spec.items() if k not in _NOT_NAMES})))


def comparable(address: str) -> str:
    """*address* so that equal places are equal texts; empty for what is no full address."""
    scheme = urls.scheme(address)
    if scheme in ("", "file"):
        path = address.partition("://")[2] if scheme else address
        return os.path.realpath(path) if os.path.isabs(path) and "\0" not in path else ""
    return f"{scheme}://{address.partition('://')[2].rstrip('/')}"


def overlaps(one: str, other: str) -> bool:
    """Whether one of two comparable addresses is the other, or lies in it."""
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def is_inside(address: str, places: Iterable[str]) -> bool:
    """Whether the comparable *address* lies in one of *places*, and is none of them; links are followed."""
    if urls.scheme(address):
        path = address.partition("://")[2]
        if posixpath.normpath(f"/{path}") != f"/{path}" or "%" in path:
            return False
    roots = [root.rstrip("/") for place in places if (root := comparable(place))]
    return any(address.startswith(f"{root}/") for root in roots)


def own_places() -> list[str]:
    """The setting ``artifact_path``, up to its first template."""
    path = str(mlconf.artifact_path or "").partition("{{")[0]
    return [path] if comparable(path) and comparable(path) != "/" else []


def has_our_name(address: str, record: Record) -> bool:
    """Whether the address has the run's uid as a folder, or the hash of the bytes as its name."""
    metadata = record.get("metadata") or {}
    uri = str(((record.get("spec") or {}).get("producer") or {}).get("uri") or "")
    run = uri.rpartition("/")[2].partition("-")[0]
    *folders, name = address.rstrip("/").split("/")
    tree = metadata.get("tree")
    # Not any folder that a record claims to be its tree: it might be "etc".
    uids = {str(uid) for uid in (tree, run) if uid and UID.fullmatch(str(uid).replace("-", ""))}
    return not uids.isdisjoint(folders) or is_by_hash(name, metadata)


def is_by_hash(name: str, metadata: Record) -> bool:
    stem = name.partition(".")[0]
    return bool(HASH.fullmatch(stem)) and stem == metadata.get("hash")


def texts(value: Any) -> Iterator[str]:
    """Every text in a record, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
