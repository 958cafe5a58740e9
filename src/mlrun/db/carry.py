"""Every record from one home to another through the port, where one of them is behind an API server."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Optional

from mlrun.db import carry_history
from mlrun.db.base import Record, RunDB
from mlrun.db.carry_history import NOT_KEPT
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.model.base import dump_json

PAGE = 500  # records in memory at once
THREADS = 8  # that read and write logs and metrics
Key = tuple[Any, ...]
Page = tuple[list[Record], Optional[str]]


class Carried(NamedTuple):
    """What became of one kind of records."""

    table: str
    rows: int  # in the source
    written: int  # the others were there already
    others: int  # that only the target has
    digest: str  # of the source's records, and the same of the target's
    note: str = ""  # what could not be copied, and why


class _Kind(NamedTuple):
    """How one kind of records is walked through, known, compared and written."""

    name: str
    page: Callable[[RunDB, str | None], Page]  # of a token, or the first; newest first
    key_of: Callable[[Record], Key]
    unlike: tuple[str, ...]  # of the metadata: what each home says for itself
    write: Callable[[RunDB, RunDB, list[Record]], None]  # (source, target, oldest first)


def carry(source: RunDB, target: RunDB) -> list[Carried]:
    """
    Copy what the port gives: runs with logs and metrics, artifacts and functions with versions and tags,
    projects, schedules, the public part of datastore profiles. A page is in memory at once.

    A record of the source replaces the one of the same key in the target; what only the target has stays. It
    may be stopped and repeated at any time: what is there already is not written again.

    Raises:
        MLRunConflictError: At the end they differ: somebody wrote to one of them meanwhile, or the series of
            metrics of a run in the target is not the beginning of the source's.
        MLRunServiceUnavailableError: A server went away; repeat it.
    """
    if source.url == target.url:
        raise MLRunInvalidArgumentError(f"{source.url} can not be copied to itself")
    source.connect()
    target.connect()
    carried = [_carried(source, target, kind) for kind in _KINDS]
    carried.append(_part("logs", carry_history.copy_logs, source, target))
    carried.append(_part("metrics", carry_history.copy_metrics, source, target))
    tags = carry_history.copy_tags(source, target, _projects(source))
    carried.append(Carried("artifact tags", tags[0], tags[1], 0, tags[2]))
    tags = carry_history.copy_function_tags(source, target, _every(source, _KINDS[1]))
    carried.append(Carried("function tags", tags[0], tags[1], 0, tags[2]))
    return [*carried, _secrets(source, target)]


def _part(name: str, copy: Callable[..., tuple[int, int, str]], source: RunDB, target: RunDB) -> Carried:
    try:
        rows, written, digest = copy(source, target, _every(source, _KINDS[2]), THREADS)
    except NOT_KEPT as error:
        return Carried(name, 0, 0, 0, "", f"not copied: {error}")
    return Carried(name, rows, written, 0, digest)


def _carried(source: RunDB, target: RunDB, kind: _Kind) -> Carried:
    try:
        before = _digests(target, kind)
    except NOT_KEPT:
        return Carried(kind.name, 0, 0, 0, "", f"{target.url} keeps none")
    written = 0
    try:
        for page in _oldest_first(source, kind):
            changed = [one for one in page if before.get(_id(kind, one)) != _digest(kind, one)]
            if changed:
                kind.write(source, target, changed)
                written += len(changed)
    except NOT_KEPT as error:
        return Carried(kind.name, 0, 0, 0, "", f"{source.url} keeps none ({error})")
    return _compared(source, target, kind, written)


def _compared(source: RunDB, target: RunDB, kind: _Kind, written: int) -> Carried:
    here, there = _digests(source, kind), _digests(target, kind)
    wrong = [key for key, digest in here.items() if there.get(key) != digest]
    if wrong:
        raise MLRunConflictError(
            f"{len(wrong)} {kind.name} of {source.url} and {target.url} differ after copying: somebody"
            " wrote to one of them meanwhile; repeat it, and it copies what is missing"
        )
    whole = hashlib.sha256(b"".join(sorted(key + digest for key, digest in here.items())))
    return Carried(kind.name, len(here), written, len(there.keys() - here.keys()), whole.hexdigest())


def _digests(db: RunDB, kind: _Kind) -> dict[bytes, bytes]:
    """Of each record its key and its content, 16 bytes each."""
    return {_id(kind, one): _digest(kind, one) for page in _pages(db, kind) for one in page}


def _id(kind: _Kind, record: Record) -> bytes:
    return hashlib.blake2b(repr(kind.key_of(record)).encode("utf-8", "replace"), digest_size=16).digest()


def _digest(kind: _Kind, record: Record) -> bytes:
    metadata = {k: v for k, v in (record.get("metadata") or {}).items() if k not in kind.unlike}
    like = {k: v for k, v in record.items() if k not in kind.unlike} | (
        {"metadata": metadata} if metadata else {}
    )
    return hashlib.blake2b(_sorted(like), digest_size=16).digest()


def _sorted(record: Record) -> bytes:
    import json

    return json.dumps(json.loads(dump_json(record)), sort_keys=True).encode()


def _pages(db: RunDB, kind: _Kind) -> Iterator[list[Record]]:
    rows, token = kind.page(db, None)
    yield rows
    while token:
        rows, token = kind.page(db, token)
        yield rows


def _oldest_first(db: RunDB, kind: _Kind) -> Iterator[list[Record]]:
    """So that the target has them in the order in which they came; listings go back in time only."""
    tokens: list[str | None] = [None]
    while token := kind.page(db, tokens[-1])[1]:
        tokens.append(token)
    for token in reversed(tokens):
        yield kind.page(db, token)[0][::-1]


def _page_of_runs(db: RunDB, token: str | None) -> Page:
    return db.paginated_list_runs(iter=True, page_size=PAGE, page_token=token)


def _page_of_artifacts(db: RunDB, token: str | None) -> Page:
    return db.paginated_list_artifacts(tag="*", page_size=PAGE, page_token=token)


def _page_of_functions(db: RunDB, token: str | None) -> Page:
    return db.paginated_list_functions(page_size=PAGE, page_token=token)


def _all_projects(db: RunDB, token: str | None) -> Page:
    """Those that are stored; one that only holds records comes with them."""
    found = []
    for project in db.list_projects():
        try:
            found.append(db.get_project(project["metadata"]["name"]))
        except MLRunNotFoundError:
            continue
    return found, None


def _all_schedules(db: RunDB, token: str | None) -> Page:
    return [schedule for name in _projects(db) for schedule in db.list_schedules(name)["schedules"]], None


def _all_profiles(db: RunDB, token: str | None) -> Page:
    return [profile for name in _projects(db) for profile in db.list_datastore_profiles(name)], None


def _projects(db: RunDB) -> list[str]:
    return sorted(db.list_projects(format_="name_only"))


def _key_of_run(run: Record) -> Key:
    metadata = run["metadata"]
    return metadata.get("project"), metadata.get("uid"), metadata.get("iteration") or 0


def _key_of_artifact(artifact: Record) -> Key:
    metadata = artifact["metadata"]
    key = artifact.get("spec", {}).get("db_key") or metadata.get("key")
    return metadata.get("project"), key, metadata.get("iter") or 0, metadata.get("tree"), metadata.get("uid")


def _key_of_function(function: Record) -> Key:
    metadata = function["metadata"]
    return metadata.get("project"), metadata.get("name"), metadata.get("hash")


def _key_of_project(project: Record) -> Key:
    return (project["metadata"]["name"],)


def _key_of_part(part: Record) -> Key:
    return part.get("project"), part.get("name")


def _write_runs(source: RunDB, target: RunDB, runs: list[Record]) -> None:
    try:
        target.store_runs(runs)
    except MLRunConflictError:
        for run in runs:
            _replace_run(source, target, run)


def _replace_run(source: RunDB, target: RunDB, run: Record) -> None:
    """A run that has ended in another way there goes first, with what belongs to it."""
    project, uid, iteration = _key_of_run(run)
    try:
        target.store_run(run, uid, project, iteration)
    except MLRunConflictError:
        target.del_run(uid, project, iteration)
        family = [run] if iteration else source.list_runs(uid=[uid], project=project, iter=True)
        target.store_runs(family)


def _write_artifacts(source: RunDB, target: RunDB, artifacts: list[Record]) -> None:
    for artifact in artifacts:
        project, key, iteration, tree, uid = _key_of_artifact(artifact)
        target.store_artifact(key, artifact, uid, iteration, project=project, tree=tree)


def _write_functions(source: RunDB, target: RunDB, functions: list[Record]) -> None:
    for function in functions:
        project, name, _ = _key_of_function(function)
        target.store_function(function, name, project, function["metadata"].get("tag") or "", versioned=True)


def _write_projects(source: RunDB, target: RunDB, projects: list[Record]) -> None:
    for project in projects:
        target.store_project(project["metadata"]["name"], project)


def _write_schedules(source: RunDB, target: RunDB, schedules: list[Record]) -> None:
    for schedule in schedules:
        given = {name: value for name, value in schedule.items() if name not in _OF_ITS_HOME}
        try:
            target.update_schedule(schedule["project"], schedule["name"], given)
        except MLRunNotFoundError:
            target.create_schedule(schedule["project"], given)


def _write_profiles(source: RunDB, target: RunDB, profiles: list[Record]) -> None:
    for profile in profiles:
        target.store_datastore_profile(dict(profile), profile["project"])


_OF_ITS_HOME = ("creation_time", "next_run_time", "last_run_uri", "last_run", "state", "update_time")
_TIMES = ("created", "updated")
_KINDS = (
    _Kind("projects", _all_projects, _key_of_project, ("kind", "status", *_TIMES), _write_projects),
    _Kind("functions", _page_of_functions, _key_of_function, ("updated", "tag", "hash"), _write_functions),
    _Kind("runs", _page_of_runs, _key_of_run, (), _write_runs),
    _Kind("artifacts", _page_of_artifacts, _key_of_artifact, ("created", "updated", "tag"), _write_artifacts),
    _Kind("schedules", _all_schedules, _key_of_part, _OF_ITS_HOME, _write_schedules),
    _Kind("datastore profiles", _all_profiles, _key_of_part, ("private", "id"), _write_profiles),
)


def _every(db: RunDB, kind: _Kind) -> Iterator[Record]:
    for page in _pages(db, kind):
        yield from page


def _secrets(source: RunDB, target: RunDB) -> Carried:
    """What is missing is named: values are given out by no server."""
    missing, count = [], 0
    try:
        for project in _projects(source):
            keys = source.list_project_secret_keys(project)["secret_keys"]
            count += len(keys)
            there = target.list_project_secret_keys(project)["secret_keys"] if keys else []
            missing += [f"{project}: {key}" for key in keys if key not in there]
    except NOT_KEPT as error:
        return Carried("secrets", count, 0, 0, "", f"not looked at: {error}")
    note = f"not copied, for their values are given to nobody; create them there: {', '.join(missing)}"
    return Carried("secrets", count, 0, 0, "", note if missing else "")
