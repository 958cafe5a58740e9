"""A data item: one file or folder, wherever it is, with verbs."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
from collections.abc import Iterator
from typing import IO, Any

from mlrun import frames, urls
from mlrun.datastore.base import DataStore, FileStats
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError


class DataItem:
    """
    Data by its address: read it as bytes, as text, as a data frame or as a local file.

    Nothing is read before a verb asks for it. It stands for a path, so ``open(item)`` and
    ``pandas.read_csv(item)`` work; ``str(item)`` is its url. It lives as long as its user
    keeps it; a file it had to download lives until the process ends, or ``remove_local()``.
    Threads may share it.

    Args:
        key: The name under which it was asked for: an input's name, or its address.
        store: The store that has it.
        subpath: Its key in *store*.
        url: Its address, as given.
        meta: The record of the artifact that it is the data of.
        artifact_url: The ``store://`` address of that artifact.

    Example::

        item = mlrun.get_dataitem("s3://bucket/iris.csv")
        item.get(size=100)
        item.as_df()
    """

    def __init__(
        self,
        key: str,
        store: DataStore,
        subpath: str,
        url: str = "",
        meta: dict[str, Any] | None = None,
        artifact_url: str | None = None,
    ) -> None:
        self._key = key
        self._store = store
        self._path = subpath
        self._url = url or store.url(subpath)
        self._meta = meta
        self._artifact_url = artifact_url or ""
        self._downloaded: dict[str, str] = {}  # "file" or "folder" to its path

    @property
    def key(self) -> str:
        return self._key

    @property
    def suffix(self) -> str:
        """The end of its name, ``.csv``, in lower case."""
        return os.path.splitext(self._path.partition("?")[0])[1].lower()

    @property
    def store(self) -> DataStore:
        return self._store

    @property
    def kind(self) -> str:
        """The store's URL scheme."""
        return self._store.kind

    @property
    def meta(self) -> dict[str, Any] | None:
        """The artifact's record, where it was reached through ``store://``."""
        return self._meta

    @property
    def artifact_url(self) -> str:
        """The artifact's ``store://`` address; its own where it is no artifact's."""
        return self._artifact_url or self._url

    @property
    def url(self) -> str:
        return self._url

    def get(self, size: int | None = None, offset: int = 0, encoding: str | None = None) -> Any:
        """
        The bytes from *offset*, *size* at most; text where an *encoding* is given.

        Raises:
            MLRunNotFoundError: No such file.
            MLRunInvalidArgumentError: It is no text of this *encoding*, or there is none of this name.
        """
        data = self._store.get(self._path, size=size, offset=offset)
        if not encoding:
            return data
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError) as error:
            raise MLRunInvalidArgumentError(
                f"{self!r} can not be read as {encoding} text: {error}"
            ) from error

    def download(self, target_path: str) -> None:
        """Copy it to *target_path* on this machine."""
        self._store.download(self._path, os.fspath(target_path))

    def put(self, data: bytes | str | IO[bytes], append: bool = False) -> None:
        """Write or replace it, or add at its end; an open file is read in parts, however long it is."""
        if not hasattr(data, "read"):
            self._store.put(self._path, data, append=append)
            return
        import shutil

        with self._store.open(self._path, "ab" if append else "wb") as file:
            shutil.copyfileobj(data, file, 1 << 20)

    def delete(self) -> None:
        """Delete the file; nothing happens if it is not there."""
        self._store.rm(self._path)

    def upload(self, src_path: str) -> None:
        """Copy the file *src_path* of this machine here."""
        self._store.upload(self._path, os.fspath(src_path))

    def stat(self) -> FileStats:
        """Its size, time of change and content type."""
        return self._store.stat(self._path)

    def exists(self) -> bool:
        return self._store.exists(self._path)

    def open(self, mode: str = "rb") -> IO[Any]:
        """A file object; what is written is there once it is closed."""
        return self._store.open(self._path, mode)

    def ls(self) -> list[str]:
        """The names directly in this folder; those of folders end with ``/``."""
        return self._store.ls(self._path)

    def listdir(self) -> list[str]:
        """Every file below this folder, by its relative name."""
        return self._store.listdir(self._path)

    def local(self) -> str:
        """
        A path on this machine that holds the bytes; they are downloaded once, if at all.

        Raises:
            MLRunNotFoundError: No such file.
        """
        if path := self._store.local_path(self._path):
            return path
        if "file" not in self._downloaded:
            target = os.path.join(_new_folder(), self._file_name())
            self._store.download(self._path, target)
            self._downloaded["file"] = target
        return self._downloaded["file"]

    def _table(self) -> str:
        """:meth:`local`, where it may also be a folder or a pattern of files."""
        if path := self._store.local_path(self._path):
            return path
        from mlrun.datastore import folders

        if not self._path.endswith("/") and not folders.is_pattern(self._store, self._path):
            try:
                return self.local()
            except (MLRunNotFoundError, MLRunInvalidArgumentError):
                if self._store.kind.startswith("http") or not self._is_folder():
                    raise
        if "folder" not in self._downloaded:
            target = os.path.join(_new_folder(), "parts")
            folders.download(self._store, self._path, target)
            self._downloaded["folder"] = target
        return self._downloaded["folder"]

    def _is_folder(self) -> bool:
        try:
            return bool(self._store.listdir(self._path))
        except MLRunNotFoundError:
            return False

    def remove_local(self) -> None:
        """Delete what :meth:`local` and :meth:`as_df` had to download; never the data itself."""
        import shutil

        while self._downloaded:
            _, path = self._downloaded.popitem()
            shutil.rmtree(os.path.dirname(path), ignore_errors=True)

    def as_df(
        self,
        columns: list[str] | None = None,
        df_module: Any = None,
        format: str = "",
        time_column: str | None = None,
        start_time: Any = None,
        end_time: Any = None,
        additional_filters: list[tuple[str, str, Any]] | None = None,
        **kwargs: Any,
    ) -> Any:
        """
        Its table, or that of all files of the folder or pattern that it is, as a data frame; see
        :func:`mlrun.frames.read` for the arguments.

        Raises:
            MLRunInvalidArgumentError: Neither *format* nor the suffix names a known format.
        """
        frame = self._store.frame(self._path)
        table = self._table() if frame is None else frame
        with self._meant_by(table):
            return frames.read(
                table,
                format=format or frames.format_of(self._path.partition("?")[0]) or self._recorded_format(),
                columns=columns,
                df_module=df_module,
                time_column=time_column,
                start_time=start_time,
                end_time=end_time,
                additional_filters=additional_filters,
                **kwargs,
            )

    @contextlib.contextmanager
    def _meant_by(self, table: Any) -> Iterator[None]:
        """An error about the local copy *table* names what it is a copy of."""
        try:
            yield
        except MLRunInvalidArgumentError as error:
            if not isinstance(table, str) or table not in self._downloaded.values():
                raise
            raise type(error)(str(error).replace(table, urls.without_secrets(self._url))) from error

    def show(self, format: str | None = None) -> None:
        """Show it: as a table, a picture, a page, or as text."""
        from mlrun.datastore.show import show

        show(self, format)

    def get_artifact_type(self) -> str | None:
        """The kind in its ``store://`` address (``datasets``, ``models``, ...); None where it has none."""
        return urls.parse_store_url(self.artifact_url).kind if urls.is_store_url(self.artifact_url) else None

    def _recorded_format(self) -> str:
        return str((self._meta or {}).get("spec", {}).get("format") or "")

    def __str__(self) -> str:
        return self._url

    def __repr__(self) -> str:
        return f"'{urls.without_secrets(self._url)}'"

    def __fspath__(self) -> str:
        return self.local()

    def _file_name(self) -> str:
        return os.path.basename(self._path.partition("?")[0].rstrip("/")) or "data"


def _new_folder() -> str:
    import tempfile

    return tempfile.mkdtemp(dir=_downloads(os.getpid()))


@functools.cache
def _downloads(pid: int) -> str:
    """The folder for what this process downloads; a forked child has its own, and each clears its own."""
    import shutil
    import tempfile

    folder = tempfile.mkdtemp(prefix="mlrun-")

    def clear() -> None:
        if os.getpid() == pid:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(clear)
    return folder
