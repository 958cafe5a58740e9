"""Functions: versions by their hash, and tags that move from one to the next."""

from __future__ import annotations

from typing import Any

from mlrun.db import records, times
from mlrun.db.base import Labels, Record
from mlrun.db.sql.tables import Tables, owner_and_labels, store_labels
from mlrun.db.sql.where import NO_LIMIT, Where
from mlrun.errors import MLRunNotFoundError
from mlrun.model.query import FunctionQuery, label_list
from mlrun.urls import FunctionURL, check_key

_LATEST = "latest"
_ANY_TAG = "*"
_KEY = "project = :project AND owner.name = :name AND hash = :hash"
_STORE = """
INSERT INTO functions (project, name, hash, search, updated, kind, state, body)
VALUES (:project, :name, :hash, :search, :updated, :kind, :state, :body)
ON CONFLICT (name, project, hash) DO UPDATE SET
    updated = excluded.updated, kind = excluded.kind, state = excluded.state, body = excluded.body
"""
_PUT_TAG = """
INSERT INTO function_tags (tag, project, name, owner_id) VALUES (:tag, :project, :name, :owner)
ON CONFLICT (tag, project, name) DO UPDATE SET owner_id = excluded.owner_id
"""
# The tag to show where none was asked for: one that a person gave, else latest.
_OWN_TAG = f"""COALESCE(
    (SELECT MAX(tag) FROM function_tags WHERE owner_id = functions.id AND tag <> '{_LATEST}'),
    (SELECT MAX(tag) FROM function_tags WHERE owner_id = functions.id))"""

_TAGS = """
SELECT owner.project, owner.name, tags.tag, owner.hash
FROM functions AS owner JOIN function_tags AS tags ON tags.owner_id = owner.id
WHERE :every OR owner.project = :project
"""


class Functions(Tables):
    """The functions of the port."""

    def store_function(
        self, function: Record, name: str, project: str = "", tag: str = "", versioned: bool = False
    ) -> str:
        from mlrun.model.function import function_hash

        record = records.as_record(function, "a function")
        name, what = records.required(name, "the name of a function"), f"function {name}"
        metadata = records.part(record, "metadata", what)
        metadata.pop("tag", None)
        metadata |= {
            "name": name,
            "project": project or metadata.get("project") or records.default_project(),
            "updated": times.now(),
        }
        record["metadata"] = metadata
        metadata["hash"] = function_hash(records.load(records.dump(record, what)))
        labels = records.labels_of(metadata, what)
        values = metadata | {"search": name.casefold(), "body": records.dump(record, what)}
        values = {key: values[key] for key in ("project", "name", "hash", "search", "updated", "body")}
        values |= kind_and_state(record)
        tag = check_key(tag or _LATEST, "tag")
        with self._write(f"functions/{values['project']}/{name}") as connection:
            connection.execute(_STORE, values)
            owner, before = owner_and_labels(connection, "functions", "function_labels", _KEY, values)
            store_labels(connection, "function_labels", owner, labels, before)
            connection.execute(_PUT_TAG, values | {"tag": tag, "owner": owner})
        return str(metadata["hash"])

    def get_function(self, name: str, project: str = "", tag: str = "", hash_key: str = "") -> Record:
        project = project or records.default_project()
        tag = "" if hash_key else tag or _LATEST
        with self._read() as connection:
            where = Where(connection, "functions")
            where.add("project = :project AND name = :name", project=project, name=name)
            where.equal("hash", hash_key)
            if tag:
                of_name = "tag = :tag AND project = :project AND name = :name"
                where.add(f"id IN (SELECT owner_id FROM function_tags WHERE {of_name})", tag=tag)
            sql = f"SELECT body, {_OWN_TAG} FROM functions WHERE {where}"
            found = connection.execute(sql, where.values).fetchone()
        if not found:
            raise MLRunNotFoundError(f"no function {FunctionURL(project, name, tag, hash_key)}")
        return _tagged(found[0], tag or found[1])

    def has_function(self, name: str, project: str, hash_key: str) -> bool:
        values = {"project": project or records.default_project(), "name": name, "hash": hash_key}
        sql = "SELECT 1 FROM functions WHERE project = :project AND name = :name AND hash = :hash"
        with self._read() as connection:
            return connection.execute(sql, values).fetchone() is not None

    def list_functions(
        self,
        name: str = "",
        project: str = "",
        tag: str = "",
        labels: Labels = None,
        since: Any = None,
        until: Any = None,
        hash_key: str = "",
        kind: str | None = None,
        states: list[str] | None = None,
        format_: str | None = None,
        limit: int | None = None,
        offset: int = 0,
        **kwargs: Any,
    ) -> list[Record]:
        records.refuse_unknown(kwargs, self.list_functions)
        query = FunctionQuery(
            name=name or "",
            project=project or "",
            tag="" if tag == _ANY_TAG else tag or "",
            hash=hash_key or "",
            labels=label_list(labels),
            since=times.of_caller(since, "since"),
            until=times.of_caller(until, "until"),
            kind=kind or "",
            states=[str(getattr(state, "value", state)) for state in states or ()],
            limit=limit or 0,
            offset=offset or 0,
        )
        with self._read() as connection:
            where = Where(connection, "functions")
            where.project(query.project)
            where.name(query.name)
            where.equal("hash", query.hash)
            where.between("updated", query.since, query.until)
            where.equal("kind", query.kind)
            where.one_of("state", query.states)
            where.labels(query.labels, "function_labels")
            if query.tag:
                where.side("function_tags", "tag = :tag", tag=query.tag)
            shown = ":tag" if query.tag else _OWN_TAG
            sql = (
                f"SELECT body, {shown} FROM functions WHERE {where}"
                " ORDER BY updated DESC, id DESC LIMIT :limit OFFSET :offset"
            )
            limits = {"limit": query.limit if query.limit > 0 else NO_LIMIT, "offset": query.offset}
            found = connection.execute(sql, {**where.values, **limits}).fetchall()
        return [_tagged(body, tag) for body, tag in found]

    def list_function_tags(self, project: str = "") -> list[Record]:
        values = {"project": project, "every": project in ("", "*")}
        with self._read() as connection:
            found = connection.execute(_TAGS, values).fetchall()
        return [dict(zip(("project", "name", "tag", "hash"), row)) for row in sorted(found)]

    def delete_function(self, name: str, project: str = "") -> None:
        values = {"project": project or records.default_project(), "name": name}
        with self._write(f"functions/{values['project']}/{name}") as connection:
            connection.execute("DELETE FROM functions WHERE project = :project AND name = :name", values)


def kind_and_state(function: Record) -> dict[str, str]:
    """As they are searched."""
    status = function.get("status")
    state = status.get("state") if isinstance(status, dict) else None
    return {"kind": records.searchable(function.get("kind")), "state": records.searchable(state)}


def _tagged(body: str, tag: str | None) -> Record:
    record = records.load(body)
    if tag:
        record["metadata"]["tag"] = tag
    return record
