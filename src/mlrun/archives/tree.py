"""The folder that an archive becomes: what may be in it, and how much."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import IO, NamedTuple

from mlrun.archives.members import Kind, Member
from mlrun.errors import MLRunInvalidArgumentError

ALWAYS = 100_000_000  # bytes that may be unpacked, however small the archive is
_CHUNK = 1 << 20


class Limits(NamedTuple):
    """What an archive may become; beyond it nothing is left of it."""

    bytes: int  # in all
    ratio: int  # bytes for each byte of the archive, where that is more than ALWAYS
    members: int

    def bytes_of(self, packed: int) -> int:
        """The most that an archive of *packed* bytes may become."""
        return min(self.bytes, max(ALWAYS, self.ratio * packed))


def careful(mode: int) -> int:
    """The permissions of what somebody else has made: others never write, its owner always reads."""
    return (mode or 0o644) & 0o755 | 0o600


class Tree:
    """
    Writes members into the empty folder *root*; :meth:`finish` makes the links, which nothing is written
    through.

    Args:
        packed: Bytes of the archive.
        permissions: From those of a member to those of its file.

    Raises:
        MLRunInvalidArgumentError: By each method; a sentence that begins with "its member" or "it".
    """

    def __init__(
        self, root: str, limits: Limits, packed: int, permissions: Callable[[int], int] = careful
    ) -> None:
        self._root = root
        self._limits = limits
        self._packed = packed
        self._permissions = permissions
        self._left = limits.bytes_of(packed)
        self._seen = 0
        self._files: set[str] = set()
        self._links: dict[str, Member] = {}

    def add(self, member: Member) -> None:
        self._seen += 1
        if self._seen > self._limits.members:
            raise MLRunInvalidArgumentError(f"it has more than {self._limits.members} members")
        path = _relative(member.name)
        if member.kind is Kind.OTHER:
            raise MLRunInvalidArgumentError(f"its member {member.name!r} is a device, not a file")
        if member.kind is Kind.FOLDER:
            os.makedirs(self._place(path), exist_ok=True)
            return
        if path in self._files or path in self._links or not path:
            raise MLRunInvalidArgumentError(f"it has two members of the name {member.name!r}")
        if member.kind is Kind.LINK:
            self._links[path] = member
        elif member.kind is Kind.COPY:
            self._copy(member, path)
        else:
            with member.open() as content:
                self._write(content, member, path, member.mode)

    def finish(self) -> None:
        """Make the links, and look where each of them leads."""
        for path, member in self._links.items():
            place = self._place(path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            if not self._is_inside(os.path.dirname(place)) or os.path.isabs(member.target):
                raise _leads_out(member)
            os.symlink(member.target, place)
        for path, member in self._links.items():
            if not self._is_inside(self._place(path)):
                raise _leads_out(member)

    def _copy(self, member: Member, path: str) -> None:
        source = _relative(member.target)
        if source not in self._files:
            raise MLRunInvalidArgumentError(
                f"its member {member.name!r} is a hard link to {member.target!r}, which is no file before it"
            )
        with open(self._place(source), "rb") as content:
            status = os.fstat(content.fileno())
            self._write(content, member._replace(size=status.st_size), path, status.st_mode)

    def _write(self, content: IO[bytes], member: Member, path: str, mode: int) -> None:
        self._left -= member.size
        if self._left < 0:
            raise MLRunInvalidArgumentError(
                f"its {self._packed} bytes would become more than {self._limits.bytes_of(self._packed)}"
            )
        place = self._place(path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "xb") as file:
            shutil.copyfileobj(content, file, _CHUNK)
            os.fchmod(file.fileno(), self._permissions(mode))
        self._files.add(path)

    def _place(self, path: str) -> str:
        return os.path.join(self._root, path)

    def _is_inside(self, place: str) -> bool:
        root = os.path.realpath(self._root)
        return os.path.commonpath((root, os.path.realpath(place))) == root


def _relative(name: str) -> str:
    """*name* without ``.`` and empty parts, below its folder."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts:
        raise MLRunInvalidArgumentError(f"its member {name!r} would be written outside of its folder")
    return "/".join(parts)


def _leads_out(member: Member) -> MLRunInvalidArgumentError:
    return MLRunInvalidArgumentError(
        f"its member {member.name!r} is a link that leads out of its folder, to {member.target!r}"
    )
