"""Artifacts, as old clients (v1: wrapped in ``data``) and new ones (v2: by tree) ask for them."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mlrun.api.answers import as_json, done
from mlrun.api.codec import Call, Rule, part
from mlrun.api.pages import listing
from mlrun.api.routes.runs import DELETED
from mlrun.db.base import Record
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError

FORMATS = ("full", "minimal")
LATEST = "latest"
_TEXTS = {"metadata": ("key", "tree", "uid", "tag"), "spec": ("db_key", "link_key", "link_tree")}


def store_v1(call: Call) -> Response:
    """The uid in the address is the run's: the tree."""
    call.db.store_artifact(
        call.path["key"],
        _record(call),
        iter=call.number("iter") or 0,
        tag=call.text("tag"),
        project=call.project,
        tree=call.path["uid"],
    )
    return done()


def create(call: Call) -> Response:
    artifact = _record(call)
    metadata = artifact.get("metadata") or {}
    key = (artifact.get("spec") or {}).get("db_key") or metadata.get("key")
    if not key:
        raise MLRunInvalidArgumentError("an artifact needs metadata.key or spec.db_key")
    tag = str(metadata.get("tag") or "")
    return as_json(call.db.store_artifact(key, artifact, tag=tag, project=call.project), 201)


def store(call: Call) -> Response:
    stored = call.db.store_artifact(
        call.path["key"],
        _record(call),
        uid=call.text("object-uid") or None,
        iter=call.number("iter"),
        tag=call.text("tag"),
        project=call.project,
        tree=call.text("tree") or None,
    )
    return as_json(stored)


def read_v1(call: Call) -> Response:
    return as_json({"data": _read(call)})


def read(call: Call) -> Response:
    return as_json(_read(call))


def list_all(call: Call) -> Response:
    found = listing(call)
    call = found.call
    call.word("format", FORMATS)
    asked = _filters(call)
    limit = call.number("limit") or 0
    producer = call.text("producer_uri")

    def fetch(before: str, most: int) -> list[Record]:
        until = min(filter(None, (before, asked["until"])), default="")
        size = min(filter(None, (limit, most)), default=0)
        return call.db.list_artifacts(**{**asked, "until": until}, limit=size or None)

    def fetch_of_producer(before: str, most: int) -> list[Record]:
        return [row for row in fetch("", 0) if _producer_uri(row) == producer][: most or None]

    by_count = producer or limit or asked["best_iteration"]  # followed links have another time than their row
    rows, page = found.rows(fetch_of_producer if producer else fetch, (lambda _: "") if by_count else updated)
    return as_json({"artifacts": rows, "pagination": page})


def delete_v1(call: Call) -> Response:
    key = call.text("key")
    if not key:
        raise MLRunInvalidArgumentError("key=... is needed: the artifact to delete")
    call.db.del_artifact(key, tag=_tag(call), project=call.project, tree=call.path["uid"])
    return done()


def delete(call: Call) -> Response:
    call.db.del_artifact(
        call.path["key"],
        tag=_tag(call),
        project=call.project,
        tree=call.text("tree") or None,
        uid=call.text("object-uid", "uid") or None,
        deletion_strategy=call.text("deletion_strategy") or "metadata-only",
        iter=call.number("iter"),
    )
    return done(204)


def delete_all(call: Call) -> Response:
    count = call.db.del_artifacts(
        name=call.text("name"),
        project=call.projects,
        tag=call.text("tag"),
        labels=call.texts("label"),
        days_ago=call.number("days_ago") or 0,
        tree=call.text("tree") or None,
    )
    return done(204, {DELETED: str(count)})


def list_tags(call: Call) -> Response:
    tags = call.db.list_artifact_tags(call.projects, call.text("category") or None)
    return as_json({"project": call.path["project"], "tags": tags})


def updated(artifact: Record) -> Any:
    return artifact["metadata"].get("updated")


def _record(call: Call) -> Record:
    """The artifact in the body, with the right types where it is searched by and links from."""
    artifact = call.record()
    for name, texts in _TEXTS.items():
        values = part(artifact, name, "an artifact")
        wrong = [text for text in texts if not isinstance(values.get(text, ""), str | None)]
        if wrong:
            raise MLRunInvalidArgumentTypeError(f"{name}.{wrong[0]} of an artifact has to be a text")
    iteration = (artifact.get("spec") or {}).get("link_iteration")
    if not isinstance(iteration, int | None):
        raise MLRunInvalidArgumentTypeError(f"spec.link_iteration={iteration!r} is no iteration")
    return artifact


def _read(call: Call) -> Record:
    call.word("format", FORMATS)
    return call.db.read_artifact(
        call.path["key"],
        tag=_tag(call),
        iter=call.number("iter"),
        project=call.project,
        tree=call.text("tree") or None,
        uid=call.text("object-uid", "uid") or None,
    )


def _tag(call: Call) -> str:
    """Clients say ``latest`` where they mean one version, too; an older one no longer has that tag."""
    tag = call.text("tag")
    is_one = call.text("tree") or call.text("object-uid", "uid") or call.path.get("uid")
    return "" if tag == LATEST and is_one else tag


def _producer_uri(artifact: Record) -> Any:
    producer = (artifact.get("spec") or {}).get("producer")
    return producer.get("uri") if isinstance(producer, dict) else None


def _filters(call: Call) -> dict[str, Any]:
    return {
        "name": call.text("name"),
        "project": call.projects,
        "tag": call.text("tag"),
        "labels": call.texts("label", "labels"),
        "since": call.time("since"),
        "until": call.time("until"),
        "iter": call.number("iter"),
        "best_iteration": call.flag("best-iteration", False),
        "kind": call.text("kind") or None,
        "category": call.text("category") or None,
        "tree": call.text("tree") or None,
        "uid": call.text("object-uid") or None,
    }


_ALL = "/projects/{project}/artifacts"
_ONE = "/projects/{project}/artifacts/{key:path}"
_SHARED = (
    Rule("GET", _ALL, list_all),
    Rule("DELETE", _ALL, delete_all),
    Rule("GET", "/projects/{project}/artifact-tags", list_tags),
)
V1 = (
    *_SHARED,
    Rule("POST", "/projects/{project}/artifacts/{uid}/{key:path}", store_v1),
    Rule("DELETE", "/projects/{project}/artifacts/{uid}", delete_v1),
    Rule("GET", _ONE, read_v1),
    # as MLRun 0.5 had them
    Rule("GET", "/artifacts", list_all),
    Rule("DELETE", "/artifacts", delete_all),
    Rule("POST", "/artifact/{project}/{uid}/{key:path}", store_v1),
    Rule("DELETE", "/artifact/{project}/{uid}", delete_v1),
    Rule("GET", "/projects/{project}/artifact/{key:path}", read_v1),
)
V2 = (
    *_SHARED,
    Rule("POST", _ALL, create),
    Rule("PUT", _ONE, store),
    Rule("GET", _ONE, read),
    Rule("DELETE", _ONE, delete),
)
