"""Folders with code, by the digests of what is in them: what is missing comes in, what pods need goes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from starlette.responses import Response

from mlrun import urls
from mlrun.api.answers import as_json, done
from mlrun.api.codec import Call, Rule
from mlrun.api.parameters import texts
from mlrun.api.service_shapes import ObjectNames
from mlrun.code import pack
from mlrun.code.bundle import FILE, NAME, NODE, check_object, children_of
from mlrun.code.bundles import place_of_server
from mlrun.code.objects import StoredObjects
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError

BYTES = "application/octet-stream"
NEVER_CHANGES = {"cache-control": "private, immutable, max-age=31536000"}


def missing(call: Call) -> Response:
    names = _checked(call.record().get("objects") or [])
    return as_json({"objects": sorted(place_of_server(call.project).missing(names))})


def store(call: Call) -> Response:
    place = place_of_server(call.project)
    place.put(_complete(place, pack.unpack(call.body)))
    return done()


def read(call: Call) -> Response:
    """As many as are given at once, in the order in which they were asked for, and one at least."""
    names = _checked(call.texts("object"))
    place = place_of_server(call.project)

    def some() -> Iterator[tuple[str, bytes]]:
        size = 0
        for name in names:
            before, size = size, size + place.size(name)
            if before and size > pack.USUAL:
                return
            yield from place.get([name])

    return Response(pack.pack(some()), media_type=pack.TYPE)


def store_file(call: Call) -> Response:
    return _store_one(call, FILE, call.body)


def store_node(call: Call) -> Response:
    return _store_one(call, NODE, call.body)


def read_file(call: Call) -> Response:
    return _read_one(call, FILE)


def read_node(call: Call) -> Response:
    return _read_one(call, NODE)


def forget(project: str) -> None:
    """Delete all objects of *project*; nothing happens if it has none, or can have none."""
    if urls.KEY.fullmatch(project) and ".." not in project:
        place_of_server(project).clear()


def _store_one(call: Call, kind: str, data: bytes) -> Response:
    place, name = place_of_server(call.project), f"{kind}/{call.path['digest']}"
    check_object(name, data)
    place.put(_complete(place, [(name, data)]))
    return done()


def _read_one(call: Call, kind: str) -> Response:
    ((_, data),) = place_of_server(call.project).get(_checked([f"{kind}/{call.path['digest']}"]))
    return Response(data, headers={"content-type": BYTES, **NEVER_CHANGES})


def _complete(place: StoredObjects, objects: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """
    *objects*, in an order in which a node comes after all that it needs.

    Raises:
        MLRunConflictError: Something that a node needs is neither here nor before it.
    """
    seen: set[str] = set()
    for name, data in objects:
        if name.startswith(NODE):
            needed = [child for child in children_of(data) if child not in seen]
            if absent := place.absent(needed):
                raise MLRunConflictError(
                    f"{name} needs {len(absent)} objects that are not here yet: {min(absent)}"
                )
        seen.add(name)
        yield name, data


def _checked(names: list[str]) -> list[str]:
    for name in names:
        if not NAME.fullmatch(name):
            raise MLRunInvalidArgumentError(f"{name[:99]!r} names no object: file/<sha256> or node/<sha256>")
    return names


_ALL = "/projects/{project}/bundles"
_OBJECT = texts("object", "Names, file/<sha256> or node/<sha256>.")
RULES = (
    Rule(
        "POST",
        f"{_ALL}/missing",
        missing,
        "Which of some objects are to be sent: not here, or not for long",
        takes=ObjectNames,
        gives=ObjectNames,
    ),
    Rule("POST", f"{_ALL}/pack", store, "Keep many objects", takes=BYTES, errors=(409,)),
    Rule(
        "GET",
        f"{_ALL}/pack",
        read,
        "Some objects, as many as are given at once",
        (_OBJECT,),
        gives=pack.TYPE,
        errors=(404,),
    ),
    Rule("PUT", f"{_ALL}/blobs/{{digest}}", store_file, "Keep the bytes of a file", takes=BYTES),
    Rule("GET", f"{_ALL}/blobs/{{digest}}", read_file, "The bytes of a file", gives=BYTES, errors=(404,)),
    Rule(
        "PUT",
        f"{_ALL}/{{digest}}",
        store_node,
        "Keep a node: what a bundle, or a part of one, consists of",
        takes=BYTES,
        errors=(409,),
    ),
    Rule(
        "GET",
        f"{_ALL}/{{digest}}",
        read_node,
        "What a bundle, or a part of one, consists of",
        gives=BYTES,
        errors=(404,),
    ),
)
