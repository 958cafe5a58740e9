"""Data frames to files, with hash and statistics made while the file is written."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import queue
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from mlrun import files
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.frames.profile import Profile
from mlrun.frames.stream import Stream, frame_stream, is_pandas, mixed
from mlrun.frames.summary import EXACT_ROWS, stats
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
    from concurrent.futures import Future

    from pandas import DataFrame
    from typing_extensions import Self

BATCH = 1 << 20  # bytes that wait for the thread that hashes; each time it wakes, the writer waits for it
SMALL = 10_000  # rows; a table of more is written batch by batch
WAITING = 2  # batches that wait for the thread that counts, at most


class Written(NamedTuple):
    """What is known of a file that was just written."""

    size: int  # bytes
    hash: str  # SHA-1, hexadecimal; empty if it was not asked for
    stats: dict[str, dict[str, Any]] | None  # by column, see frames.stats; None if they were not asked for
    rows: int


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
    cores they cost next to nothing. Parquet is written row group by row group of about 64 MB, so that a table
    needs less than 300 MB beside itself, and one in pieces (a :class:`~mlrun.frames.stream.Stream`) no more
    than that and a few of its pieces.
    """
    if isinstance(df, Stream):
        return _write_pieces(
            df, path, check_format(format or format_of(path) or "parquet"), with_hash, with_stats
        )
    format = check_format(format or format_of(path) or default_format(df))
    if format == "parquet" and not kwargs and len(df) > SMALL:
        if is_pandas(df):
            checked(df)
        return _write_pieces(frame_stream(df, index), path, format, with_hash, with_stats, df)
    return _write_whole(df, path, format, with_hash, with_stats, index, kwargs)


def _write_whole(
    df: Any,
    path: str,
    format: str,
    with_hash: bool,
    with_stats: bool,
    index: bool | None,
    kwargs: dict[str, Any],
) -> Written:
    from concurrent.futures import ThreadPoolExecutor  # 4 ms, and most runs write no table

    frame = checked(df)
    with files.replacing(path) as temporary, ThreadPoolExecutor(1) as pool:
        counting = pool.submit(stats, frame) if with_stats else None
        with _File(temporary, with_hash) as file, _compressed(file, path, format) as target:
            write_to(target, frame, format, index, kwargs)
        size = os.path.getsize(temporary)
        return Written(size, file.hash, counting.result() if counting else None, len(frame))


def _write_pieces(
    stream: Stream, path: str, format: str, with_hash: bool, with_stats: bool, frame: Any = None
) -> Written:
    """Batch by batch; exact statistics of a table that is all in memory and not too long."""
    from concurrent.futures import ThreadPoolExecutor

    is_exact = frame is not None and len(frame) <= EXACT_ROWS
    rows = 0
    with files.replacing(path) as temporary, ThreadPoolExecutor(1) as pool:
        exact = pool.submit(stats, frame) if with_stats and is_exact else None
        columns = map(str, stream.head.columns)  # the index is not described
        profile = Profile(stream.schema, columns) if with_stats and not is_exact else None
        with _File(temporary, with_hash) as file, _opened(file, stream, format, path) as writer:
            counting: list[Future[None]] = []
            for batch in stream:
                if profile:
                    counting.append(pool.submit(profile.add, batch))
                writer.write(batch)
                rows += len(batch)
                while len(counting) > WAITING:  # a batch is kept until it is counted
                    counting.pop(0).result()
        for waiting in counting:
            waiting.result()
        found = exact.result() if exact else profile.result() if profile else None
        return Written(os.path.getsize(temporary), file.hash, found, rows)


@contextlib.contextmanager
def _opened(file: Any, stream: Stream, format: str, path: str) -> Iterator[Any]:
    """What writes the batches of *stream* to *file*; finished at the end of the block."""
    pyarrow = library("pyarrow")
    try:
        with _writer(file, stream, format, path) as writer:
            yield writer
    except pyarrow.ArrowException as error:
        raise MLRunInvalidArgumentError(f"this table can not be written as {format}: {error}") from error


def _writer(file: Any, stream: Stream, format: str, path: str) -> Any:
    if format == "parquet":
        from pyarrow.parquet import ParquetWriter

        return _RowGroups(ParquetWriter(file, stream.schema, **_encodings(stream.head)))
    if format == "feather":
        return library("pyarrow.ipc").new_file(file, stream.schema)
    return _Lines(_compressed(file, path, format), format, stream.keeps_index)


class _RowGroups:
    """A Parquet file to which each batch is one row group."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def __enter__(self) -> Self:
        self._writer.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._writer.__exit__(*error)

    def write(self, batch: Any) -> None:
        if len(batch):
            self._writer.write_batch(batch, row_group_size=len(batch))


class _Lines:
    """A CSV or JSON file to which each batch adds its lines; CSV begins with the header."""

    def __init__(self, opened: contextlib.AbstractContextManager[Any], format: str, index: bool) -> None:
        self._opened = opened
        self._format, self._index, self._is_first = format, index, True

    def __enter__(self) -> Self:
        self._file = self._opened.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._opened.__exit__(*error)

    def write(self, batch: Any) -> None:
        options: dict[str, Any] = {"header": self._is_first} if self._format == "csv" else {}
        if len(batch) or (self._is_first and self._format == "csv"):
            write_to(self._file, batch.to_pandas(), self._format, self._index, options)
        self._is_first = False


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
        reason = mixed(frame) or "; ".join(map(str, error.args))
        raise MLRunInvalidArgumentError(
            f"this data frame can not be written as {format}: {reason}"
        ) from error


def _arrow_error() -> type[Exception]:
    arrow = sys.modules.get("pyarrow")
    return arrow.ArrowException if arrow else TypeError


def _compressed(file: Any, path: str, format: str) -> contextlib.AbstractContextManager[Any]:
    """*file* as the end of *path* says; no name or time is in it, so equal tables are equal bytes."""
    if format in ("csv", "json") and path.endswith(".gz"):
        return gzip.GzipFile("", "wb", fileobj=file, mtime=0)
    return contextlib.nullcontext(file)


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
        self._batches: queue.Queue[list[bytes]] = queue.Queue(8)
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
