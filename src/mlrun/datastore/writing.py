"""Files that are there once they are closed, and not at all when their block fails."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO, Any

from mlrun import files


def open_new(
    temporary: str, path: str, mode: str, finish: Callable[[], None], discard: Callable[[], None]
) -> IO[Any]:
    """
    A file object that writes *temporary*, and calls *finish* when it is closed, but *discard* after an error.

    Args:
        path: What messages call it.
        mode: Text (as UTF-8) unless there is a ``b`` in it.
        finish: Makes *path* of *temporary*.
        discard: Removes *temporary*.
    """
    writer = _Writer(_NewFile(temporary, path, finish, discard))
    if "b" in mode:
        return writer
    return _TextWriter(writer, encoding="utf-8", newline="")


class _NewFile(io.FileIO):
    def __init__(
        self, temporary: str, path: str, finish: Callable[[], None], discard: Callable[[], None]
    ) -> None:
        self._path = path
        self._finish = finish
        self._discard = discard
        self.failed = False
        super().__init__(temporary, "x")

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.failed = True
            raise files.as_error("write", self._path, error) from error

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        if self.failed:
            self._discard()
        else:
            self._finish()


class _Writer(io.BufferedWriter):
    raw: _NewFile

    def __exit__(self, kind: Any, *error: Any) -> None:
        self.raw.failed = kind is not None
        self.close()


class _TextWriter(io.TextIOWrapper):
    def __exit__(self, kind: Any, *error: Any) -> None:
        self.buffer.raw.failed = kind is not None  # type: ignore[attr-defined]
        self.close()
