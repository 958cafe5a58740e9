"""A folder by the digests of its files: what is in it, and the nodes that say so."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError

FILE, NODE = "file", "node"
NAME = re.compile(rf"({FILE}|{NODE})/[0-9a-f]{{64}}")
DIGEST = re.compile(r"[0-9a-f]{64}")
NOTHING = hashlib.sha256(b"").hexdigest()
_LEAF, _TREE = b"mlrun-bundle-1 leaf\0", b"mlrun-bundle-1 tree\0"
_LINE = re.compile(rb"(100[0-7]{3}|120000|040000) ([0-9a-f]{64}) (0|[1-9][0-9]{0,18}) (.+)", re.DOTALL)
_PART = 16  # lines in a node, on average


class Entry(NamedTuple):
    """
    A file, a link or an empty folder.

    Attributes:
        path: From the top of the folder, with ``/``.
        mode: Its kind and its permissions, as ``os.stat`` has them.
        digest: SHA-256 of its bytes; of a link, of the path where it leads.
        size: Of the same, in bytes.
    """

    path: str
    mode: int
    digest: str = NOTHING
    size: int = 0

    @property
    def name(self) -> str:
        """Of the object with its bytes; empty for a folder."""
        return "" if stat.S_ISDIR(self.mode) else f"{FILE}/{self.digest}"


class Bundle:
    """
    The content of a folder, addressed by one digest: the same for the same paths, modes and bytes.

    Its description is a tree of *nodes*. The lowest ones list entries, sorted by path and cut where the
    hash of a path says so, the others list nodes; each is named by the SHA-256 of its bytes. So one changed
    file changes few nodes, however many files there are.

    Args:
        entries: In any order.
        root: The folder, where its bytes can be read.
    """

    def __init__(self, entries: Iterable[Entry], root: str = "") -> None:
        self.entries = sorted(entries, key=lambda entry: os.fsencode(entry.path))
        self._root = root

    @property
    def digest(self) -> str:
        return next(reversed(self.nodes))

    @functools.cached_property
    def nodes(self) -> dict[str, bytes]:
        """Digest to bytes, children first; the last one is the root."""
        made: dict[str, bytes] = {}
        lines = [(_encode(entry), os.fsencode(entry.path)) for entry in self.entries]
        head, depth = _LEAF, 0
        while True:
            level: list[tuple[bytes, bytes]] = []
            for part in _parts(lines, depth):
                body = head + b"".join(line for line, _ in part)
                digest = hashlib.sha256(body).hexdigest()
                made[digest] = body
                level.append((digest.encode() + b"\0", part[-1][1] if part else b""))
            if len(level) == 1:
                return made
            lines, head, depth = level, _TREE, depth + 1

    @property
    def names(self) -> list[str]:
        """Of all objects that it needs: those of files first, and each node after its children."""
        files = dict.fromkeys(entry.name for entry in self.entries if entry.name)
        return [*files, *(f"{NODE}/{digest}" for digest in self.nodes)]

    @property
    def root(self) -> str:
        """The name of the object that stands for all."""
        return f"{NODE}/{self.digest}"

    def get(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """
        Objects by their names, from the folder, as :meth:`mlrun.code.objects.Objects.get`.

        Raises:
            MLRunConflictError: A file has changed since the folder was read.
        """
        places = {entry.name: entry for entry in self.entries}
        for name in names:
            kind, _, digest = name.partition("/")
            yield name, self.nodes[digest] if kind == NODE else self._bytes_of(places[name])

    def _bytes_of(self, entry: Entry) -> bytes:
        path = os.path.join(self._root, entry.path)
        try:
            data = os.fsencode(os.readlink(path)) if stat.S_ISLNK(entry.mode) else _read(path)
        except OSError:
            data = None
        if data is None or hashlib.sha256(data).hexdigest() != entry.digest:
            raise MLRunConflictError(f"{path} was changed while it was being shipped; run again")
        return data


def entries_of(body: bytes) -> list[Entry] | list[str]:
    """
    What a node lists: entries, or the digests of nodes.

    Raises:
        MLRunInvalidArgumentError: It is no node.
    """
    if body.startswith(_LEAF):
        return [_decode(line) for line in _lines(body, _LEAF)]
    if body.startswith(_TREE):
        digests = [line.decode("ascii", "replace") for line in _lines(body, _TREE)]
        if all(map(DIGEST.fullmatch, digests)):
            return digests
    raise MLRunInvalidArgumentError("this is no node of a bundle")


def children_of(body: bytes) -> list[str]:
    """
    The names of the objects that a node needs.

    Raises:
        MLRunInvalidArgumentError: It is no node.
    """
    names = (one.name if isinstance(one, Entry) else f"{NODE}/{one}" for one in entries_of(body))
    return [name for name in names if name]


def rank(name: str, data: bytes) -> int:
    """How soon an object may be kept: files (0), the nodes that list them (1), nodes of nodes (2)."""
    return 0 if name.startswith(FILE) else 2 if data.startswith(_TREE) else 1


def check_object(name: str, data: bytes) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: *name* is no name, or that of other bytes.
    """
    if not NAME.fullmatch(name):
        raise MLRunInvalidArgumentError(f"{name[:99]!r} names no object: file/<sha256> or node/<sha256>")
    if hashlib.sha256(data).hexdigest() != name.partition("/")[2]:
        raise MLRunInvalidArgumentError(f"the {len(data)} bytes that came as {name} are others")


def _encode(entry: Entry) -> bytes:
    return f"{entry.mode:06o} {entry.digest} {entry.size} ".encode() + os.fsencode(entry.path) + b"\0"


def _decode(line: bytes) -> Entry:
    match = _LINE.fullmatch(line)
    if not match:
        raise MLRunInvalidArgumentError("this is no node of a bundle")
    mode, digest, size, path = match.groups()
    return Entry(os.fsdecode(path), int(mode, 8), digest.decode(), int(size))


def _lines(body: bytes, head: bytes) -> list[bytes]:
    rest = body[len(head) :]
    if rest and not rest.endswith(b"\0"):
        raise MLRunInvalidArgumentError("this is a part of a node of a bundle")
    return rest.split(b"\0")[:-1]


def _parts(lines: list[tuple[bytes, bytes]], depth: int) -> Iterator[list[tuple[bytes, bytes]]]:
    """*lines* in parts that end where the hash of a path says so: a change of one line moves no other end."""
    part: list[tuple[bytes, bytes]] = []
    for line in lines:
        part.append(line)
        if hashlib.sha256(line[1]).digest()[depth % 32] % _PART == 0 and depth < 32:
            yield part
            part = []
    if part or not lines:
        yield part


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
