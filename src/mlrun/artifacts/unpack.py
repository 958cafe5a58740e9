"""An exported archive, whose every member has a place in an artifact."""

from __future__ import annotations

from collections.abc import Iterator

from mlrun import archives
from mlrun.artifacts.archive import DATA, EXTRA, RECORD
from mlrun.errors import MLRunInvalidArgumentError

# More than a hundred times the archive's own size is no artifact, unless it is still small.
LIMITS = archives.Limits(bytes=1 << 50, ratio=100, members=100_000)


def unpack(path: str, folder: str) -> None:
    """
    Unpack the archive at *path* into the empty *folder*.

    Raises:
        MLRunInvalidArgumentError: It is no archive of an artifact, or something in it would be written
            elsewhere, is a link, or grows beyond measure; nothing was written.
    """
    archives.unpack(path, folder, LIMITS, checked=_of_artifact)


def _of_artifact(members: Iterator[archives.Member]) -> Iterator[archives.Member]:
    has_record = False
    for member in members:
        _check(member)
        has_record = has_record or member.name == RECORD
        yield member
    if not has_record:
        raise MLRunInvalidArgumentError(
            f'it is no artifact, for it has no {RECORD}; artifact.export("x.zip") writes one'
        )


def _check(member: archives.Member) -> None:
    name = member.name
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or ".." in parts or "" in parts or "\\" in name or ":" in parts[0]:
        raise MLRunInvalidArgumentError(f"its member {name!r} would be written outside of its folder")
    if member.kind not in (archives.Kind.FILE, archives.Kind.FOLDER):
        raise MLRunInvalidArgumentError(f"its member {name!r} is a link or a device, not a file")
    if name != RECORD and not name.startswith((DATA, EXTRA)):
        raise MLRunInvalidArgumentError(
            f"its member {name!r} is none of an artifact: {RECORD}, {DATA}... and {EXTRA}..."
        )
