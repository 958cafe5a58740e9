"""A table as a row of batches, so that no more of it than a few of them need be in memory."""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mlrun.errors import (
    MLRunBaseError,
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunRuntimeError,
)
from mlrun.frames.table import broken, checked, is_frame, keeps_index, library

if TYPE_CHECKING:
    from pandas import DataFrame

BATCH_BYTES = 1 << 26  # of one batch and one row group, about
_MOST_ROWS = 1 << 20
_FEWEST_ROWS = 1 << 10


class Stream:
    """
    A table in pieces, which is read once; iterating gives record batches of pyarrow in one schema.

    The first piece is read when it is made, for its schema and its head. What it was made of belongs to the
    caller and is not closed.

    Args:
        pieces: pandas or polars frames, pyarrow tables or record batches, one after the other; all have the
            columns of the first.

    Raises:
        MLRunInvalidArgumentError: No piece at all, or two columns of one name.

    Example::

        stream = Stream(pandas.read_csv("large.csv", chunksize=100_000))
        context.log_dataset("large", df=stream)
    """

    def __init__(self, pieces: Iterator[Any], index: bool | None = None) -> None:
        first = next(pieces, None)
        if first is None:
            raise MLRunInvalidArgumentError(
                "a table in pieces needs one piece at least, for the names and types of its columns;"
                " an empty one will do"
            )
        self.head = head_of(first)
        self.keeps_index = keeps_index(self.head) if index is None else index
        self.schema = _schema_of(first, self.keeps_index)
        self.length: int | None = None  # rows, where that is known before
        self._pieces = itertools.chain([first], pieces)

    def __iter__(self) -> Iterator[Any]:
        for number, piece in enumerate(self._pieces, 1):
            yield from self._batches(piece, number)

    def _batches(self, piece: Any, number: int) -> Iterator[Any]:
        pyarrow = library("pyarrow")
        try:
            if is_pandas(piece):
                yield from pandas_batches(checked(piece), self.schema, self.keeps_index)
                return
            table = as_table(piece)
            table = table if table.schema.equals(self.schema) else table.cast(self.schema)
            yield from table.to_batches(max_chunksize=rows_of_batch(table.nbytes, table.num_rows))
        except (pyarrow.ArrowException, KeyError, ValueError, TypeError) as error:
            if isinstance(error, MLRunBaseError):
                raise
            raise MLRunInvalidArgumentError(
                f"piece {number} of the table does not fit the first one,"
                f" which has {', '.join(f'{field.name}: {field.type}' for field in self.schema)}: {error}"
            ) from error


def as_stream(obj: Any) -> Stream | None:
    """
    *obj* as a stream: an iterator of frames, a Dask frame, or what gives Arrow's stream, such as a reader of
    record batches or a Spark frame; None of others.
    """
    if isinstance(obj, Stream):
        return obj
    if is_dask(obj):
        return Stream(partition.compute() for partition in obj.partitions)
    if isinstance(obj, Iterator):
        return Stream(obj)
    if hasattr(obj, "__arrow_c_stream__") and not is_frame(obj):
        return Stream(_pieces_of(library("pyarrow").RecordBatchReader.from_stream(obj)))
    return None


def _pieces_of(reader: Any) -> Iterator[Any]:
    """
    The record batches of *reader*; its columns alone where there is none.

    Raises:
        MLRunRuntimeError: Who gives them failed.
    """
    from mlrun.frames.spark import root_cause

    try:
        batches = iter(reader)
        yield next(batches, reader.schema.empty_table())
        yield from batches
    except library("pyarrow").ArrowException as error:
        raise MLRunRuntimeError(f"the table could not be computed: {root_cause(str(error))}") from error


def file_stream(path: str) -> Stream:
    """
    The Parquet file at *path*, batch by batch.

    Raises:
        MLRunInvalidArgumentError: It is none, or broken; where that shows late, from the iterator.
    """
    with _readable(path):
        file = library("pyarrow.parquet").ParquetFile(path)
    tables = _tables(path, file)
    stream = Stream(tables if file.metadata.num_rows else iter([file.schema_arrow.empty_table()]))
    stream.length = file.metadata.num_rows
    return stream


def _tables(path: str, file: Any) -> Iterator[Any]:
    with _readable(path):
        yield from map(as_table, file.iter_batches(batch_size=_MOST_ROWS // 8))


@contextlib.contextmanager
def _readable(path: str) -> Iterator[None]:
    try:
        yield
    except (library("pyarrow").ArrowException, OSError) as error:
        raise broken(path, "parquet", error) from error


def frame_stream(df: Any, index: bool | None = None) -> Stream:
    """A table in memory, which is not copied as a whole."""
    return Stream(iter([df]), index)


def pandas_batches(frame: DataFrame, schema: Any, index: bool) -> Iterator[Any]:
    """*frame* as record batches; columns of numbers are not copied."""
    pyarrow = library("pyarrow")
    size = int(frame.memory_usage(index=True, deep=False).sum())
    step = rows_of_batch(size, len(frame))
    if sorted(map(str, frame.columns)) != sorted(
        name for name in schema.names if not index or name in map(str, frame.columns)
    ):
        raise ValueError(f"it has {', '.join(map(str, frame.columns)) or 'no columns'}")
    for start in range(0, max(len(frame), 1), step):
        part = frame.iloc[start : start + step]
        yield pyarrow.RecordBatch.from_pandas(part, schema=schema, preserve_index=index, nthreads=1)


def rows_of_batch(size: int, rows: int) -> int:
    """How many rows of a table of *size* bytes are a batch."""
    a_row = max(1, size // max(1, rows))
    return max(_FEWEST_ROWS, min(_MOST_ROWS, BATCH_BYTES // a_row))


def head_of(piece: Any) -> DataFrame:
    """The first rows of a piece, as a pandas frame with the names and types of all of it."""
    if is_pandas(piece):
        return checked(piece).iloc[:1000]
    table = as_table(piece)
    return checked(table.slice(0, 1000))


def as_table(piece: Any) -> Any:
    """
    A piece that is not pandas' as a pyarrow table.

    Raises:
        MLRunInvalidArgumentTypeError: It is no table.
    """
    if _is_arrow(piece, "RecordBatch"):
        return library("pyarrow").Table.from_batches([piece])
    if not is_frame(piece):
        raise MLRunInvalidArgumentTypeError(
            "a piece of a table is a pandas or polars frame, a pyarrow table or record batch,"
            f" not a {type(piece).__name__}"
        )
    return piece if _is_arrow(piece, "Table") else piece.to_arrow()


def is_pandas(piece: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(piece, pandas.DataFrame)


def is_dask(obj: Any) -> bool:
    return type(obj).__module__.startswith("dask") and hasattr(obj, "partitions")


def _is_arrow(obj: Any, kind: str) -> bool:
    arrow = sys.modules.get("pyarrow")
    return arrow is not None and isinstance(obj, getattr(arrow, kind))


def _schema_of(piece: Any, index: bool) -> Any:
    pyarrow = library("pyarrow")
    if not is_pandas(piece):
        return as_table(piece).schema
    try:
        return pyarrow.Schema.from_pandas(piece, preserve_index=index)
    except (pyarrow.ArrowException, TypeError, ValueError, NotImplementedError) as error:
        raise MLRunInvalidArgumentError(
            f"this data frame can not be written as parquet: {mixed(piece) or error}"
        ) from error


def mixed(frame: DataFrame) -> str:
    """Which columns hold values of several types, and what would be right; empty where none does."""
    for name in frame.columns:
        column = frame[name]
        if column.dtype.kind != "O":
            continue
        types = sorted({type(value).__name__ for value in column.dropna()})
        if len(types) > 1:
            return (
                f"column {name!r} mixes values of the types {', '.join(types)}; make them one, such as"
                f" df[{name!r}] = df[{name!r}].astype(str)"
            )
    return ""
