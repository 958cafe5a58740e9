"""Every scheme that fsspec knows, by one adapter: object stores, Hadoop, SFTP and all the others."""

from __future__ import annotations

import contextlib
import io
import mimetypes
import os
import posixpath
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import IO, Any

from mlrun import files, urls
from mlrun.datastore import filesystems
from mlrun.datastore.base import DataStore, FileStats, check_mode, check_range, to_bytes
from mlrun.datastore.options import own_options
from mlrun.datastore.schemes import scheme_of
from mlrun.errors import MLRunBaseError, MLRunInvalidArgumentError, MLRunNotFoundError, MLRunRuntimeError

_BLOCK = 1 << 20  # bytes


class FsspecStore(DataStore):
    """
    A key is a path in a bucket, or on a host.

    * An upload that a service would show while it grows is written under a temporary name first.
    * Appending to an object of a bucket, or where fsspec can not, writes the whole object anew.
    * The library's object is shared by all stores with the same options, so its connections are; other
      credentials are another object.
    """

    def __init__(self, endpoint: str = "", secrets: Any = None) -> None:
        super().__init__(endpoint, secrets)
        self.kind, _, self._authority = endpoint.partition("://")
        self._scheme = scheme_of(self.kind)
        self._options: dict[str, Any] = {}  # what it last connected with

    @property
    def _appends(self) -> bool:
        return self._scheme.appends and not (self._scheme.has_buckets or self._scheme.writes_whole)

    @classmethod
    def split(cls, url: str) -> tuple[str, str]:
        """
        Raises:
            MLRunInvalidArgumentError: No bucket or host where there has to be one, or ``..`` in the path.
        """
        word, (authority, _, key) = urls.scheme(url), url.partition("://")[2].partition("/")
        scheme = scheme_of(word)
        if not authority and not scheme.may_lack_host:
            what = "bucket" if scheme.has_buckets else "host"
            raise MLRunInvalidArgumentError(f"{url!r} names no {what}: {word}://{what}/path")
        return f"{word}://{authority}", check_key(key, url)

    @property
    def filesystem(self) -> Any:
        """
        fsspec's object, connected; it lists anew each time.

        Raises:
            MLRunMissingDependencyError: Its library is not installed; the message says how to.
            MLRunInvalidArgumentError: Credentials are missing, or are none.
        """
        scheme = self._scheme
        cls = filesystems.find_class(self.kind, scheme)
        made = (
            scheme.options(self.credentials, self._authority)
            if scheme.options
            else cls._get_kwargs_from_urls(f"{self.endpoint}/")
        )
        self._options = {**made, **own_options(self.credentials, scheme.protocol)}
        return filesystems.connect(cls, self._options)

    def get_storage_options(self) -> dict[str, Any]:
        """What the library connects with, for others that read by fsspec: it holds secrets."""
        with self._explained("open", ""):
            _ = self.filesystem
        return dict(self._options)

    def _path(self, key: str) -> str:
        key = key.rstrip("/")
        if self._scheme.has_buckets:
            return f"{self._authority.partition('@')[0]}/{key}".rstrip("/")
        return "/" + key.lstrip("/")

    def get(self, key: str, size: int | None = None, offset: int = 0) -> bytes:
        check_range(size, offset)
        self._check_name(key)
        with self._explained("read", key):
            if size is None and not offset:
                return bytes(self.filesystem.cat_file(self._path(key)))
        if size == 0:
            self.stat(key)
            return b""
        end = None if size is None else offset + size
        try:
            with self._explained("read", key):
                return bytes(self.filesystem.cat_file(self._path(key), start=offset, end=end))
        except MLRunRuntimeError:  # a server has an error for what is past the end
            if (length := self.stat(key).size) is not None and offset >= length:
                return b""
            raise

    def put(self, key: str, data: bytes | str, append: bool = False) -> None:
        raw = bytes(to_bytes(data))
        if append and self._appends:
            with self._explained("write", key), self._open_to_append(key) as file:
                file.write(raw)
            return
        if append and self.exists(key):
            raw = self.get(key) + raw
        self._write(key, lambda fs, path: fs.pipe_file(path, raw))

    def upload(self, key: str, src_path: str) -> None:
        with files.explained("read", src_path):
            open(src_path, "rb").close()
        options = self._transfer(os.path.getsize(src_path))
        self._write(key, lambda fs, path: fs.put_file(src_path, path, **options))

    def download(self, key: str, target_path: str) -> None:
        self._check_name(key)
        with files.replacing(target_path) as temporary, self._explained("read", key):
            fs, path = self.filesystem, self._path(key)
            if not self._scheme.has_buckets and fs.isdir(path):
                raise IsADirectoryError(f"{self._shown(key)} is a folder")
            if self._scheme.download:
                self._scheme.download(fs, path, temporary)
            else:
                fs.get_file(path, temporary, **self._transfer(0))

    def _transfer(self, size: int) -> dict[str, Any]:
        return self._scheme.transfer(size) if self._scheme.transfer else {}

    def append_file(self, key: str, src_path: str) -> None:
        if not self._appends:
            self._write_anew(key, src_path)
            return
        with open(src_path, "rb") as source, self._explained("write", key), self._open_to_append(key) as file:
            shutil.copyfileobj(source, file, _BLOCK)

    def _write_anew(self, key: str, src_path: str) -> None:
        """The object and *src_path* after it; none of them passes through the memory as a whole."""
        with tempfile.TemporaryDirectory(prefix="mlrun-") as folder:
            whole = os.path.join(folder, "whole")
            with contextlib.suppress(MLRunNotFoundError):
                self.download(key, whole)
            with open(src_path, "rb") as source, open(whole, "ab") as target:
                shutil.copyfileobj(source, target, _BLOCK)
            self.upload(key, whole)

    def open(self, key: str, mode: str = "rb") -> IO[Any]:
        check_mode(mode)
        if mode[0] != "r":
            return super().open(key, mode)
        self._check_name(key)
        with self._explained("read", key):
            fs, path = self.filesystem, self._path(key)
            file: Any = fs.open(path, "rb") if self._scheme.has_buckets else None  # it has asked already
            if (file.details if file else fs.info(path))["type"] != "file":
                raise IsADirectoryError(f"{self._shown(key)} is a folder")
            file = file or fs.open(path, "rb")
        return file if "b" in mode else io.TextIOWrapper(file, encoding="utf-8")

    def stat(self, key: str) -> FileStats:
        with self._explained("read", key):
            info = self.filesystem.info(self._path(key))
        if info.get("type") == "directory":
            return FileStats(None, None)
        kind = info.get("ContentType") or info.get("contentType") or mimetypes.guess_type(key)[0]
        return FileStats(info.get("size"), filesystems.modified(info), kind, filesystems.etag(info))

    def listdir(self, key: str) -> list[str]:
        with self._explained("list", key):
            fs, path = self.filesystem, self._path(key)
            names = self._below(path, fs.find(path))
            if not names and not fs.isdir(path):
                raise FileNotFoundError(path)
        return names

    def ls(self, key: str) -> list[str]:
        with self._explained("list", key):
            path = self._path(key)
            entries = {
                _clean(entry["name"]): entry["type"] == "directory"
                for entry in self.filesystem.ls(path, detail=True)
            }
            names = self._below(path, entries)
            if not names and not self.filesystem.isdir(path):
                raise FileNotFoundError(path)
        root = _clean(path)
        return sorted(name + "/" * entries[f"{root}/{name}".lstrip("/")] for name in names)

    def rm(self, key: str, recursive: bool = False) -> None:
        with self._explained("delete", key), contextlib.suppress(FileNotFoundError):
            fs, path = self.filesystem, self._path(key)
            if fs.info(path)["type"] != "directory":
                fs.rm_file(path)
            elif recursive:
                fs.rm(path, recursive=True)
            else:
                raise MLRunInvalidArgumentError(
                    f"{self._shown(key)} is a folder; rm(recursive=True) deletes all in it"
                )

    def _below(self, path: str, found: Any) -> list[str]:
        """Names relative to *path*, without *path* itself and without half-written files."""
        root = _clean(path)
        names = [_clean(name) for name in found]
        start = f"{root}/" if root else ""
        return sorted(
            name[len(start) :]
            for name in names
            if name.startswith(start) and len(name) > len(start) and not files.is_temporary(name)
        )

    def _write(self, key: str, write: Callable[[Any, str], None]) -> None:
        """Have *write* make the file at a path, and show it when it is whole."""
        self._check_name(key)
        with self._explained("write", key):
            fs, path = self.filesystem, self._path(key)
            if self._scheme.writes_whole:
                write(fs, path)
                return
            fs.makedirs(posixpath.dirname(path), exist_ok=True)
            temporary = files.temporary_name(path)
            try:
                write(fs, temporary)
                if not self._scheme.replaces and fs.exists(path):
                    fs.rm_file(path)
                fs.mv(temporary, path)
            except BaseException:
                with contextlib.suppress(Exception):  # the first error is the one to tell
                    fs.rm_file(temporary)
                raise

    def _check_name(self, key: str) -> None:
        if not key.rstrip("/"):
            raise MLRunInvalidArgumentError(f"{self._shown(key)} names no file")

    def _open_to_append(self, key: str) -> Any:
        fs, path = self.filesystem, self._path(key)
        fs.makedirs(posixpath.dirname(path), exist_ok=True)
        return fs.open(path, "ab")

    def _shown(self, key: str) -> str:
        return urls.without_secrets(self.url(key))

    @contextlib.contextmanager
    def _explained(self, verb: str, key: str) -> Iterator[None]:
        """
        Raises:
            MLRunBaseError: What the library says, in our words and without secrets.
        """
        try:
            yield
        except MLRunBaseError:
            raise
        except Exception as error:  # any library may stand behind a scheme, and each has errors of its own
            said = filesystems.as_error(verb, self._shown(key), error, self._scheme.names, self._options)
            found, is_clean = said
            raise found from (error if is_clean else None)


def check_key(key: str, url: str) -> str:
    """
    Raises:
        MLRunInvalidArgumentError: It has ``..`` in its path, with which it would leave its place.
    """
    if ".." in key.split("/"):
        raise MLRunInvalidArgumentError(
            f"{urls.without_secrets(url)!r} leads out of its place: '..' may not be in an address"
        )
    return key


def _clean(path: str) -> str:
    return path.strip("/")
