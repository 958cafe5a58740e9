"""The port: what any place that keeps bytes must be able to do; one contract suite holds them to it."""

from __future__ import annotations

import abc
import datetime
import os
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

from mlrun import files, urls
from mlrun.datastore.credentials import Credentials
from mlrun.datastore.credentials import Secrets as Secrets
from mlrun.datastore.writing import open_new
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, MLRunNotFoundError

MODES = ("r", "rb", "rt", "w", "wb", "wt", "a", "ab", "at")


class FileStats(NamedTuple):
    """What a store knows of a file without reading it."""

    size: int | None  # bytes; None where the store does not say
    modified: datetime.datetime | None
    content_type: str | None = None
    etag: str | None = None  # the store's word for these very bytes; None where it has none


class DataStore(abc.ABC):
    """
    Files under one endpoint, each named by its key.

    * A file is written under a temporary name beside its place and then renamed, so
      nobody sees half of it; a write that fails leaves nothing behind. Only appending
      is seen as it happens.
    * When a write returns, the bytes outlive this process, and only then may a record
      that names them be stored. They are not forced to the disk one by one: a machine
      that loses power may lose the last seconds (the record's hash and size tell).
    * Folders are created when something is written into them.
    * A missing file is MLRunNotFoundError with its url; what may not be read or written
      is MLRunAccessDeniedError; every other failure MLRunRuntimeError with the reason.

    An instance is cheap and may be shared between threads.

    Args:
        endpoint: What its addresses begin with, ``https://host:8080``; see :meth:`split`.
        secrets: Credentials by name; where one is not there, the environment is asked.
    """

    kind = ""  # the URL scheme

    def __init__(self, endpoint: str = "", secrets: Secrets | None = None) -> None:
        self.endpoint = endpoint
        self.credentials = secrets if isinstance(secrets, Credentials) else Credentials(secrets)

    @classmethod
    def split(cls, url: str) -> tuple[str, str]:
        """
        The endpoint and the key in *url*.

        Raises:
            MLRunInvalidArgumentError: *url* is broken.
        """
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise MLRunInvalidArgumentError(f"this {cls.kind}:// address is broken: {error}") from error
        if not parts.netloc:
            raise MLRunInvalidArgumentError(f"{url!r} names no host: {parts.scheme}://host/path")
        key = url.split("://", 1)[1][len(parts.netloc) :].removeprefix("/")
        return f"{parts.scheme}://{parts.netloc}", key

    def url(self, key: str) -> str:
        """The address of *key*."""
        return f"{self.endpoint}/{key}"

    def secret(self, name: str) -> str:
        """The credential *name*, from the secrets or the environment; empty where there is none."""
        return self.credentials.get(name)

    @abc.abstractmethod
    def get(self, key: str, size: int | None = None, offset: int = 0) -> bytes:
        """
        The bytes from *offset*, *size* at most (None is all); empty past the end.

        Raises:
            MLRunNotFoundError: No such file.
        """

    @abc.abstractmethod
    def put(self, key: str, data: bytes | str, append: bool = False) -> None:
        """Write or replace the file, or add at its end; text is written as UTF-8."""

    @abc.abstractmethod
    def stat(self, key: str) -> FileStats:
        """
        Raises:
            MLRunNotFoundError: No such file.
        """

    @abc.abstractmethod
    def listdir(self, key: str) -> list[str]:
        """
        Every file below *key*, its folders included, as a sorted list of names relative to it.

        Raises:
            MLRunNotFoundError: No such folder.
        """

    @abc.abstractmethod
    def rm(self, key: str, recursive: bool = False) -> None:
        """
        Delete a file, or with *recursive* a folder and all in it; nothing happens if it is not there.

        Raises:
            MLRunInvalidArgumentError: It is a folder, and *recursive* was not said.
        """

    def exists(self, key: str) -> bool:
        """Whether a file or folder is there."""
        try:
            self.stat(key)
        except MLRunNotFoundError:
            return False
        return True

    def ls(self, key: str) -> list[str]:
        """
        The names directly in *key*, sorted; those of folders end with ``/``.

        Raises:
            MLRunNotFoundError: No such folder.
        """
        heads = (name.partition("/") for name in self.listdir(key))
        return sorted({head + separator for head, separator, _ in heads})

    def open(self, key: str, mode: str = "rb") -> IO[Any]:
        """
        A file object; text is UTF-8. What is written is there once it is closed, and not at
        all when its ``with`` block raises.

        Raises:
            MLRunNotFoundError: No such file to read.
        """
        check_mode(mode)
        import shutil
        import tempfile  # 5 ms together, and local files need neither

        path = os.path.join(tempfile.mkdtemp(prefix="mlrun-"), "data")

        def discard() -> None:
            shutil.rmtree(os.path.dirname(path))

        if mode[0] == "r":
            try:
                self.download(key, path)
                return open(path, mode, encoding=None if "b" in mode else "utf-8")
            finally:
                discard()  # the open file keeps its bytes

        def finish() -> None:
            try:
                (self.append_file if mode[0] == "a" else self.upload)(key, path)
            finally:
                discard()

        return open_new(path, urls.without_secrets(self.url(key)), mode, finish, discard)

    def download(self, key: str, target_path: str) -> None:
        """
        Copy the file to *target_path* on this machine.

        Raises:
            MLRunNotFoundError: No such file.
        """
        files.write(target_path, self.get(key))

    def upload(self, key: str, src_path: str) -> None:
        """
        Copy the file *src_path* of this machine here.

        Raises:
            MLRunNotFoundError: No file *src_path*.
        """
        with files.explained("read", src_path), open(src_path, "rb") as file:
            data = file.read()
        self.put(key, data)

    def append_file(self, key: str, src_path: str) -> None:
        """Add what the file *src_path* of this machine holds at the end."""
        with files.explained("read", src_path), open(src_path, "rb") as file:
            data = file.read()
        self.put(key, data, append=True)

    def local_path(self, key: str) -> str | None:
        """Where the bytes lie on this machine; None where they have to be downloaded first."""
        return None

    def frame(self, key: str) -> Any:
        """The data frame, where the store holds one rather than a file; else None."""
        return None


def to_bytes(data: bytes | bytearray | memoryview | str) -> bytes | memoryview:
    """
    Raises:
        MLRunInvalidArgumentTypeError: *data* is neither bytes nor text.
    """
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        return data.encode()
    if isinstance(data, (bytearray, memoryview)):
        return memoryview(data).cast("B")
    raise MLRunInvalidArgumentTypeError(f"a file takes bytes or str, not {type(data).__name__}")


def check_range(size: int | None, offset: int) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: A part of a file that can not be.
    """
    if offset < 0 or (size is not None and size < 0):
        raise MLRunInvalidArgumentError(
            f"size={size}, offset={offset}: both count bytes from the start, so they are 0 or more"
        )


def check_mode(mode: str) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: Not a way in which a store opens files.
    """
    if mode not in MODES:
        raise MLRunInvalidArgumentError(
            f"a data item is not opened with {mode!r}, but with one of {', '.join(MODES)}"
        )
