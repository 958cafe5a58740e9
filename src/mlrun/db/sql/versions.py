"""Which version of an artifact is meant: by tag, tree, iteration and uid, and through links."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlrun.db import records
from mlrun.db.base import Record
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.where import Where
from mlrun.db.wanted import ANY_TAG, CATEGORIES, LATEST, Wanted, wanted_by
from mlrun.errors import MLRunNotFoundError

# The tag to show where none was asked for: one that a person gave, else latest.
OWN_TAG = f"""COALESCE(
    (SELECT MAX(tag) FROM artifact_tags WHERE owner_id = artifacts.id AND tag <> '{LATEST}'),
    (SELECT MAX(tag) FROM artifact_tags WHERE owner_id = artifacts.id))"""
_MOST_LINKS = 8  # in a row; more lead in a circle


def read(connection: Connection, wanted: Wanted) -> Record:
    """
    Raises:
        MLRunNotFoundError: There is none, or a link leads to none.
    """
    owner = find_one(connection, wanted)
    sql = f"SELECT body, {OWN_TAG} FROM artifacts WHERE id = :id"
    body, own_tag = connection.execute(sql, {"id": owner}).fetchone()
    asked = wanted.tag if wanted.tag not in ("", ANY_TAG) else ""
    by_default = "" if wanted.tree or wanted.uid or wanted.tag else LATEST
    return follow(connection, tagged(body, asked or by_default or own_tag))


def find_one(connection: Connection, wanted: Wanted) -> int:
    """
    The id of the best match: of a run rather than of its children, then the newest.

    Raises:
        MLRunNotFoundError: There is none.
    """
    found = find(connection, wanted)
    if not found:
        raise MLRunNotFoundError(f"no artifact {wanted}")
    return found[0]


def find(connection: Connection, wanted: Wanted) -> list[int]:
    """The ids of all that match, best first; *wanted.key* is a ``db_key``, else the key that a user gave."""
    for column in ("db_key", "key"):
        where = Where(connection, "artifacts")
        where.add(
            f"project = :project AND {column} = :{column}", project=wanted.project, **{column: wanted.key}
        )
        where.equal("iteration", wanted.iter)
        where.equal("tree", wanted.tree)
        where.equal("uid", wanted.uid)
        tag = wanted.tag or ("" if wanted.tree or wanted.uid else LATEST)
        if tag not in ("", ANY_TAG):
            of_key = f" AND {column} = :{column}" if column == "db_key" else ""
            tags = f"SELECT owner_id FROM artifact_tags WHERE tag = :tag AND project = :project{of_key}"
            where.add(f"id IN ({tags})", tag=tag)
        best = "CASE WHEN iteration = 0 THEN 0 ELSE 1 END, updated DESC, id DESC"
        sql = f"SELECT id FROM artifacts WHERE {where} ORDER BY {best}"
        if found := connection.execute(sql, where.values).fetchall():
            return [owner for (owner,) in found]
    return []


def tagged(body: str, tag: str | None) -> Record:
    """The record in *body* with the *tag* under which it was found."""
    record = records.load(body)
    if tag:
        record["metadata"]["tag"] = tag
    return record


def follow(connection: Connection, record: Record, lenient: bool = False) -> Record:
    """
    What the link *record* leads to; a record that is no link is itself.

    Args:
        lenient: A link that leads nowhere is itself, too.

    Raises:
        MLRunNotFoundError: It leads nowhere.
    """
    for _ in range(_MOST_LINKS):
        if record.get("kind") != "link":
            return record
        wanted = _target(record)
        found = find(connection, wanted)
        if not found and lenient:
            return record
        if not found:
            raise MLRunNotFoundError(f"no artifact {wanted}, to which {wanted_by(record)} links")
        (body,) = connection.execute("SELECT body FROM artifacts WHERE id = :id", {"id": found[0]}).fetchone()
        record = tagged(body, record["metadata"].get("tag"))
    raise MLRunNotFoundError(f"the links of {wanted_by(record)} lead in a circle")


def category_of(connection: Connection, record: Record, values: dict[str, Any]) -> str:
    """One of :data:`CATEGORIES`; of a link that of its target."""
    kind = values["kind"]
    if kind == "link":
        sql = "SELECT category FROM artifacts WHERE id = :id"
        for owner in find(connection, _target(record))[:1]:
            return str(connection.execute(sql, {"id": owner}).fetchone()[0])
    return category_of_kind(kind) or "other"


def category_of_kind(kind: str) -> str:
    """What *kind* alone says about it; empty for links and for no kind."""
    if kind in ("", "link"):
        return ""
    return kind if kind in CATEGORIES else "other"


def key_of(connection: Connection, owner: int) -> dict[str, Any]:
    names = ("project", "db_key", "iteration", "tree")
    sql = f"SELECT {', '.join(names)} FROM artifacts WHERE id = :owner"
    return dict(zip(names, connection.execute(sql, {"owner": owner}).fetchone()))


def put_tag(connection: Connection, owner: int, tag: str, key: dict[str, Any]) -> None:
    """
    Move *tag* to the version *owner*, which is *key*, from the one of its key and iteration that had it.

    A run's own version also takes it from the children of earlier runs, for theirs are no longer it.
    """
    values = {**key, "tag": tag, "owner": owner}
    connection.execute(
        "INSERT INTO artifact_tags (tag, project, db_key, iteration, owner_id)"
        " VALUES (:tag, :project, :db_key, :iteration, :owner)"
        " ON CONFLICT (tag, project, db_key, iteration) DO UPDATE SET owner_id = excluded.owner_id",
        values,
    )
    if key["iteration"] == 0:
        connection.execute(
            "DELETE FROM artifact_tags WHERE tag = :tag AND project = :project AND db_key = :db_key"
            " AND iteration > 0 AND (SELECT tree FROM artifacts WHERE id = owner_id) <> :tree",
            values,
        )


def drop_tag(connection: Connection, tag: str, projects: Iterable[str]) -> None:
    values = [{"tag": tag, "project": project} for project in projects]
    sql = "DELETE FROM artifact_tags WHERE tag = :tag AND project = :project"
    connection.cursor().executemany(sql, values)


def delete(connection: Connection, owners: list[int]) -> int:
    """Delete the versions; ``latest`` goes back to the newest that is left of each key and iteration."""
    for owner in owners:
        values = {"owner": owner, "tag": LATEST}
        had = connection.execute(
            "SELECT project, db_key, iteration FROM artifact_tags WHERE owner_id = :owner AND tag = :tag",
            values,
        ).fetchone()
        connection.execute("DELETE FROM artifacts WHERE id = :owner", values)
        if had:
            _tag_newest(connection, *had)
    return len(owners)


def _tag_newest(connection: Connection, project: str, db_key: str, iteration: int) -> None:
    newest = connection.execute(
        "SELECT id FROM artifacts WHERE project = :project AND db_key = :db_key AND iteration = :iteration"
        " ORDER BY updated DESC, id DESC LIMIT 1",
        {"project": project, "db_key": db_key, "iteration": iteration},
    ).fetchone()
    if newest:
        put_tag(connection, newest[0], LATEST, key_of(connection, newest[0]))


def _target(link: Record) -> Wanted:
    spec, own = records.part(link, "spec", "a link"), wanted_by(link)
    iteration = int(spec.get("link_iteration") or 0)
    return Wanted(
        own.project, spec.get("link_key") or own.key, "", iteration, spec.get("link_tree") or own.tree
    )
