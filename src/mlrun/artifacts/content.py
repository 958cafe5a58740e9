"""The bytes of a body or a file, and their checksum."""

from __future__ import annotations

import hashlib
from typing import Any

from mlrun.backports import file_digest
from mlrun.errors import MLRunInvalidArgumentTypeError


def as_bytes(body: Any, key: str) -> bytes:
    """
    Raises:
        MLRunInvalidArgumentTypeError: *body* is neither text nor bytes.
    """
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    raise MLRunInvalidArgumentTypeError(
        f"the body of artifact {key!r} is a {type(body).__name__}; give text or bytes, a file by local_path=,"
        " or an artifact that knows the type (DatasetArtifact, PlotArtifact, TableArtifact, ...)"
    )


def hash_file(path: str) -> str:
    """SHA-1 of a local file, in hex, read in pieces."""
    with open(path, "rb", buffering=0) as file:
        return file_digest(file, sha1).hexdigest()


def sha1(data: bytes = b"") -> hashlib._Hash:
    """SHA-1 as a checksum, which it also is where the machine forbids it for security."""
    return hashlib.sha1(data, usedforsecurity=False)
