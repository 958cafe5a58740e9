"""What a run has read, with a digest of it as cheap as it can be: for its lineage."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mlrun.errors import MLRunBaseError
from mlrun.model.artifact import ArtifactMetadata, store_url
from mlrun.urls import scheme, without_secrets

if TYPE_CHECKING:
    from mlrun.datastore import DataItem

HASHED = 1 << 20  # bytes; a local file of at most so many is hashed, of a larger one size and time are noted
_NOT_ASKED = ("http", "https")  # whose servers may be slow to say what a file is before it is wanted


def note(sources: list[dict[str, Any]], name: str, items: Any) -> None:
    """Put what the input *name* was bound to into *sources*, in place of what it was before."""
    read = [source_of(name, item) for name, item in _flat(name, items)]
    names = {source["name"] for source in read}
    sources[:] = [source for source in sources if source["name"] not in names] + read


def source_of(name: str, item: DataItem) -> dict[str, Any]:
    """
    Of an artifact its address with its uid, and the hash in its record. Of a local file the SHA-1 up to 1 MB,
    above it size and time of change; of a file in an object store these and its etag. Of anything else the
    address.
    """
    if item.meta and "metadata" in item.meta:
        metadata = ArtifactMetadata.from_dict(item.meta["metadata"])
        db_key = item.meta.get("spec", {}).get("db_key", "")
        address = store_url(item.meta.get("kind", ""), metadata, db_key)
        artifact = {"name": name, "url": item.artifact_url, "artifact": str(address)}
        return {**artifact, "hash": metadata.hash} if metadata.hash else artifact
    url = item.url if scheme(item.url) else os.path.abspath(item.url)  # who reads it later is elsewhere
    return {"name": name, "url": without_secrets(url), **_digest(item)}


def _flat(name: str, items: Any) -> Iterator[tuple[str, DataItem]]:
    if type(items) is dict:  # an item of an artifact is a mapping too
        for key, value in items.items():
            yield from _flat(f"{name}[{key}]", value)
    elif isinstance(items, list):
        for number, value in enumerate(items):
            yield from _flat(f"{name}[{number}]", value)
    else:
        yield name, items


def _digest(item: DataItem) -> dict[str, Any]:
    if item.kind in _NOT_ASKED:
        return {}
    try:
        stats = item.stat()
        if stats.size is not None and stats.size <= HASHED and _is_local_file(item):
            from mlrun.artifacts.content import hash_file

            return {"hash": hash_file(item.local())}
    except (MLRunBaseError, OSError):  # who reads it is told what is wrong with it
        return {}
    modified = stats.modified.isoformat() if stats.modified else None
    known = {"etag": stats.etag, "size": stats.size, "modified": modified}
    return {key: value for key, value in known.items() if value is not None}


def _is_local_file(item: DataItem) -> bool:
    return item.kind == "file" and os.path.isfile(item.local())
