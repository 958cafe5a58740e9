"""Secrets (``v1``): those that belong to a resource and go with it, and those of projects."""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Iterable, Mapping

from mlrun.cluster.base import Resource
from mlrun.cluster.kubernetes.connection import Connection
from mlrun.errors import MLRunBaseError, MLRunConflictError, MLRunInvalidArgumentError, MLRunNotFoundError

_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_TRIES = 5
_MERGE = "application/merge-patch+json"


def create_owned(connection: Connection, name: str, values: Mapping[str, str], owner: Resource) -> None:
    """
    Create a Secret that the cluster deletes when *owner* is gone.

    Raises:
        MLRunConflictError: There is one of that name, and it is somebody else's.
    """
    metadata = owner["metadata"]
    body = _secret(name, values, metadata.get("labels") or {})
    body["metadata"]["ownerReferences"] = [_reference(owner)]
    for _ in range(_TRIES):
        with contextlib.suppress(MLRunConflictError):
            return _send(connection, "POST", "", body, values)
        there = find(connection, name)
        if there and _belongs(there, owner):
            return None  # the answer to the first try was lost
        if there and not is_left_over(there, owner):
            raise MLRunConflictError(f"secret {name} exists, and does not belong to {metadata['name']}")
        if there:
            delete_left_over(connection, there)
    raise MLRunConflictError(f"secret {name} of an earlier {metadata['name']} does not go away")


def is_left_over(there: Resource, owner: Resource) -> bool:
    """Whether a Secret belonged to an earlier one of *owner*'s name (which may not be there at all)."""
    owners = [{**one, "uid": ""} for one in _owners(there)]
    return owners == [{**_reference(owner), "uid": ""}] and not _belongs(there, owner)


def delete_left_over(connection: Connection, there: Resource) -> None:
    """What the cluster has yet to come to: until then a new owner of that name would start with it."""
    metadata = there["metadata"]
    with contextlib.suppress(MLRunNotFoundError, MLRunConflictError):  # it is gone, or another one by now
        only = {"preconditions": {"uid": metadata["uid"]}}
        connection.ask("DELETE", _path(connection, metadata["name"]), body=only)


def _belongs(there: Resource, owner: Resource) -> bool:
    return owner["metadata"].get("uid", "") in [one["uid"] for one in _owners(there)]


def _owners(there: Resource) -> list[dict[str, str]]:
    return there["metadata"].get("ownerReferences") or []


def _reference(owner: Resource) -> dict[str, str]:
    metadata = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": metadata["name"],
        "uid": metadata.get("uid", ""),
    }


def put(connection: Connection, name: str, values: Mapping[str, str], labels: Mapping[str, str]) -> None:
    """Set keys of a Secret, which is created if there is none; its other keys stay."""
    patch = {"metadata": {"labels": dict(labels)}, "data": _encoded(values)}
    try:
        _send(connection, "PATCH", name, patch, values)
    except MLRunNotFoundError:
        try:
            _send(connection, "POST", "", _secret(name, values, labels), values)
        except MLRunConflictError:  # somebody was quicker
            _send(connection, "PATCH", name, patch, values)


def delete_keys(connection: Connection, name: str, keys: Iterable[str]) -> None:
    """Take keys out of a Secret; nothing happens if they, or it, are not there."""
    with contextlib.suppress(MLRunNotFoundError):
        _send(connection, "PATCH", name, {"data": dict.fromkeys(keys)}, {})


def delete(connection: Connection, name: str) -> None:
    with contextlib.suppress(MLRunNotFoundError):
        connection.ask("DELETE", _path(connection, name))


def keys(connection: Connection, name: str) -> list[str]:
    """Sorted; none if there is no such Secret."""
    return sorted((find(connection, name) or {}).get("data") or {})


def find(connection: Connection, name: str) -> Resource | None:
    try:
        return connection.ask("GET", _path(connection, name))
    except MLRunNotFoundError:
        return None


def _path(connection: Connection, name: str = "") -> str:
    return f"/api/v1/namespaces/{connection.namespace}/secrets{f'/{name}' if name else ''}"


def _secret(name: str, values: Mapping[str, str], labels: Mapping[str, str]) -> Resource:
    metadata = {"name": name, "labels": dict(labels)}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": _encoded(values)}


def _encoded(values: Mapping[str, str]) -> dict[str, str]:
    if wrong := [key for key in values if not _KEY.fullmatch(key)]:
        raise MLRunInvalidArgumentError(
            f"a key of a secret has letters, digits, '-', '_' and '.' only: {', '.join(map(repr, wrong))}"
        )
    return {key: base64.b64encode(str(value).encode()).decode() for key, value in values.items()}


def _send(connection: Connection, method: str, name: str, body: Resource, values: Mapping[str, str]) -> None:
    """With errors that have none of the values, whatever the server (or a webhook of it) says."""
    content_type = _MERGE if method == "PATCH" else "application/json"
    try:
        connection.ask(method, _path(connection, name), body=body, content_type=content_type)
    except MLRunBaseError as error:
        message = str(error)
        for value in {*values.values(), *_encoded(values).values()} - {""}:
            message = message.replace(value, "***")
        raise type(error)(message) from None
