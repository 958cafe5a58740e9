"""Artifacts over HTTP; one that has to wait gets its uid here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlrun import urls
from mlrun.db import records, times
from mlrun.db.base import Labels, Record
from mlrun.db.http import listings
from mlrun.db.http.delivery import Delivery
from mlrun.db.http.paths import json_of, only_given, place
from mlrun.db.http.runs import deleted
from mlrun.db.http.wire import AWAY
from mlrun.db.messages import Message
from mlrun.db.wanted import ANY_TAG, CATEGORIES, LATEST, Wanted, wanted_by
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.base import dump_json, load_json
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
        name = about(scope, key)
        answer = self._write(Message("PUT", path, params, body, about=name))
        if answer is not None:
            stored: Record = json_of(answer)
        else:
            now = times.now()
            metadata |= {"created": metadata.get("created") or now, "updated": now, "tag": tag}
            stored = records.load(records.dump(record, f"artifact {key}"))
        self._own.keep(f"{name} {metadata['uid']} {metadata['tree']} {metadata['iter']}", dump_json(stored))
        return stored

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
        params = only_given(tag=tag, iter=iter, tree=tree, object__uid=uid, format=format_ or "full")
        try:
            record: Record = self._get(f"v2/{place(wanted.project, 'artifacts', key)}", params)
        except AWAY:
            known = self._known_artifact(wanted)
            if known is None:
                raise
            return known
        return record

    def _known_artifact(self, wanted: Wanted) -> Record | None:
        """The newest version that this process has written, or that waits; None where there is none."""
        name = about(wanted.project, wanted.key)
        record: Record
        waiting = [kept_here(message) for message in self.journal.pending(name)]
        written = (load_json(body) for body in self._own.under(f"{name} "))
        for record in (*reversed(waiting), *written):
            if is_wanted(record, wanted):
                link = record.get("spec", {}).get("link_iteration") if record.get("kind") == "link" else None
                if link is None:
                    return record
                tree = record["metadata"].get("tree") or ""
                return self._known_artifact(wanted._replace(tag="", uid="", iter=int(link), tree=tree))
        return None

    def list_artifacts(self, *args: Any, **kwargs: Any) -> ArtifactList:
        from mlrun.model.lists import ArtifactList

        return ArtifactList(self._listed(listings.list_artifacts(*args, **kwargs)))

    def paginated_list_artifacts(
        self,
        *args: Any,
        page: int | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        **kwargs: Any,
    ) -> tuple[ArtifactList, str | None]:
        """One page of :meth:`list_artifacts`, as :meth:`paginated_list_runs` gives those of runs."""
        from mlrun.model.lists import ArtifactList

        listing = listings.list_artifacts(*args, **kwargs)
        rows, token = self._page_of(listing.in_pages(), page, page_size, page_token)
        return ArtifactList(rows), token

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
        records.one_of(deletion_strategy, _STRATEGIES, "deletion strategy")
        scope = project or records.default_project()
        params = only_given(
            key=key, tag=tag, tree=tree, object__uid=uid, iter=iter, deletion_strategy=deletion_strategy
        )
        self._ask(Message("DELETE", f"v2/{place(scope, 'artifacts', key)}", params), is_safe=True)
        self._own.forget(f"{about(scope, key)} ")

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
        self._own.forget("artifact ")
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
        many = artifacts if isinstance(artifacts, (list, tuple)) else [artifacts]
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


def about(project: str, key: str) -> str:
    return f"artifact {project}/{key}"


def kept_here(message: Message) -> Record:
    """The artifact in a message that waits."""
    record: Record = load_json(message.body)
    now = message.at
    metadata = record["metadata"]
    tag = dict(message.params).get("tag") or LATEST
    metadata |= {"created": metadata.get("created") or now, "updated": now, "tag": tag}
    return record


def is_wanted(record: Record, wanted: Wanted) -> bool:
    """Whether *record*, the newest of those not looked at, is meant."""
    metadata = record["metadata"]
    is_of_tag = wanted.tag in ("", ANY_TAG, LATEST, metadata.get("tag"))
    return (
        is_of_tag
        and wanted.iter in (None, metadata.get("iter") or 0)
        and wanted.tree in ("", metadata.get("tree"))
        and wanted.uid in ("", metadata.get("uid"))
    )
