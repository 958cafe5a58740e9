"""``redis://`` and ``rediss://``: values of a Redis server, read and written as files."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from mlrun import files, urls
from mlrun.datastore.base import DataStore, FileStats, check_range, to_bytes
from mlrun.datastore.fsspec import check_key
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunInvalidArgumentError,
    MLRunMissingDependencyError,
    MLRunNotFoundError,
    MLRunRuntimeError,
)

BLOCK = 4 << 20  # bytes on their way to or from a file
WAIT_S = 10  # for a connection
USER, PASSWORD = "REDIS_USER", "REDIS_PASSWORD"
_lock = threading.Lock()


class RedisStore(DataStore):
    """
    A key of the store is a key of the server, whose value is a string of bytes; folders are what keys have
    before a ``/``. Redis keeps no times.
    """

    kind = "redis"

    def __init__(self, endpoint: str = "", secrets: Any = None) -> None:
        super().__init__(endpoint, secrets)
        self.kind = urls.scheme(endpoint) or self.kind

    @classmethod
    def split(cls, url: str) -> tuple[str, str]:
        endpoint, key = super().split(url)
        return endpoint, check_key(key, url).strip("/")

    @property
    def client(self) -> Any:
        """
        The library's client, which threads share.

        Raises:
            MLRunMissingDependencyError: The library is not installed.
        """
        login = self.credentials.together(USER, PASSWORD)
        with _lock:
            return _client(os.getpid(), self.endpoint, login.get(USER), login.get(PASSWORD))

    def get(self, key: str, size: int | None = None, offset: int = 0) -> bytes:
        check_range(size, offset)
        with self._explained("read", key):
            if size is None and not offset:
                data = self.client.get(key)
                if data is None:
                    raise self._missing(key)
                return bytes(data)
            end = -1 if size is None else offset + size - 1
            found = b"" if size == 0 else self.client.getrange(key, offset, end)
            if not found and not self.client.exists(key):
                raise self._missing(key)
            return bytes(found)

    def put(self, key: str, data: bytes | str, append: bool = False) -> None:
        raw = bytes(to_bytes(data))
        with self._explained("write", key):
            (self.client.append if append else self.client.set)(self._named(key), raw)

    def upload(self, key: str, src_path: str) -> None:
        temporary = f"{self._named(key).rpartition('/')[0]}/.{uuid.uuid4().hex[:16]}.tmp"
        with files.explained("read", src_path), open(src_path, "rb") as file, self._explained("write", key):
            try:
                self.client.set(temporary, b"")
                while block := file.read(BLOCK):
                    self.client.append(temporary, block)
                self.client.rename(temporary, key)
            except BaseException:
                with contextlib.suppress(Exception):  # the first error is the one to tell
                    self.client.delete(temporary)
                raise

    def append_file(self, key: str, src_path: str) -> None:
        with files.explained("read", src_path), open(src_path, "rb") as file, self._explained("write", key):
            while block := file.read(BLOCK):
                self.client.append(self._named(key), block)

    def download(self, key: str, target_path: str) -> None:
        size = self.stat(key).size or 0
        with (
            files.replacing(target_path) as temporary,
            open(temporary, "xb") as file,
            self._explained("read", key),
        ):
            for start in range(0, size, BLOCK):
                file.write(self.client.getrange(key, start, min(start + BLOCK, size) - 1))

    def stat(self, key: str) -> FileStats:
        with self._explained("read", key):
            size = self.client.strlen(key)
            if size or self.client.exists(key):
                return FileStats(size, None)
            if not any(True for _ in self._below(key)):
                raise self._missing(key)
        return FileStats(None, None)

    def listdir(self, key: str) -> list[str]:
        with self._explained("list", key):
            names = sorted(
                name for name in self._below(key) if not files.is_temporary(name.rpartition("/")[2])
            )
        if key and not names:
            raise MLRunNotFoundError(f"no folder {self._shown(key)}")
        return names

    def rm(self, key: str, recursive: bool = False) -> None:
        with self._explained("delete", key):
            if self.client.delete(key) and not recursive:
                return
            for name in self._below(key):
                if not recursive:
                    raise MLRunInvalidArgumentError(
                        f"{self._shown(key)} is a folder; rm(recursive=True) deletes all in it"
                    )
                self.client.delete(f"{key}/{name}".lstrip("/"))

    def _below(self, key: str) -> Iterator[str]:
        start = f"{key.strip('/')}/".lstrip("/")
        pattern = "".join(f"\\{letter}" if letter in "*?[]\\^" else letter for letter in start)
        for found in self.client.scan_iter(match=f"{pattern}*".encode(), count=1000, _type="string"):
            yield found.decode("utf-8", "surrogateescape")[len(start) :]

    def _named(self, key: str) -> str:
        if not key:
            raise MLRunInvalidArgumentError(f"{self._shown(key)} names no key: {self.kind}://host:6379/key")
        return key

    def _missing(self, key: str) -> MLRunNotFoundError:
        return MLRunNotFoundError(f"no file {self._shown(key)}")

    def _shown(self, key: str) -> str:
        return urls.without_secrets(self.url(key))

    @contextlib.contextmanager
    def _explained(self, verb: str, key: str) -> Iterator[None]:
        exceptions = _library().exceptions
        try:
            yield
        except (exceptions.AuthenticationError, exceptions.NoPermissionError) as error:
            reason = f"{error}; the login is looked for as {USER} and {PASSWORD}"
            raise MLRunAccessDeniedError(f"can not {verb} {self._shown(key)}: {reason}") from error
        except exceptions.RedisError as error:
            raise MLRunRuntimeError(f"can not {verb} {self._shown(key)}: {error}") from error


@functools.lru_cache(maxsize=32)
def _client(pid: int, endpoint: str, user: str | None, password: str | None) -> Any:
    parts = urlsplit(endpoint)
    user = unquote(parts.username) if parts.username else user
    password = unquote(parts.password) if parts.password else password
    login = f"{quote(user or '', safe='')}:{quote(password, safe='')}@" if password else ""
    address = urlunsplit((parts.scheme, login + parts.netloc.rpartition("@")[2], "", "", ""))
    return _library().Redis.from_url(address, socket_connect_timeout=WAIT_S)


def _library() -> Any:
    try:
        import redis
    except ImportError as error:
        raise MLRunMissingDependencyError("redis:// needs redis: pip install 'mlrun[redis]'") from error
    return redis
