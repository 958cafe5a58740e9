"""What is in a zip or tar file, one member after the other, in one form."""

from __future__ import annotations

import bz2
import enum
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from typing import IO, Any, NamedTuple

from mlrun.errors import MLRunInvalidArgumentError

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
LONGEST_TARGET = 4096  # bytes of a link's target; Linux takes no longer path
_ONE_READ = 64 << 20  # bytes; tarfile reads a header of any declared length at once
_COMPRESSIONS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}


class Kind(enum.Enum):
    FILE = "file"
    FOLDER = "folder"
    LINK = "link"  # symbolic
    COPY = "copy"  # of an earlier member: a hard link
    OTHER = "device"


class Member(NamedTuple):
    """One member; :attr:`open` gives its bytes while its archive is being read, and before the next one."""

    name: str  # as the archive has it
    kind: Kind
    size: int = 0  # bytes, as its header promises; no more are read
    mode: int = 0  # permissions; 0 where the archive knows none
    target: str = ""  # of a link or copy
    open: Callable[[], IO[bytes]] = io.BytesIO


def members(file: IO[bytes], most: int) -> Iterator[Member]:
    """
    The members of the archive in *file*, in its order.

    Args:
        most: Bytes that a compressed tar file may become, headers included.

    Raises:
        MLRunInvalidArgumentError: It is broken off, or longer than *most*.
        Exception: Those of zipfile, tarfile and the compressions, where it is broken.
    """
    head = file.read(8)
    file.seek(0)
    return _zip_members(file) if head.startswith(b"PK") else _tar_members(file, head, most)


def _zip_members(file: IO[bytes]) -> Iterator[Member]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            yield _of_zip(archive, info)


def _of_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    mode = info.external_attr >> 16

    def read() -> IO[bytes]:
        return archive.open(info)

    if stat.S_ISLNK(mode):
        with read() as content:
            target = content.read(LONGEST_TARGET).decode("utf-8", "surrogateescape")
        return Member(info.filename, Kind.LINK, target=target)
    kind = Kind.FOLDER if info.is_dir() else Kind.FILE
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        kind = Kind.OTHER
    return Member(info.filename, kind, info.file_size, mode & 0o777, open=read)


def _tar_members(file: IO[bytes], head: bytes, most: int) -> Iterator[Member]:
    decompressed = next((wrap(file) for magic, wrap in _COMPRESSIONS.items() if head.startswith(magic)), file)
    bounded = _Bounded(decompressed, most)
    with tarfile.open(fileobj=bounded, mode="r:") as archive:
        for info in archive:
            yield _of_tar(archive, info)
    if bounded.last != tarfile.NUL * tarfile.BLOCKSIZE:  # tarfile ends as quietly at what is no header
        raise EOFError("it ends before its end mark")
    while bounded.read(1 << 20):  # a compression's checksum stands at its end
        pass


def _of_tar(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    def read() -> IO[bytes]:
        content = archive.extractfile(info)
        assert content is not None  # it is a file
        return content

    if info.isfile():
        return Member(info.name, Kind.FILE, info.size, info.mode & 0o777, open=read)
    kinds = {tarfile.DIRTYPE: Kind.FOLDER, tarfile.SYMTYPE: Kind.LINK, tarfile.LNKTYPE: Kind.COPY}
    return Member(info.name, kinds.get(info.type, Kind.OTHER), target=info.linkname)


class _Bounded(io.RawIOBase):
    """As much of a decompressed file as somebody wants to read; :attr:`last` is what was read last."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file = file
        self._most = most
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _ONE_READ:
            raise MLRunInvalidArgumentError(f"it has a header of {size} bytes")
        self.last = self._file.read(size)
        self._check(self._file.tell())
        return self.last

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._check(offset)
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def _check(self, offset: int) -> None:
        if offset > self._most:
            raise MLRunInvalidArgumentError(f"it would become more than {self._most} bytes")
