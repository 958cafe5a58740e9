"""Artifacts: versions of keys, found by tag, tree (the run), iteration or uid, and through links."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mlrun import urls
from mlrun.db import records, times
from mlrun.db.base import Labels, Record
from mlrun.db.sql import versions
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.tables import Tables, owner_and_labels, store_labels
from mlrun.db.sql.where import NO_LIMIT, Where, escaped
from mlrun.db.wanted import ANY_TAG, CATEGORIES, LATEST, Wanted, wanted_by
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.query import ArtifactQuery, Partition, label_list, partition

if TYPE_CHECKING:
    from mlrun.model.lists import ArtifactList

_KEY = "project = :project AND db_key = :db_key AND iteration = :iteration AND version = :version"
_STORE = """
INSERT INTO artifacts (project, db_key, iteration, version, key, search, tree, uid, kind, category,
                       created, updated, producer, parent, body)
VALUES (:project, :db_key, :iteration, :version, :key, :search, :tree, :uid, :kind, :category,
        :created, :updated, :producer, :parent, :body)
ON CONFLICT (db_key, project, iteration, version) DO UPDATE SET
    key = excluded.key, search = excluded.search, tree = excluded.tree, uid = excluded.uid,
    kind = excluded.kind, category = excluded.category, updated = excluded.updated,
    producer = excluded.producer, parent = excluded.parent, body = excluded.body
"""
_NOT_CONTENT = ("uid", "created", "updated")  # of the metadata
_AFTER_KEY = ("", "#%", ":%", "@%", "^%")  # in an address
_STRATEGIES = ("metadata-only", "data-optional", "data-force")


class Artifacts(Tables):
    """The artifacts of the port."""

    def store_artifact(
        self,
        key: str,
        artifact: Record,
        uid: str | None = None,
        iter: int | None = None,
        tag: str = "",
        project: str = "",
        tree: str | None = None,
    ) -> Record:
        row = _Row(urls.check_key(key), artifact, uid, iter, project, tree)
        tags = dict.fromkeys((LATEST, urls.check_key(tag or LATEST, "tag")))
        with self._write(f"artifacts/{row.values['project']}/{key}") as connection:
            owner = row.store(connection)
            for name in tags:
                versions.put_tag(connection, owner, name, row.values)
        return versions.tagged(row.values["body"], tag or LATEST)

    def read_artifact(
        self,
        key: str,
        tag: str = "",
        iter: int | None = None,
        project: str = "",
        tree: str | None = None,
        uid: str | None = None,
        format_: str | None = None,
    ) -> Record:
        wanted = Wanted(project or records.default_project(), key, tag, iter, tree or "", uid or "")
        with self._read() as connection:
            return versions.read(connection, wanted)

    def list_artifacts(
        self,
        name: str = "",
        project: str = "",
        tag: str = "",
        labels: Labels = None,
        since: Any = None,
        until: Any = None,
        iter: int | None = None,
        best_iteration: bool = False,
        kind: str | None = None,
        category: str | None = None,
        tree: str | None = None,
        format_: str | None = None,
        limit: int | None = None,
        uid: str | None = None,
        parent: str | None = None,
        producer_uri: str | None = None,
        partition_by: str | None = None,
        rows_per_partition: int = 1,
        partition_sort_by: str | None = "updated",
        partition_order: str = "desc",
        offset: int = 0,
        **kwargs: Any,
    ) -> ArtifactList:
        from mlrun.model.lists import ArtifactList

        records.refuse_unknown(kwargs, self.list_artifacts)
        if best_iteration and iter is not None:
            raise MLRunInvalidArgumentError(
                f"best_iteration=True finds the best of all iterations; leave out iter={iter}"
            )
        query = ArtifactQuery(
            name=name or "",
            project=project or "",
            tag=tag or ("" if tree or uid else LATEST),
            labels=label_list(labels),
            since=times.of_caller(since, "since"),
            until=times.of_caller(until, "until"),
            iter=0 if best_iteration else iter,
            best_iteration=best_iteration,
            kind=kind or "",
            category=records.one_of(str(category), CATEGORIES, "category") if category else "",
            tree=tree or "",
            uid=uid or "",
            producer_uri=producer_uri or "",
            parent=parent or "",
            partition=partition(partition_by, rows_per_partition, partition_sort_by, partition_order),
            limit=limit or 0,
            offset=offset or 0,
        )
        with self._read() as connection:
            return ArtifactList(_list(connection, query))

    def del_artifact(
        self,
        key: str,
        tag: str = "",
        project: str = "",
        tree: str | None = None,
        uid: str | None = None,
        deletion_strategy: str = "metadata-only",
        secrets: Record | None = None,
        iter: int | None = None,
    ) -> None:
        if records.one_of(deletion_strategy, _STRATEGIES, "deletion strategy") != _STRATEGIES[0]:
            # By its name: this room knows records only, and bytes are above it.
            erase = importlib.import_module("mlrun.artifacts.erase")
            erase.delete_artifact(self, key, tag, project, tree, uid, iter, deletion_strategy, secrets)
            return
        anything = ANY_TAG if not (tag or tree or uid) else tag
        wanted = Wanted(project or records.default_project(), key, anything, iter, tree or "", uid or "")
        with self._write() as connection:
            versions.delete(connection, versions.find(connection, wanted))

    def del_artifacts(
        self,
        name: str = "",
        project: str = "",
        tag: str = "",
        labels: Labels = None,
        days_ago: int = 0,
        tree: str | None = None,
    ) -> int:
        before = times.days_before_now(days_ago) if days_ago else ""
        query = ArtifactQuery(project=project or "", tag=tag or "", labels=label_list(labels), until=before)
        query.tree = tree or ""
        with self._write() as connection:
            where = _where(connection, query)
            where.exact_name(name or "", ("key", "db_key"))
            if not where and tag != ANY_TAG:
                raise MLRunInvalidArgumentError(
                    "del_artifacts() needs a filter: name, project, tag, labels, days_ago or tree;"
                    ' tag="*" means all'
                )
            found = connection.execute(f"SELECT id FROM artifacts WHERE {where}", where.values).fetchall()
            return versions.delete(connection, [owner for (owner,) in found])

    def list_artifact_tags(self, project: str = "", category: str | None = None) -> list[str]:
        with self._read() as connection:
            where = Where(connection, "artifact_tags")
            where.project(project)
            if category:
                records.one_of(str(category), CATEGORIES, "category")
                of_category = "owner_id IN (SELECT id FROM artifacts WHERE category = :category)"
                where.add(of_category, category=category)
            sql = f"SELECT DISTINCT tag FROM artifact_tags WHERE {where} ORDER BY tag"
            return [tag for (tag,) in connection.execute(sql, where.values)]

    def tag_artifacts(
        self, artifacts: list[Record] | Record, project: str = "", tag_name: str = "", replace: bool = False
    ) -> None:
        urls.check_key(tag_name, "tag")
        all_wanted = _all_wanted(artifacts, project)
        with self._write() as connection:
            found = [versions.find_one(connection, wanted) for wanted in all_wanted]
            if replace:
                versions.drop_tag(connection, tag_name, {wanted.project for wanted in all_wanted})
            for owner in found:
                versions.put_tag(connection, owner, tag_name, versions.key_of(connection, owner))

    def delete_artifacts_tags(
        self, artifacts: list[Record] | Record, project: str = "", tag_name: str = ""
    ) -> None:
        with self._write() as connection:
            for wanted in _all_wanted(artifacts, project):
                values = [{"owner": owner, "tag": tag_name} for owner in versions.find(connection, wanted)]
                sql = "DELETE FROM artifact_tags WHERE owner_id = :owner AND tag = :tag"
                connection.cursor().executemany(sql, values)


class _Row:
    """One version of an artifact as a row of the table; making it checks it."""

    def __init__(
        self, db_key: str, artifact: Record, uid: str | None, iter: int | None, project: str, tree: str | None
    ) -> None:
        record = records.as_record(artifact, "an artifact")
        self.name = f"artifact {db_key}"
        record = records.load(records.dump(record, self.name))
        metadata = records.part(record, "metadata", self.name)
        metadata.pop("tag", None)
        metadata |= {
            "key": metadata.get("key") or db_key,
            "project": project or metadata.get("project") or records.default_project(),
            "iter": records.iteration(metadata.get("iter") if iter is None else iter),
            "tree": tree or metadata.get("tree") or "",
        }
        spec = records.part(record, "spec", self.name)
        record |= {"metadata": metadata, "spec": {**spec, "db_key": spec.get("db_key") or db_key}}
        metadata["uid"] = uid or _content_uid(record, self.name)
        self.record, self.metadata = record, metadata
        self.labels = records.labels_of(metadata, self.name)
        self.values: dict[str, Any] = {
            "project": metadata["project"],
            "db_key": db_key,
            "iteration": metadata["iter"],
            "version": metadata["tree"] or metadata["uid"],
            "key": metadata["key"],
            "search": f"{metadata['key']}\n{db_key}".casefold(),
            "tree": metadata["tree"],
            "uid": metadata["uid"],
            "kind": str(record.get("kind") or "artifact"),
            **belonging(record),
        }

    def store(self, connection: Connection) -> int:
        """Write it, and give the id of its row."""
        self._set_times(connection)
        self.values["category"] = versions.category_of(connection, self.record, self.values)
        self.values["body"] = records.dump(self.record, self.name)
        connection.execute(_STORE, self.values)
        owner, before = owner_and_labels(connection, "artifacts", "artifact_labels", _KEY, self.values)
        store_labels(connection, "artifact_labels", owner, self.labels, before)
        return owner

    def _set_times(self, connection: Connection) -> None:
        """``created`` stays what it was, where the record does not say another."""
        now = times.now()
        created = self.metadata.get("created")
        if not created:
            found = connection.execute(f"SELECT created FROM artifacts WHERE {_KEY}", self.values).fetchone()
            created = found[0] if found else now
        self.metadata |= {"created": created, "updated": now}
        self.values["created"] = times.of_record(created, f"metadata.created of {self.name}")
        self.values["updated"] = now


def _content_uid(record: Record, what: str) -> str:
    """Of all that does not change by storing it once more."""
    metadata = {key: value for key, value in record["metadata"].items() if key not in _NOT_CONTENT}
    return records.digest({**record, "metadata": metadata}, what)


def belonging(record: Record) -> dict[str, str]:
    """The addresses of what an artifact was made by and is a part of, as they are searched; or empty."""
    spec = record.get("spec")
    spec = spec if isinstance(spec, dict) else {}
    producer = spec.get("producer")
    producer = producer.get("uri") if isinstance(producer, dict) else None
    parent = spec.get("parent_uri")
    return {"producer": records.searchable(producer), "parent": records.searchable(parent)}


def _list(connection: Connection, query: ArtifactQuery) -> list[Record]:
    where = _where(connection, query)
    where.name(query.name, ("key", "db_key"))
    if query.partition.by:
        where.add(f"id IN ({_first_of_each(where, query.partition)})", keep=query.partition.rows)
    tag = ":asked" if query.tag not in ("", ANY_TAG) else versions.OWN_TAG
    sql = (
        f"SELECT body, {tag} FROM artifacts WHERE {where}"
        " ORDER BY updated DESC, id DESC LIMIT :limit OFFSET :offset"
    )
    limits = {"limit": query.limit if query.limit > 0 else NO_LIMIT, "offset": query.offset}
    values = {**where.values, **limits, "asked": query.tag}
    found = [versions.tagged(body, tag) for body, tag in connection.execute(sql, values).fetchall()]
    if not query.best_iteration:
        return found
    return [versions.follow(connection, record, lenient=True) for record in found]


def _first_of_each(where: Where, wanted: Partition) -> str:
    """A statement that gives the ids of the first rows of each key."""
    order = f"{wanted.sort_by} {wanted.order}, id {wanted.order}"
    group = "key" if wanted.by == "name" else "project, key"
    ranked = (
        f"SELECT id, ROW_NUMBER() OVER (PARTITION BY {group} ORDER BY {order}) AS place"
        f" FROM artifacts WHERE {where}"
    )
    return f"SELECT id FROM ({ranked}) AS ranked WHERE place <= :keep"


def _where(connection: Connection, query: ArtifactQuery) -> Where:
    where = Where(connection, "artifacts")
    where.project(query.project)
    where.equal("kind", query.kind)
    where.equal("category", query.category or versions.category_of_kind(query.kind))
    where.equal("tree", query.tree)
    where.equal("uid", query.uid)
    where.equal("iteration", query.iter)
    where.between("updated", query.since, query.until)
    where.labels(query.labels, "artifact_labels")
    where.equal("producer", query.producer_uri)
    _add_parent(where, query.parent)
    if query.tag not in ("", ANY_TAG):
        in_project = " AND project = :project" if "project" in where.values else ""
        project = {"project": where.values["project"]} if in_project else {}
        where.side("artifact_tags", f"tag = :tag{in_project}", tag=query.tag, **project)
    return where


def _add_parent(where: Where, parent: str) -> None:
    """Of the whole address, or of the key in it."""
    if "://" in parent:
        where.add("parent = :parent AND parent <> ''", parent=parent)
    elif parent:
        endings = {f"parent{number}": f"%/{escaped(parent)}{end}" for number, end in enumerate(_AFTER_KEY)}
        is_one = " OR ".join(rf"parent LIKE :{name} ESCAPE '\'" for name in endings)
        where.add(f"parent <> '' AND ({is_one})", **endings)


def _all_wanted(artifacts: list[Record] | Record, project: str) -> list[Wanted]:
    """The version that each of the records is."""
    many = artifacts if isinstance(artifacts, (list, tuple)) else [artifacts]
    return [wanted_by(records.as_record(artifact, "an artifact"), project) for artifact in many]
