"""Members of zip and tar files in one form."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile

import pytest

from mlrun.archives.members import Kind, Member, members
from mlrun.errors import MLRunInvalidArgumentError

MOST = 1_000_000


def tar_file(*entries: tarfile.TarInfo) -> io.BytesIO:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for info in entries:
            archive.addfile(info, io.BytesIO(bytes(info.size)))
    file.seek(0)
    return file


def entry(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname, info.mode = kind, size, target, 0o4755
    return info


def test_a_tar_file_has_files_folders_links_and_copies() -> None:
    file = tar_file(
        entry("a", size=700),
        entry("b", tarfile.DIRTYPE),
        entry("c", tarfile.SYMTYPE, target="a"),
        entry("d", tarfile.LNKTYPE, target="a"),
        entry("e", tarfile.BLKTYPE),
    )

    found = list(members(file, MOST))

    assert [(member.name, member.kind, member.target) for member in found] == [
        ("a", Kind.FILE, ""),
        ("b", Kind.FOLDER, ""),
        ("c", Kind.LINK, "a"),
        ("d", Kind.COPY, "a"),
        ("e", Kind.OTHER, ""),
    ]
    assert (found[0].size, found[0].mode) == (700, 0o755)


def test_a_zip_file_has_files_folders_and_links() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", b"abc")
        archive.writestr(zipfile.ZipInfo("b/"), b"")
        for name, kind in (("c", stat.S_IFLNK), ("d", stat.S_IFIFO)):
            info = zipfile.ZipInfo(name)
            info.external_attr = (kind | 0o777) << 16
            archive.writestr(info, b"a")
    file.seek(0)

    read: list[tuple[Member, bytes]] = []
    for member in members(file, MOST):
        read.append((member, member.open().read()))

    assert [(member.name, member.kind, member.size) for member, _ in read] == [
        ("a", Kind.FILE, 3),
        ("b/", Kind.FOLDER, 0),
        ("c", Kind.LINK, 0),
        ("d", Kind.OTHER, 1),
    ]
    assert read[0][1] == b"abc"
    assert read[2][0].target == "a"


def test_no_more_is_decompressed_than_was_said() -> None:
    file = tar_file(entry("a", size=5000), entry("b", size=5000))

    with pytest.raises(MLRunInvalidArgumentError, match="more than 9000 bytes"):
        list(members(file, 9000))


@pytest.mark.parametrize("rest", [b"", b"no header", b"no header" * 100, bytes(100)])
def test_a_tar_file_without_its_end_mark_is_broken_off(rest: bytes) -> None:
    file = io.BytesIO(entry("a", size=512).tobuf() + bytes(range(256)) * 2 + rest)

    with pytest.raises(EOFError, match="before its end mark"):
        list(members(file, MOST))
