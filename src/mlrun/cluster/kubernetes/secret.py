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
_MERGE = "application/merge-patch+json"


def create_owned(connection: Connection, name: str, values: Mapping[str, str], owner: Resource) -> None:
    """
    Create a Secret that the cluster deletes when *owner* is gone.

    Raises:
        MLRunConflictError: There is one of that name, and it is somebody else's.
    """
    metadata = owner["metadata"]
    reference = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
    }
    labels = metadata.get("labels") or {}
    body = _secret(name, values, labels)
    body["metadata"]["ownerReferences"] = [reference]
    try:
        _send(connection, "POST", "", body, values)
    except MLRunConflictError as error:
        there = connection.ask("GET", _path(connection, name))
        if reference["uid"] not in (one["uid"] for one in there["metadata"].get("ownerReferences") or ()):
            raise MLRunConflictError(
                f"secret {name} exists, and does not belong to {metadata['name']}"
            ) from error


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
    try:
        return sorted(connection.ask("GET", _path(connection, name)).get("data") or {})
    except MLRunNotFoundError:
        return []


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
