"""The storage that every function mounts, by the settings ``storage.auto_mount_type`` and ``_params``."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.model.base import load_json
from mlrun.runtimes import mounts

_TYPES: dict[str, Callable[..., mounts.Modifier]] = {
    "v3io_credentials": mounts.v3io_cred,
    "v3io_fuse": mounts.mount_v3io,
    "pvc": mounts.mount_pvc,
    "s3": mounts.mount_s3,
    "env": mounts.set_env_variables,
}
TYPES = ("none", "auto", *_TYPES)


def automatic_mount() -> mounts.Modifier | None:
    """
    What the settings say; None for nothing, as ``auto`` does on a machine that has no storage of its own.

    Raises:
        MLRunInvalidArgumentError: A parameter is none that this kind of storage has.
    """
    kind = str(mlconf.storage.auto_mount_type).lower()
    if kind == "none":
        return None
    if kind == "auto":
        is_there = mounts.is_on_iguazio() or mounts.has_claims()
        return mounts.auto_mount() if is_there else None
    parameters = parameters_of(str(mlconf.storage.auto_mount_params))
    try:
        return _TYPES[kind](**parameters)
    except TypeError as error:
        raise MLRunInvalidArgumentTypeError(
            f"storage.auto_mount_params has {', '.join(parameters)}; storage of type {kind!r}: {error}"
        ) from error


def parameters_of(text: str) -> dict[str, Any]:
    """
    Parameters as ``key=value,key=value``, or as the base64 of a JSON dictionary.

    Raises:
        MLRunInvalidArgumentError: It is neither.
    """
    if (decoded := _decoded(text)) is not None:
        return decoded
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not all(name.strip() and sign for name, sign, _ in pairs):
        raise MLRunInvalidArgumentError(
            "storage.auto_mount_params is key=value,key=value, or base64 of a JSON dictionary"
        )
    return {name.strip(): value.strip() for name, _, value in pairs}


def _decoded(text: str) -> dict[str, Any] | None:
    """None where it is no base64 of a dictionary."""
    try:
        found = load_json(base64.b64decode(text, validate=True)) if text else None
    except (binascii.Error, MLRunInvalidArgumentError):
        return None
    return found if isinstance(found, dict) else None
