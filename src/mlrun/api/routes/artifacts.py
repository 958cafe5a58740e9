"""Artifacts, as old clients (v1: wrapped in ``data``) and new ones (v2: by tree) ask for them."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mlrun.api.answers import as_json, done
from mlrun.api.codec import Call, Rule
from mlrun.api.pages import PAGING, by_count, earlier, listing
from mlrun.api.parameters import flag, number, text, texts, time, word
from mlrun.api.routes.runs import DELETED, GROUPS
from mlrun.api.shapes import Artifact, ArtifactAnswer, Artifacts, ArtifactTags
from mlrun.artifacts import erase
from mlrun.db.base import Record
from mlrun.errors import MLRunInvalidArgumentError

FORMATS = ("full", "minimal")
LATEST = "latest"
CATEGORIES = ("model", "dataset", "document", "other")
STRATEGIES = ("metadata-only", "data-optional", "data-force")


def store_v1(call: Call) -> Response:
    """The uid in the address is the run's: the tree."""
    call.db.store_artifact(
        call.path["key"],
        call.record(),
        iter=call.number("iter") or 0,
        tag=call.text("tag"),
        project=call.project,
        tree=call.path["uid"],
    )
    return done()


def create(call: Call) -> Response:
    artifact = call.record()
    metadata = artifact.get("metadata") or {}
    key = (artifact.get("spec") or {}).get("db_key") or metadata.get("key")
    if not key:
        raise MLRunInvalidArgumentError("an artifact needs metadata.key or spec.db_key")
    tag = str(metadata.get("tag") or "")
    return as_json(call.db.store_artifact(key, artifact, tag=tag, project=call.project), 201)


def store(call: Call) -> Response:
    stored = call.db.store_artifact(
        call.path["key"],
        call.record(),
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
    call.text("format")
    asked = _filters(call)
    until = call.time("until")
    is_by_time = not asked["best_iteration"] and not asked["partition_by"]  # a link's target has another time

    def fetch(before: str, skip: int, most: int) -> list[Record]:
        return call.db.list_artifacts(**asked, until=earlier(before, until), limit=most or None, offset=skip)

    rows, page = found.rows(fetch, updated if is_by_time else by_count, call.number("limit") or 0)
    return as_json({"artifacts": rows, "pagination": page})


def delete_v1(call: Call) -> Response:
    key = call.text("key")
    if not key:
        raise MLRunInvalidArgumentError("key=... is needed: the artifact to delete")
    call.db.del_artifact(
        key, tag=_unless_latest(call.text("tag")), project=call.project, tree=call.path["uid"]
    )
    return done()


def delete(call: Call) -> Response:
    strategy = call.text("deletion_strategy")
    tag, tree, uid = _tag(call), call.text("tree") or None, call.text("object-uid") or None
    key, iteration = call.path["key"], call.number("iter")
    if strategy == STRATEGIES[0]:
        call.db.del_artifact(key, tag=tag, project=call.project, tree=tree, uid=uid, iter=iteration)
    else:  # only from the server's own places: a record may name any file
        erase.delete_artifact(
            call.db, key, tag, call.project, tree, uid, iteration, strategy, allowed=call.house.allowed_paths
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


def _read(call: Call) -> Record:
    call.text("format")
    return call.db.read_artifact(
        call.path["key"],
        tag=_tag(call),
        iter=call.number("iter"),
        project=call.project,
        tree=call.text("tree") or None,
        uid=call.text("object-uid") or None,
    )


def _tag(call: Call) -> str:
    tag = call.text("tag")
    return _unless_latest(tag) if call.text("tree") or call.text("object-uid") else tag


def _unless_latest(tag: str) -> str:
    """Clients say ``latest`` where they mean one version, too; an older one no longer has that tag."""
    return "" if tag == LATEST else tag


def _filters(call: Call) -> dict[str, Any]:
    return {
        "name": call.text("name"),
        "project": call.projects,
        "tag": call.text("tag"),
        "labels": call.texts("label"),
        "since": call.time("since"),
        "iter": call.number("iter"),
        "best_iteration": call.flag("best-iteration"),
        "kind": call.text("kind") or None,
        "category": call.text("category") or None,
        "tree": call.text("tree") or None,
        "uid": call.text("object-uid") or None,
        "producer_uri": call.text("producer_uri") or None,
        "parent": call.text("parent") or None,
        "partition_by": call.text("partition-by"),
        "rows_per_partition": call.number("rows-per-partition"),
        "partition_sort_by": call.text("partition-sort-by"),
        "partition_order": call.text("partition-order"),
    }


_ALL = "/projects/{project}/artifacts"
_ONE = "/projects/{project}/artifacts/{key:path}"
_PROJECT = text("project", "Empty or * is every project.")
_ITER = number("iter", "Logged by this child of a sweep; 0 is the run itself.")
_TAG = text("tag", "A name that moves from version to version.")
_TREE = text("tree", "The uid of the run (or workflow) that logged it.")
_UID = text("object-uid", "This version.", "uid")
_FORMAT = word("format", FORMATS, "Taken for compatibility: an artifact is whole.")
_LIST = Rule(
    "GET",
    _ALL,
    list_all,
    "List artifacts",
    (
        text("name", "All of the key, else a part of it; ~part is a part in any case."),
        text("tag", "Empty is latest, * is every version."),
        texts("label", "name, name=value or name~part; all of them have to hold.", "labels"),
        time("since", "Stored then or later."),
        time("until", "Stored then or earlier."),
        _ITER,
        flag("best-iteration", "Also what links to the best child of a sweep lead to."),
        text("kind", "Such as model or dataset."),
        word("category", CATEGORIES, "Kinds that are shown together."),
        _TREE,
        _UID,
        text("producer_uri", "Logged by this run: project/uid."),
        text("parent", "The key or the address of what it belongs to."),
        word(
            "partition-by", GROUPS, "Only the first rows of each group: versions of one key (in a project)."
        ),
        number("rows-per-partition", "Rows of each group.", least=1, default=1),
        word("partition-sort-by", ("created", "updated"), "What is first in a group.", default="updated"),
        word("partition-order", ("desc", "asc"), "Whether the newest is first.", default="desc"),
        number("limit", "Rows at most, newest first; 0 is all.", default=0),
        _FORMAT,
        *PAGING,
    ),
    gives=Artifacts,
)
_DELETE_ALL = Rule(
    "DELETE",
    _ALL,
    delete_all,
    "Delete the artifacts that match; a filter is needed, name=~ is all",
    (
        text("name", "All of the key, or ~part."),
        _TAG,
        texts("label", "As in a listing."),
        number("days_ago", "Stored so many days ago or earlier; 0 is any.", default=0),
        _TREE,
    ),
    status=204,
    tells={DELETED: "How many artifacts."},
)
_STORE_V1 = Rule(
    "POST",
    "/projects/{project}/artifacts/{uid}/{key:path}",
    store_v1,
    "Store a version of an artifact; the uid is the run's",
    (_ITER, _TAG),
    Artifact,
    is_one_write=True,
)
_DELETE_V1 = Rule(
    "DELETE",
    "/projects/{project}/artifacts/{uid}",
    delete_v1,
    "Delete an artifact that a run logged",
    (text("key", "Which; it is needed."), _TAG),
)
_READ_V1 = Rule(
    "GET",
    _ONE,
    read_v1,
    "Read a version of an artifact",
    (_TAG, _ITER, _TREE, _UID, _FORMAT),
    gives=ArtifactAnswer,
    errors=(404,),
)
_SHARED = (
    _LIST,
    _DELETE_ALL,
    Rule(
        "GET",
        "/projects/{project}/artifact-tags",
        list_tags,
        "The tags of the artifacts of a project",
        (word("category", CATEGORIES, "Kinds that are shown together."),),
        gives=ArtifactTags,
    ),
)
V1 = (
    *_SHARED,
    _STORE_V1,
    _DELETE_V1,
    _READ_V1,
    # as MLRun 0.5 had them
    _LIST.at("/artifacts", _PROJECT),
    _DELETE_ALL.at("/artifacts", _PROJECT),
    _STORE_V1.at("/artifact/{project}/{uid}/{key:path}"),
    _DELETE_V1.at("/artifact/{project}/{uid}"),
    _READ_V1.at("/projects/{project}/artifact/{key:path}"),
)
V2 = (
    *_SHARED,
    Rule(
        "POST",
        _ALL,
        create,
        "Store a new version of an artifact",
        takes=Artifact,
        gives=Artifact,
        status=201,
        is_one_write=True,
    ),
    Rule(
        "PUT",
        _ONE,
        store,
        "Store a version of an artifact",
        (_TREE, _TAG, _ITER, _UID),
        Artifact,
        Artifact,
        is_one_write=True,
    ),
    Rule(
        "GET",
        _ONE,
        read,
        "Read a version of an artifact",
        (_TREE, _TAG, _ITER, _UID, _FORMAT),
        gives=Artifact,
        errors=(404,),
    ),
    Rule(
        "DELETE",
        _ONE,
        delete,
        "Delete versions of an artifact",
        (
            _TREE,
            _TAG,
            _ITER,
            _UID,
            word("deletion_strategy", STRATEGIES, "Whether its bytes go too.", default=STRATEGIES[0]),
        ),
        status=204,
    ),
)
