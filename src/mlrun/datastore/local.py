"""Files of this machine: a plain path or ``file://``."""

from __future__ import annotations

import datetime
import io
import mimetypes
import os
import shutil
import stat
from typing import IO, Any
from urllib.parse import unquote

from mlrun import files
from mlrun.datastore.base import DataStore, FileStats, check_mode, check_range, to_bytes
from mlrun.datastore.writing import open_new
from mlrun.errors import MLRunInvalidArgumentError


class LocalStore(DataStore):
    """A key is an absolute path."""

    kind = "file"

    @classmethod
    def split(cls, url: str) -> tuple[str, str]:
        """
        Raises:
            MLRunInvalidArgumentError: ``file://`` with another machine's name.
        """
        _, separator, path = url.partition("://")
        if not separator:
            return "", os.path.abspath(os.path.expanduser(url))
        path = path.removeprefix("localhost") if path.startswith("localhost/") else path
        if not path.startswith("/"):
            host = path.partition("/")[0]
            raise MLRunInvalidArgumentError(
                f"{url!r} names the host {host!r}; a file of this machine is file:///{path}, or a plain path"
            )
        return "", os.path.abspath(unquote(path))

    def url(self, key: str) -> str:
        return key

    def local_path(self, key: str) -> str | None:
        return key

    def get(self, key: str, size: int | None = None, offset: int = 0) -> bytes:
        check_range(size, offset)
        with files.explained("read", key), open(key, "rb", buffering=0) as file:
            if offset:
                file.seek(offset)
            return file.readall() if size is None else _read(file, size)

    def put(self, key: str, data: bytes | str, append: bool = False) -> None:
        (files.append if append else files.write)(key, to_bytes(data))

    def open(self, key: str, mode: str = "rb") -> IO[Any]:
        check_mode(mode)
        encoding = None if "b" in mode else "utf-8"
        if mode[0] == "r":
            with files.explained("read", key):
                return open(key, mode, encoding=encoding)
        with files.explained("write", key):
            os.makedirs(os.path.dirname(key), exist_ok=True)
            if mode[0] == "a":
                return open(key, mode, encoding=encoding)
            temporary = files.temporary_name(key)

            def finish() -> None:
                with files.explained("write", key):
                    os.replace(temporary, key)

            return open_new(temporary, key, mode, finish, lambda: os.remove(temporary))

    def stat(self, key: str) -> FileStats:
        with files.explained("read", key):
            found = os.stat(key)
        modified = datetime.datetime.fromtimestamp(found.st_mtime, datetime.timezone.utc)
        kind = None if stat.S_ISDIR(found.st_mode) else mimetypes.guess_type(key)[0]
        return FileStats(found.st_size, modified, kind)

    def exists(self, key: str) -> bool:
        return os.path.exists(key)

    def listdir(self, key: str) -> list[str]:
        names: list[str] = []
        with files.explained("list", key):
            os.scandir(key).close()  # os.walk is silent about a folder that is not there
            for folder, _, inside in os.walk(key):
                names += [
                    os.path.relpath(os.path.join(folder, name), key)
                    for name in inside
                    if not files.is_temporary(name)
                ]
        return sorted(names)

    def ls(self, key: str) -> list[str]:
        with files.explained("list", key), os.scandir(key) as entries:
            return sorted(
                entry.name + "/" * entry.is_dir() for entry in entries if not files.is_temporary(entry.name)
            )

    def rm(self, key: str, recursive: bool = False) -> None:
        with files.explained("delete", key):
            if os.path.isdir(key) and not os.path.islink(key):
                if not recursive:
                    raise MLRunInvalidArgumentError(
                        f"{key} is a folder; rm(recursive=True) deletes all in it"
                    )
                shutil.rmtree(key)
            elif os.path.lexists(key):
                os.remove(key)

    def download(self, key: str, target_path: str) -> None:
        files.copy(key, target_path)

    def upload(self, key: str, src_path: str) -> None:
        files.copy(src_path, key)


def _read(file: io.FileIO, size: int) -> bytes:
    """*size* bytes, unless the file ends first: one read of a large part may give less."""
    data = file.read(size) or b""
    while len(data) < size and (more := file.read(size - len(data))):
        data += more
    return data
