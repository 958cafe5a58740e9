"""Logs, metrics and tags from one home to another through the port: what belongs to other records."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from mlrun.db.base import Record, RunDB
from mlrun.errors import (
    MLRunConflictError,
    MLRunMethodNotAllowedError,
    MLRunNotFoundError,
    MLRunNotImplementedServerError,
)

PIECE = 1 << 20  # bytes of a log in memory at once
ROWS = 2000  # metrics of one write
LATEST = "latest"
# What a server that knows nothing of a kind of record answers.
NOT_KEPT = (MLRunNotFoundError, MLRunMethodNotAllowedError, MLRunNotImplementedServerError)


class Part(NamedTuple):
    """What became of the log or the metrics of one run."""

    size: int  # bytes or rows in the source
    is_written: bool
    digest: bytes


def copy_logs(source: RunDB, target: RunDB, runs: Iterable[Record], threads: int) -> tuple[int, int, str]:
    """The number of logs, of those that were written, and the digest of all."""
    parents = (run for run in runs if not run["metadata"].get("iteration"))
    return _all(parents, threads, lambda run: _copy_log(source, target, run))


def copy_metrics(source: RunDB, target: RunDB, runs: Iterable[Record], threads: int) -> tuple[int, int, str]:
    """The number of series, of those that were written, and the digest of all."""
    return _all(runs, threads, lambda run: _copy_metrics(source, target, run))


def _all(runs: Iterable[Record], threads: int, work: Callable[[Record], Part]) -> tuple[int, int, str]:
    count, written, whole = 0, 0, hashlib.sha256()
    given = iter(runs)
    with ThreadPoolExecutor(threads) as pool:
        while batch := list(itertools.islice(given, 100 * threads)):
            for part in pool.map(work, batch):
                count += part.size > 0
                written += part.is_written
                whole.update(part.digest)
    return count, written, whole.hexdigest()


def _copy_log(source: RunDB, target: RunDB, run: Record) -> Part:
    uid, project = run["metadata"]["uid"], run["metadata"].get("project", "")
    size = source.get_log_size(uid, project)
    there = target.get_log_size(uid, project)
    if not size and not there:
        return Part(0, False, b"")
    digest = _digest(source, uid, project, size)
    if there == size and _digest(target, uid, project, size) == digest:
        return Part(size, False, digest)
    goes_on = there < size and _digest(target, uid, project, there) == _digest(source, uid, project, there)
    start = there if goes_on else 0
    if not size:
        target.store_log(uid, project, b"", append=False)
    for at in range(start, size, PIECE):
        body = source.get_log(uid, project, at, min(PIECE, size - at))[1]
        target.store_log(uid, project, body, append=at > 0)
    if _digest(target, uid, project, size + 1) != digest:
        raise MLRunConflictError(
            f"the log of run {project}/{uid} differs in {target.url} after copying: somebody wrote to it"
            " meanwhile; repeat it"
        )
    return Part(size, True, digest)


def _digest(db: RunDB, uid: str, project: str, size: int) -> bytes:
    """Of the first *size* bytes."""
    found = hashlib.sha256()
    for at in range(0, size, PIECE):
        found.update(db.get_log(uid, project, at, min(PIECE, size - at))[1])
    return found.digest()


def _copy_metrics(source: RunDB, target: RunDB, run: Record) -> Part:
    metadata = run["metadata"]
    uid, project, iteration = metadata["uid"], metadata.get("project", ""), metadata.get("iteration") or 0
    rows = source.list_metrics(uid, project, iteration)
    if not rows:
        return Part(0, False, b"")
    there = target.list_metrics(uid, project, iteration)
    if rows[: len(there)] != there:
        raise MLRunConflictError(
            f"the metrics of run {project}/{uid} in {target.url} are others than in {source.url}, and what is"
            f" measured is not taken back: del_run({uid!r}, {project!r}) there, and copy again"
        )
    for at in range(len(there), len(rows), ROWS):
        target.store_metrics(uid, rows[at : at + ROWS], project, iteration)
    digest = hashlib.sha256(repr([sorted(row.items(), key=str) for row in rows]).encode()).digest()
    return Part(len(rows), len(rows) > len(there), digest)


def copy_tags(source: RunDB, target: RunDB, projects: list[str]) -> tuple[int, int, str]:
    """The number of tags on artifacts, of those that were put, and the digest of all."""
    count, written, whole = 0, 0, hashlib.sha256()
    for project in projects:
        for tag in source.list_artifact_tags(project):
            here, there = _tagged(source, project, tag), _tagged(target, project, tag)
            missing = [one for key, one in here.items() if key not in there]
            groups = {_group(key) for key in here}
            wrong = [one for key, one in there.items() if key not in here and _group(key) in groups]
            for batch in _batches(wrong):
                target.delete_artifacts_tags(batch, project, tag)
            for batch in _batches(missing):
                target.tag_artifacts(batch, project, tag)
            count += len(here)
            written += len(missing)
            whole.update(repr((project, tag, sorted(here, key=str))).encode())
            _check_tags(source, target, project, tag)
    return count, written, whole.hexdigest()


def _check_tags(source: RunDB, target: RunDB, project: str, tag: str) -> None:
    missing = _tagged(source, project, tag).keys() - _tagged(target, project, tag).keys()
    if missing:
        raise MLRunConflictError(
            f"tag {tag} of project {project} stands on other artifacts in {target.url} after copying:"
            " somebody moved it meanwhile; repeat it"
        )


def _tagged(db: RunDB, project: str, tag: str) -> dict[tuple[Any, ...], Record]:
    """What is needed of each artifact to tag it, by its key."""
    found: dict[tuple[Any, ...], Record] = {}
    for artifact in _pages(db, project, tag):
        metadata, spec = artifact["metadata"], artifact.get("spec", {})
        db_key = spec.get("db_key") or metadata.get("key")
        names = ("key", "project", "tree", "iter", "uid")
        short = {"kind": artifact.get("kind"), "metadata": {name: metadata.get(name) for name in names}}
        key = (db_key, metadata.get("iter") or 0, metadata.get("tree"), metadata.get("uid"))
        found[key] = short | {"spec": {"db_key": db_key}}
    return found


def _pages(db: RunDB, project: str, tag: str) -> Iterator[Record]:
    token = None
    while True:
        rows, token = db.paginated_list_artifacts(project=project, tag=tag, page_size=500, page_token=token)
        yield from rows
        if not token:
            return


def _group(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """Where a tag stands once: a key and an iteration."""
    return key[:2]


def _batches(artifacts: list[Record]) -> Iterator[list[Record]]:
    given = iter(artifacts)
    while batch := list(itertools.islice(given, 200)):
        yield batch


def copy_function_tags(source: RunDB, target: RunDB, functions: Iterable[Record]) -> tuple[int, int, str]:
    """
    Put the tags of functions where they stand in the source.

    Args:
        functions: Those of the source, each with the one tag that it shows: all that a server of MLRun tells.

    Returns:
        The number of tags, of those that moved, and the digest of all.
    """
    moved, tags = 0, sorted(_function_tags(source, functions))
    for project, name, tag, version in tags:
        if _version(target, project, name, tag) != version:
            function = source.get_function(name, project, hash_key=version)
            target.store_function(function, name, project, tag, versioned=True)
            moved += 1
    return len(tags), moved, hashlib.sha256(repr(tags).encode()).hexdigest()


def _function_tags(db: RunDB, functions: Iterable[Record]) -> set[tuple[str, str, str, str]]:
    """Of each tag the project, the name of the function, itself, and the version."""
    shown = [function["metadata"] for function in functions]
    names = sorted({(str(one.get("project")), str(one["name"])) for one in shown})
    try:
        rows = [row for project in sorted({project for project, _ in names}) for row in _own(db, project)]
    except NOT_KEPT:
        latest = [(*name, LATEST, _version(db, *name, LATEST)) for name in names]
        named = [(str(one.get("project")), one["name"], one.get("tag"), one.get("hash")) for one in shown]
        rows = [row for row in (*latest, *named) if row[2] and row[3]]
    return {(project, name, str(tag), str(version)) for project, name, tag, version in rows}


def _own(db: RunDB, project: str) -> Iterator[tuple[str, str, str, str]]:
    for row in db.list_function_tags(project):
        yield row["project"], row["name"], row["tag"], row["hash"]


def _version(db: RunDB, project: str, name: str, tag: str) -> str:
    """What *tag* stands on; empty where it does not."""
    try:
        return str(db.get_function(name, project, tag)["metadata"].get("hash") or "")
    except MLRunNotFoundError:
        return ""
