"""The port: what any place that keeps bytes must be able to do; one contract suite holds them to it."""

from __future__ import annotations

import abc
import datetime
import io
import os
from typing import IO, Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from mlrun import files
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, MLRunNotFoundError

MODES = ("r", "rb", "rt", "w", "wb", "wt", "a", "ab", "at")


class Secrets(Protocol):
    """Where a store looks a credential up before the environment; a dictionary is one."""

    def get(self, name: str, /) -> Any: ...


class FileStats(NamedTuple):
    """What a store knows of a file without reading it."""

    size: int | None  # bytes; None where the store does not say
    modified: datetime.datetime | None
    content_type: str | None = None


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
        self._secrets = secrets

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
        given = self._secrets.get(name) if self._secrets is not None else None
        return str(given) if given else os.environ.get(name, "")

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
        if mode[0] == "r":
            stream: IO[bytes] = io.BytesIO(self.get(key))
            return stream if "b" in mode else io.TextIOWrapper(stream, encoding="utf-8")
        return _Sending(self, key, mode) if "b" in mode else _SendingText(self, key, mode)

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
    if isinstance(data, bytearray | memoryview):
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


class _Sending(io.BytesIO):
    """What a store without real files opens for writing: it is put when it is closed."""

    def __init__(self, store: DataStore, key: str, mode: str) -> None:
        super().__init__()
        self._store, self._key, self._append = store, key, mode[0] == "a"
        self.failed = False

    def close(self) -> None:
        if not self.closed:
            data = self.getvalue()
            super().close()
            if not self.failed:
                self._store.put(self._key, data, append=self._append)

    def __exit__(self, kind: Any, *error: Any) -> None:
        self.failed = kind is not None
        self.close()


class _SendingText(io.TextIOWrapper):
    """:class:`_Sending` for text."""

    def __init__(self, store: DataStore, key: str, mode: str) -> None:
        self._sending = _Sending(store, key, mode)
        super().__init__(self._sending, encoding="utf-8", newline="")

    def __exit__(self, kind: Any, *error: Any) -> None:
        self._sending.failed = kind is not None
        self.close()
