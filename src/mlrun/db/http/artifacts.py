"""Artifacts over HTTP; one that has to wait gets its uid here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlrun import urls
from mlrun.db import times
from mlrun.db.base import Labels, Record
from mlrun.db.http.delivery import Delivery, json_of, only_given, place
from mlrun.db.http.runs import deleted
from mlrun.db.journal import Message
from mlrun.db.sql import records
from mlrun.db.sql.versions import ANY_TAG, CATEGORIES, LATEST, wanted_by
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotImplementedServerError
from mlrun.model.base import dump_json
from mlrun.model.query import label_list

if TYPE_CHECKING:
    from mlrun.model.lists import ArtifactList

_NOT_CONTENT = ("uid", "created", "updated")  # of the metadata
_STRATEGIES = ("metadata-only", "data-optional", "data-force")


class Artifacts(Delivery):
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
        record = _checked(urls.check_key(key), artifact, iter, project, tree)
        tag = urls.check_key(tag or LATEST, "tag")
        metadata = record["metadata"]
        metadata["uid"] = uid or _content_uid(record, f"artifact {key}")
        scope = metadata["project"]
        params = only_given(
            tree=metadata["tree"], tag=tag, iter=metadata["iter"], object__uid=metadata["uid"]
        )
        body = records.dump(record, f"artifact {key}").encode()
        path = f"v2/{place(scope, 'artifacts', key)}"
        answer = self._write(Message("PUT", path, params, body, about=f"artifact {scope}/{key}"))
        if answer is not None:
            stored: Record = json_of(answer)
            return stored
        now = times.now()
        metadata |= {"created": metadata.get("created") or now, "updated": now, "tag": tag}
        return records.load(records.dump(record, f"artifact {key}"))

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
        scope = project or records.default_project()
        params = only_given(tag=tag, iter=iter, tree=tree, object__uid=uid, format=format_ or "full")
        record: Record = self._get(f"v2/{place(scope, 'artifacts', key)}", params)
        return record

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
        **kwargs: Any,
    ) -> ArtifactList:
        from mlrun.model.lists import ArtifactList

        records.refuse_unknown(kwargs, self.list_artifacts)
        if best_iteration and iter is not None:
            raise MLRunInvalidArgumentError(
                f"best_iteration=True finds the best of all iterations; leave out iter={iter}"
            )
        params = only_given(
            name=name,
            tag=tag or (ANY_TAG if tree or uid else LATEST),
            label=label_list(labels),
            since=times.of_caller(since, "since"),
            until=times.of_caller(until, "until"),
            iter=iter,
            best__iteration="True" if best_iteration else "False",
            kind=kind,
            category=records.one_of(str(category), CATEGORIES, "category") if category else None,
            tree=tree,
            object__uid=uid,
            format=format_ or "full",
            limit=limit or None,
        )
        path = f"v2/{place(project or '*', 'artifacts')}"
        return ArtifactList(self._pages(path, "artifacts", params, limit or 0))

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
            raise MLRunNotImplementedServerError(
                f"deletion_strategy={deletion_strategy!r} is not built yet; 'metadata-only' deletes the"
                " record, and get_dataitem(target_path).delete() the data"
            )
        scope = project or records.default_project()
        params = only_given(
            key=key, tag=tag, tree=tree, object__uid=uid, iter=iter, deletion_strategy=deletion_strategy
        )
        self._ask(Message("DELETE", f"v2/{place(scope, 'artifacts', key)}", params), is_safe=True)

    def del_artifacts(
        self,
        name: str = "",
        project: str = "",
        tag: str = "",
        labels: Labels = None,
        days_ago: int = 0,
        tree: str | None = None,
    ) -> int:
        wanted = label_list(labels)
        times.days_before_now(days_ago or 0)
        if not (name or (project and project != "*") or tag or wanted or days_ago or tree):
            raise MLRunInvalidArgumentError(
                "del_artifacts() needs a filter: name, project, tag, labels, days_ago or tree;"
                ' tag="*" means all'
            )
        params = only_given(name=name, tag=tag, label=wanted, days_ago=days_ago or None, tree=tree)
        message = Message("DELETE", f"v2/{place(project or '*', 'artifacts')}", params)
        return deleted(self._ask(message, is_safe=True))

    def list_artifact_tags(self, project: str = "", category: str | None = None) -> list[str]:
        if category:
            records.one_of(str(category), CATEGORIES, "category")
        path = f"v1/{place(project or '*', 'artifact-tags')}"
        tags: list[str] = self._get(path, only_given(category=category))["tags"]
        return tags

    def tag_artifacts(
        self, artifacts: list[Record] | Record, project: str = "", tag_name: str = "", replace: bool = False
    ) -> None:
        urls.check_key(tag_name, "tag")
        self._tag("POST" if replace else "PUT", artifacts, project, tag_name)

    def delete_artifacts_tags(
        self, artifacts: list[Record] | Record, project: str = "", tag_name: str = ""
    ) -> None:
        self._tag("DELETE", artifacts, project, tag_name)

    def _tag(self, method: str, artifacts: list[Record] | Record, project: str, tag: str) -> None:
        many = artifacts if isinstance(artifacts, list | tuple) else [artifacts]
        by_project: dict[str, list[Record]] = {}
        for artifact in many:
            record = records.as_record(artifact, "an artifact")
            wanted = wanted_by(record, project)
            identifier = {
                "kind": record.get("kind") or "artifact",
                "key": wanted.key,
                "iter": wanted.iter,
                "uid": wanted.uid or None,
                "producer_id": wanted.tree or None,
            }
            by_project.setdefault(wanted.project, []).append(identifier)
        for scope, identifiers in by_project.items():
            body = dump_json({"kind": "artifact", "identifiers": identifiers})
            self._ask(Message(method, f"v1/{place(scope, 'tags', tag)}", body=body), is_safe=True)


def _checked(db_key: str, artifact: Record, iter: int | None, project: str, tree: str | None) -> Record:
    """A copy of *artifact* with its key in it."""
    what = f"artifact {db_key}"
    record = records.load(records.dump(records.as_record(artifact, "an artifact"), what))
    metadata = records.part(record, "metadata", what)
    metadata.pop("tag", None)
    metadata |= {
        "key": metadata.get("key") or db_key,
        "project": project or metadata.get("project") or records.default_project(),
        "iter": records.iteration(metadata.get("iter") if iter is None else iter),
        "tree": tree or metadata.get("tree") or "",
    }
    records.labels_of(metadata, what)
    spec = records.part(record, "spec", what)
    return record | {"metadata": metadata, "spec": {**spec, "db_key": spec.get("db_key") or db_key}}


def _content_uid(record: Record, what: str) -> str:
    """As a database of ours would give it, so that the same content is the same version."""
    metadata = {key: value for key, value in record["metadata"].items() if key not in _NOT_CONTENT}
    return records.digest({**record, "metadata": metadata}, what)
