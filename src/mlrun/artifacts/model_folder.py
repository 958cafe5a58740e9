"""What the folder of a model holds, and the hash of it: its name where equal bytes are stored once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from mlrun import urls
from mlrun.artifacts import folder
from mlrun.artifacts.base import reference
from mlrun.artifacts.content import hash_file, sha1
from mlrun.artifacts.target import is_url
from mlrun.db import records

# What says who logged it and where it went, and not what it is.
_OF_THE_RUN = ("db_key", "producer", "sources", "src_path", "target_path", "size")


class Plan(NamedTuple):
    """The model's own part of the folder."""

    model_file: str
    files: list[folder.Entry]
    body: bytes | None


def extra_file(name: str, value: Any) -> str:
    """
    The file that an extra datum is written to in the model's folder; empty for one that lies elsewhere.

    Raises:
        MLRunInvalidArgumentError: *value* is bytes, and *name* can not name a file.
        MLRunInvalidArgumentTypeError: *value* can neither be written nor referred to.
    """
    if isinstance(value, (bytes, bytearray, memoryview)):
        return urls.check_key(name, "name of extra data")
    path = reference(value, name)
    is_file = isinstance(value, (str, os.PathLike)) and not is_url(path) and os.path.isfile(path)
    return os.path.basename(path) if is_file else ""


def digest(plan: Plan, extra: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """
    SHA-1 of everything in the folder, but for who logged it: two models are one where all of it is equal.

    Args:
        record: The model's; its description, labels, metrics, features and so on are in the folder too.
    """
    files = {entry.name: hash_file(entry.path) for entry in plan.files}
    if plan.body is not None:
        files[plan.model_file] = sha1(plan.body).hexdigest()
    metadata = record.get("metadata", {})
    said = {
        "files": files,
        "extra": {name: hash_extra(name, value) for name, value in extra.items()},
        "spec": {name: value for name, value in record.get("spec", {}).items() if name not in _OF_THE_RUN},
        "labels": metadata.get("labels"),
        "description": metadata.get("description"),
    }
    return records.digest(said, "model")


def hash_extra(name: str, value: Any) -> str:
    """SHA-1 of an extra datum that is written; of one that lies elsewhere its address."""
    if not extra_file(name, value):
        return reference(value, name)
    return hash_file(os.fspath(value)) if isinstance(value, (str, os.PathLike)) else sha1(value).hexdigest()
