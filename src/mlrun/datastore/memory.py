"""``memory://``: data of this process, for tests and for values that need no file."""

from __future__ import annotations

import datetime
import mimetypes
import threading
from typing import Any, NamedTuple

from mlrun import frames
from mlrun.datastore.base import DataStore, FileStats, check_range, to_bytes
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError


class _Entry(NamedTuple):
    value: Any  # bytes or a data frame
    modified: datetime.datetime


_entries: dict[str, _Entry] = {}
_lock = threading.Lock()


class MemoryStore(DataStore):
    """One dictionary for the whole process; a data frame may be put too, and is read as it is."""

    kind = "memory"

    @classmethod
    def split(cls, url: str) -> tuple[str, str]:
        return "memory:/", url.split("://", 1)[1].strip("/")

    def get(self, key: str, size: int | None = None, offset: int = 0) -> bytes:
        check_range(size, offset)
        value = self._entry(key).value
        data = value if isinstance(value, bytes) else frames.to_bytes(value, frames.format_of(key) or "csv")
        return data[offset:] if size is None else data[offset : offset + size]

    def frame(self, key: str) -> Any:
        entry = _entries.get(key)
        return None if entry is None or isinstance(entry.value, bytes) else entry.value.copy()

    def put(self, key: str, data: Any, append: bool = False) -> None:
        value = frames.to_pandas(data).copy() if frames.is_frame(data) else bytes(to_bytes(data))
        with _lock:
            if append and key in _entries:
                if not isinstance(value, bytes) or not isinstance(_entries[key].value, bytes):
                    raise MLRunInvalidArgumentError(f"{self.url(key)}: only bytes can be appended to bytes")
                value = _entries[key].value + value
            _entries[key] = _Entry(value, datetime.datetime.now(datetime.timezone.utc))

    def stat(self, key: str) -> FileStats:
        if key not in _entries and self._below(key):
            return FileStats(None, None)
        entry = self._entry(key)
        size = len(entry.value) if isinstance(entry.value, bytes) else None
        return FileStats(size, entry.modified, mimetypes.guess_type(key)[0])

    def listdir(self, key: str) -> list[str]:
        if not (names := self._below(key)) and key:
            raise MLRunNotFoundError(f"no folder {self.url(key)}")
        return names

    def rm(self, key: str, recursive: bool = False) -> None:
        if (below := self._below(key)) and not recursive:
            raise MLRunInvalidArgumentError(
                f"{self.url(key)} is a folder; rm(recursive=True) deletes all in it"
            )
        with _lock:
            _entries.pop(key, None)
            for name in below:
                _entries.pop(f"{key}/{name}".lstrip("/"), None)

    def _entry(self, key: str) -> _Entry:
        if key not in _entries:
            raise MLRunNotFoundError(f"nothing at {self.url(key)}; memory:// is the memory of one process")
        return _entries[key]

    def _below(self, key: str) -> list[str]:
        prefix = f"{key}/" if key else ""
        with _lock:
            return sorted(name[len(prefix) :] for name in _entries if name.startswith(prefix) and name != key)
