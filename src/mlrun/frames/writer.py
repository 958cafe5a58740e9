"""Data frames to files, with hash and statistics made while the file is written."""

from __future__ import annotations

import io
import os
import queue
import sys
import threading
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from mlrun import files
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.frames.summary import stats
from mlrun.frames.table import (
    check_format,
    checked,
    default_format,
    format_of,
    keeps_index,
    library,
    with_index,
)

if TYPE_CHECKING:
    from pandas import DataFrame

BATCH = 1 << 20  # bytes that wait for the thread that hashes; each time it wakes, the writer waits for it


class Written(NamedTuple):
    """What is known of a file that was just written."""

    size: int  # bytes
    hash: str  # SHA-1, hexadecimal; empty if it was not asked for
    stats: dict[str, dict[str, Any]] | None  # by column, see frames.stats; None if they were not asked for


def write(df: Any, path: str, format: str = "", index: bool | None = None, **kwargs: Any) -> None:
    """
    Write a table to the file *path*, whole or not at all; its folders are created.

    Args:
        format: ``csv``, ``parquet`` (``pq``), ``json`` (one object a line) or ``feather``; by the suffix if
            none, and by :func:`default_format` if that says nothing either.
        index: Keep the index; if None, where it carries something (see :func:`keeps_index`).
        kwargs: For the writer of pandas.

    Raises:
        MLRunInvalidArgumentError: Format not known, or the table does not fit it (two columns of one name).
        MLRunAccessDeniedError, MLRunRuntimeError: It can not be written; nothing has changed.
    """
    write_dataset(df, path, format, index=index, with_hash=False, with_stats=False, **kwargs)


def write_dataset(
    df: Any,
    path: str,
    format: str = "",
    with_hash: bool = True,
    with_stats: bool = True,
    index: bool | None = None,
    **kwargs: Any,
) -> Written:
    """
    :func:`write`, and what its artifact's record says of the file.

    Statistics are made in one thread and the hash in another while the file is written; on two
    cores they cost next to nothing.
    """
    from concurrent.futures import ThreadPoolExecutor  # 4 ms, and most runs write no table

    format = check_format(format or format_of(path) or default_format(df))
    frame = checked(df)
    with files.replacing(path) as temporary, ThreadPoolExecutor(1) as pool:
        counting = pool.submit(stats, frame) if with_stats else None
        with _File(temporary, with_hash) as file:
            write_to(file, frame, format, index, {**_compression(path, format), **kwargs})
        return Written(os.path.getsize(temporary), file.hash, counting.result() if counting else None)


def to_bytes(df: Any, format: str) -> bytes:
    """The file that :func:`write` would write."""
    buffer = io.BytesIO()
    write_to(buffer, checked(df), check_format(format), None, {})
    return buffer.getvalue()


def write_to(file: Any, frame: DataFrame, format: str, index: bool | None, kwargs: dict[str, Any]) -> None:
    """Write *frame* to a binary file object."""
    keep = keeps_index(frame) if index is None else index
    if format in ("parquet", "feather"):
        library("pyarrow")
    try:
        if format == "csv":
            frame.to_csv(file, index=keep, **kwargs)
        elif format == "parquet":
            frame.to_parquet(file, index=keep, **{**_encodings(frame), **kwargs})
        elif format == "json":
            rows = with_index(frame) if keep else frame
            rows.to_json(file, **{"orient": "records", "lines": True, "date_format": "iso", **kwargs})
        else:
            rows = with_index(frame) if keep else frame.reset_index(drop=True)
            rows.to_feather(file, **kwargs)
    except (TypeError, NotImplementedError, ValueError, _arrow_error()) as error:
        raise MLRunInvalidArgumentError(f"this data frame can not be written as {format}: {error}") from error


def _arrow_error() -> type[Exception]:
    arrow = sys.modules.get("pyarrow")
    return arrow.ArrowException if arrow else TypeError


def _compression(path: str, format: str) -> dict[str, Any]:
    """pandas reads the compression from the name, and a temporary name does not tell."""
    return {"compression": "gzip"} if format in ("csv", "json") and path.endswith(".gz") else {}


def _encodings(frame: DataFrame) -> dict[str, Any]:
    """
    No dictionary for columns of floats that hardly repeat: it is built, found too large and thrown
    away, which takes as long as writing the file.
    """
    if frame.empty or any(dtype.kind not in "fiub" for dtype in frame.dtypes):
        return {}
    part = frame.iloc[:: max(1, len(frame) // 1000)]
    repeats = [
        str(name) for name in frame if frame[name].dtype.kind != "f" or part[name].nunique() < len(part) / 2
    ]
    return {"use_dictionary": repeats} if len(repeats) < frame.shape[1] else {}


class _File(io.FileIO):
    """A new file whose hash is made in a thread; it can not seek, so nothing is written twice."""

    def __init__(self, path: str, with_hash: bool) -> None:
        super().__init__(path, "x")
        self.hash = ""
        self._batch: list[bytes] = []
        self._batch_size = 0
        self._batches: queue.SimpleQueue[list[bytes]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._digest, daemon=True) if with_hash else None

    def __enter__(self) -> Self:
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()
        if self._thread:
            self._batches.put(self._batch)
            self._batches.put([])
            self._thread.join()

    def seekable(self) -> bool:
        return False

    def write(self, data: Any) -> int:
        block = bytes(data)  # no copy where it is bytes already
        view, done = memoryview(block), 0
        while done < len(block):
            done += super().write(view[done:]) or 0
        if self._thread and block:
            self._batch.append(block)
            self._batch_size += done
            if self._batch_size >= BATCH:
                self._batches.put(self._batch)
                self._batch, self._batch_size = [], 0
        return done

    def _digest(self) -> None:
        import hashlib

        digest = hashlib.sha1(usedforsecurity=False)
        while batch := self._batches.get():
            for block in batch:
                digest.update(block)
        self.hash = digest.hexdigest()
