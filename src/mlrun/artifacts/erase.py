"""Deleting artifacts together with their bytes."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any, NamedTuple

from mlrun.artifacts import places
from mlrun.config import mlconf
from mlrun.datastore import get_store
from mlrun.datastore.base import Secrets
from mlrun.db.base import RunDB
from mlrun.errors import MLRunBaseError, MLRunInvalidArgumentError, MLRunNotFoundError, err_to_str
from mlrun.log import logger

FRESH = datetime.timedelta(
    hours=1
)  # equal bytes may be logged right now: a file that is named by its hash stays
Record = dict[str, Any]


class Kept(NamedTuple):
    """Bytes that are not deleted."""

    address: str
    why: str


class Plan(NamedTuple):
    """What deleting some versions would do."""

    records: list[Record]
    addresses: list[str]  # of files and folders that would be deleted
    kept: list[Kept]

    def __str__(self) -> str:
        lines = [f"deletes {len(self.records)} records and the bytes at:", *self.addresses]
        return "\n".join([*lines, *(f"keeps {kept.address}: {kept.why}" for kept in self.kept)])


def plan(db: RunDB, records: Iterable[Record], allowed: Iterable[str] | None = None) -> Plan:
    """
    What deleting the versions *records* with their bytes would do; nothing is deleted.

    Bytes are deleted where mlrun wrote them (below the setting ``artifact_path``, or in a folder of the run's
    uid, or by the name of their hash) and no other record, of any project, names them, what is around them or
    in them.

    Args:
        allowed: Folders and beginnings of addresses that the bytes have to be in, instead.
    """
    records = list(records)
    addresses: list[str] = []
    kept: list[Kept] = []
    going = {places.version_of(record) for record in records}
    targets = {target: record for record in records if (target := _target(record))}
    others = _other_names(db, going) if targets else set()
    for target, record in targets.items():
        why = _why_not(target, record, allowed, others)
        if why:
            kept.append(Kept(target, why))
        else:
            addresses.append(target)
    return Plan(records, addresses, kept)


def delete_artifact(
    db: RunDB,
    key: str,
    tag: str = "",
    project: str = "",
    tree: str | None = None,
    uid: str | None = None,
    iter: int | None = None,
    strategy: str = "data-optional",
    secrets: Secrets | None = None,
    allowed: Iterable[str] | None = None,
) -> Plan:
    """
    Delete the versions that match, with their bytes.

    With ``data-optional`` the records go first, and what happens to the bytes is logged. With ``data-force``
    the bytes go first; where they may not or can not be deleted, that is an error, and the records stay.
    What is going to be deleted is logged before.

    Raises:
        MLRunInvalidArgumentError: ``data-force``, and the bytes may not be deleted; nothing was.
        MLRunAccessDeniedError, MLRunRuntimeError: ``data-force``, and they can not be deleted.
    """
    found = plan(db, _versions(db, key, tag, project, tree, uid, iter), allowed)
    is_forced = strategy == "data-force"
    if found.kept and is_forced:
        raise MLRunInvalidArgumentError(
            f"the bytes of artifact {key!r} are not deleted, and so neither is its record: "
            + "; ".join(f"{kept.address} {kept.why}" for kept in found.kept)
            + " ('data-optional' deletes the record and leaves them, 'metadata-only' does so without looking)"
        )
    for kept in found.kept:
        logger.warning(f"the bytes at {kept.address} stay: this place {kept.why}")
    for address in found.addresses:
        logger.info(f"artifact {key!r} is deleted with the bytes at {address}")
    if is_forced:
        _delete_bytes(found, secrets, is_forced)
    _delete_records(db, found.records)
    if not is_forced:
        _delete_bytes(found, secrets, is_forced)
    return found


def _versions(
    db: RunDB,
    key: str,
    tag: str,
    project: str,
    tree: str | None,
    uid: str | None,
    iter: int | None,
) -> list[Record]:
    """As ``del_artifact`` means them: *key* is a ``db_key``, else the key that a user gave."""
    scope = project or str(mlconf.active_project or mlconf.default_project)
    every = "*" if not (tag or tree or uid) else tag
    found = db.list_artifacts(key, scope, tag=every, tree=tree, uid=uid, iter=iter)
    by_db_key = [record for record in found if places.version_of(record).db_key == key]
    return by_db_key or [record for record in found if record["metadata"].get("key") == key]


def _target(record: Record) -> str:
    spec = record.get("spec") or {}
    is_link = record.get("kind") == "link"  # its bytes are another's
    return "" if is_link else places.comparable(str(spec.get("target_path") or ""))


def _other_names(db: RunDB, going: set[places.Version]) -> set[str]:
    return {
        name
        for record in places.all_artifacts(db)
        if places.version_of(record) not in going and record.get("kind") != "link"
        for name in places.named_by(record)
    }


def _why_not(target: str, record: Record, allowed: Iterable[str] | None, others: set[str]) -> str:
    """Why the bytes may not be deleted; empty where they may."""
    if target == places.comparable(str(record["spec"].get("src_path") or "")):
        return "is where the file was before it was logged: mlrun did not write it"
    if allowed is not None:
        if not places.is_inside(target, allowed):
            return "is in none of the places that this server writes artifacts to"
    elif not places.is_inside(target, places.own_places()) and not places.has_our_name(target, record):
        return "is not below the setting artifact_path, and has no run's uid: mlrun may not have written it"
    if any(places.overlaps(target, other) for other in others):
        return "is named by another artifact's record"
    if places.is_by_hash(target.rpartition("/")[2], record.get("metadata") or {}) and _is_fresh(target):
        return (
            "is new and named by its hash: it may just be logged again ('mlrun clean --artifacts' finds it)"
        )
    return ""


def _is_fresh(target: str) -> bool:
    store, path = get_store(target)
    try:
        modified = store.stat(path).modified
    except MLRunNotFoundError:
        return False
    return modified is None or datetime.datetime.now(datetime.timezone.utc) - modified < FRESH


def _delete_bytes(found: Plan, secrets: Secrets | None, is_forced: bool) -> None:
    for address in found.addresses:
        store, path = get_store(address, secrets)
        try:
            store.rm(path, recursive=True)
        except MLRunBaseError as error:
            if is_forced:
                raise
            logger.warning(f"the bytes at {address} stay: {err_to_str(error)}")


def _delete_records(db: RunDB, records: list[Record]) -> None:
    for record in records:
        version = places.version_of(record)
        tree, uid = version.tree or None, version.uid or None
        db.del_artifact(version.db_key, project=version.project, tree=tree, uid=uid, iter=version.iter)
