"""Tags on artifacts: put, moved and taken away."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mlrun.api.answers import as_json, done
from mlrun.api.codec import Call, Rule
from mlrun.api.shapes import Tag, TaggedArtifacts
from mlrun.db.base import Record
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError


def append_tag(call: Call) -> Response:
    return _put(call, replace=False)


def overwrite_tag(call: Call) -> Response:
    return _put(call, replace=True)


def delete_tag(call: Call) -> Response:
    call.db.delete_artifacts_tags(_artifacts(call), call.project, call.path["tag"])
    return done(204)


def _put(call: Call, replace: bool) -> Response:
    call.db.tag_artifacts(_artifacts(call), call.project, call.path["tag"], replace=replace)
    return as_json({"project": call.project, "name": call.path["tag"]})


def _artifacts(call: Call) -> list[Record]:
    """The artifacts that the identifiers of the body mean, each as the record that the port wants."""
    body = call.record()
    if body.get("kind") != "artifact":
        raise MLRunInvalidArgumentError(f"kind={body.get('kind')!r} can not be tagged; 'artifact' can")
    identifiers = body.get("identifiers")
    if not isinstance(identifiers, list) or not all(isinstance(one, dict) for one in identifiers):
        raise MLRunInvalidArgumentTypeError("identifiers has to be a list of objects, each with a key")
    return [_record(one) for one in identifiers]


def _record(identifier: dict[str, Any]) -> Record:
    names = {"key": "key", "iter": "iter", "uid": "uid", "producer_id": "tree"}
    metadata = {to: identifier[name] for name, to in names.items() if identifier.get(name) is not None}
    wrong = [name for name in ("key", "uid", "tree") if not isinstance(metadata.get(name, ""), str)]
    if wrong or not metadata.get("key") or type(metadata.get("iter", 0)) is not int:
        raise MLRunInvalidArgumentTypeError(
            "an identifier is {'key': text, 'iter': number, 'uid': text, 'producer_id': text}; all but the"
            f" key may be left out; {identifier!r:.200} was given"
        )
    return {"metadata": metadata}


_TAG = "/projects/{project}/tags/{tag}"
RULES = (
    Rule("PUT", _TAG, append_tag, "Put a tag on artifacts", takes=TaggedArtifacts, gives=Tag, errors=(404,)),
    Rule(
        "POST",
        _TAG,
        overwrite_tag,
        "Move a tag to artifacts, from all others",
        takes=TaggedArtifacts,
        gives=Tag,
        errors=(404,),
    ),
    Rule("DELETE", _TAG, delete_tag, "Take a tag from artifacts", takes=TaggedArtifacts, status=204),
)
