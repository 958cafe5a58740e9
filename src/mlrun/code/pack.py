"""Many objects as one body, compressed: what is small travels together."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator

from mlrun.code.bundle import FILE, NODE, check_object
from mlrun.errors import MLRunInvalidArgumentError

TYPE = "application/vnd.mlrun.pack"  # its media type
MOST = 64 << 20  # bytes of the objects in one
LARGEST = 60 << 20  # bytes of one object, so that a pack of it is no longer than a server takes at once
USUAL = 8 << 20  # bytes after which the next one begins
_HEAD = struct.Struct(">c32sQ")  # kind, digest, length
_KINDS = {b"f": FILE, b"n": NODE}


def pack(objects: Iterable[tuple[str, bytes]]) -> bytes:
    """*objects* in their order, to be read by :func:`unpack`."""
    compress = zlib.compressobj(6)
    parts = []
    for name, data in objects:
        kind, _, digest = name.partition("/")
        parts.append(compress.compress(_HEAD.pack(kind[:1].encode(), bytes.fromhex(digest), len(data))))
        parts.append(compress.compress(data))
    return b"".join((*parts, compress.flush()))


def packs(objects: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """*objects* in as many packs as they need, each as long as usual or of one object."""
    waiting: list[tuple[str, bytes]] = []
    size = 0
    for name, data in objects:
        if waiting and size + len(data) > USUAL:
            yield pack(waiting)
            waiting, size = [], 0
        waiting.append((name, data))
        size += len(data) + _HEAD.size
    if waiting:
        yield pack(waiting)


def unpack(body: bytes) -> Iterator[tuple[str, bytes]]:
    """
    The objects in *body*, in their order, each held to its digest.

    Raises:
        MLRunInvalidArgumentError: It is no pack, holds more than 64 MB, or bytes that are not what they say.
    """
    plain = memoryview(_decompressed(body))
    at = 0
    while at < len(plain):
        if len(plain) - at < _HEAD.size:
            raise MLRunInvalidArgumentError("the pack is broken off")
        kind, digest, length = _HEAD.unpack_from(plain, at)
        at += _HEAD.size
        if kind not in _KINDS or length > len(plain) - at:
            raise MLRunInvalidArgumentError("the pack is broken off, or none")
        name, data = f"{_KINDS[kind]}/{digest.hex()}", bytes(plain[at : at + length])
        check_object(name, data)
        yield name, data
        at += length


def _decompressed(body: bytes) -> bytes:
    decompress = zlib.decompressobj()
    try:
        plain = decompress.decompress(body, MOST)
    except zlib.error as error:
        raise MLRunInvalidArgumentError(f"this is no pack: {error}") from error
    if decompress.unconsumed_tail:
        raise MLRunInvalidArgumentError(f"the pack holds more than {MOST} bytes")
    if not decompress.eof or decompress.unused_data:
        raise MLRunInvalidArgumentError("the pack is broken off, or something follows it")
    return plain
