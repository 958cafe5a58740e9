"""A table in pieces."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask.dataframe as dask
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlrun import frames
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, MLRunRuntimeError
from mlrun.frames.stream import BATCH_BYTES, Stream, as_stream, file_stream, frame_stream

TABLE = pd.DataFrame({"a": range(10), "b": [f"word {number}" for number in range(10)]})
PARTS = [TABLE.iloc[:4], TABLE.iloc[4:9], TABLE.iloc[9:]]


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(lambda: iter(part.reset_index(drop=True) for part in PARTS), id="pandas"),
        pytest.param(lambda: iter(pl.from_pandas(part) for part in PARTS), id="polars"),
        pytest.param(lambda: iter(pa.Table.from_pandas(TABLE).to_batches(3)), id="batches"),
        pytest.param(lambda: pa.Table.from_pandas(TABLE).to_reader(3), id="reader"),
        pytest.param(lambda: dask.from_pandas(TABLE.reset_index(drop=True), npartitions=3), id="dask"),
    ],
)
@pytest.mark.parametrize("format", ["parquet", "csv", "csv.gz", "json", "feather"])
def test_pieces_of_every_kind_become_one_file(tmp_path: Path, pieces: Any, format: str) -> None:
    stream = as_stream(pieces())
    assert stream is not None

    written = frames.write_dataset(stream, path := str(tmp_path / f"t.{format}"))

    read = frames.read(path).reset_index(drop=True)[["a", "b"]]
    assert read.astype({"b": str}).equals(TABLE.astype({"b": str}))
    assert (written.rows, written.size) == (10, os.path.getsize(path))
    assert written.stats and (written.stats["a"]["mean"], written.stats["b"]["unique"]) == (4.5, 10)


def test_what_is_a_table_is_no_stream() -> None:
    assert as_stream(TABLE) is None
    assert as_stream([TABLE]) is None


def test_a_piece_is_dropped_before_the_next_but_few_is_asked_for(tmp_path: Path) -> None:
    import weakref

    alive: list[weakref.ref[Any]] = []
    most = 0

    def pieces() -> Iterator[pd.DataFrame]:
        nonlocal most
        for _ in range(20):
            piece = pd.DataFrame({"a": np.zeros(1000)})
            alive.append(weakref.ref(piece))
            most = max(most, sum(reference() is not None for reference in alive))
            yield piece

    frames.write_dataset(Stream(pieces()), str(tmp_path / "t.parquet"))

    assert most <= 6


def test_a_long_table_is_written_in_row_groups(tmp_path: Path) -> None:
    table = pd.DataFrame(np.zeros((BATCH_BYTES // 800, 200), dtype="float64")).rename(columns=str)

    frames.write_dataset(table, str(tmp_path / "t.parquet"), with_stats=False)

    file = pq.ParquetFile(tmp_path / "t.parquet")
    assert file.metadata.num_rows == len(table)
    assert file.metadata.num_row_groups == 2 or file.metadata.num_row_groups == 3


def test_the_index_of_a_long_table_comes_back(tmp_path: Path) -> None:
    index = pd.Index(range(5, 20_005), name="day")
    table = pd.DataFrame({"a": np.arange(20_000), 7: 1.5}, index=index)

    frames.write_dataset(table.rename(columns=str), str(tmp_path / "t.parquet"))

    assert frames.read(str(tmp_path / "t.parquet")).equals(table.rename(columns=str))


def test_a_polars_table_is_written_as_it_is(tmp_path: Path) -> None:
    table = pl.DataFrame({"a": range(20_000), "b": ["x"] * 20_000})

    written = frames.write_dataset(table, str(tmp_path / "t.parquet"))

    assert pl.read_parquet(tmp_path / "t.parquet").equals(table)
    assert written.stats and written.stats["b"]["freq"] == 20_000


def test_a_file_is_a_stream_that_knows_its_length(tmp_path: Path) -> None:
    frames.write(TABLE, str(tmp_path / "t.parquet"))

    stream = file_stream(str(tmp_path / "t.parquet"))

    assert (stream.length, len(stream.head)) == (10, 10)
    assert frames.stats(stream) == frames.stats(TABLE)


def test_a_file_without_rows_is_a_stream(tmp_path: Path) -> None:
    frames.write(TABLE.iloc[:0], str(tmp_path / "t.parquet"))

    stream = file_stream(str(tmp_path / "t.parquet"))

    assert (stream.length, list(stream.head.columns)) == (0, ["a", "b"])


def test_a_broken_file_is_answered_early_or_late(tmp_path: Path) -> None:
    (tmp_path / "no.parquet").write_bytes(b"PAR1 nothing PAR1")
    pd.DataFrame({"a": np.random.default_rng(7).normal(size=400_000)}).to_parquet(tmp_path / "t.parquet")
    with open(tmp_path / "t.parquet", "r+b") as file:
        file.seek(os.path.getsize(tmp_path / "t.parquet") // 2)
        file.write(b"\xff" * 200_000)

    with pytest.raises(MLRunInvalidArgumentError, match=r"no\.parquet can not be read as parquet"):
        file_stream(str(tmp_path / "no.parquet"))
    with pytest.raises(MLRunInvalidArgumentError, match=r"t\.parquet can not be read as parquet"):
        frames.stats(file_stream(str(tmp_path / "t.parquet")))


def test_no_rows_are_a_file_with_columns(tmp_path: Path) -> None:
    written = frames.write_dataset(Stream(iter([TABLE.iloc[:0]])), str(tmp_path / "t.parquet"))

    assert written.rows == 0
    assert list(frames.read(str(tmp_path / "t.parquet")).columns) == ["a", "b"]


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([], "needs one piece at least"),
        ([pd.DataFrame([[1, 2]], columns=["a", "a"])], "two columns are named 'a'"),
        ([pd.DataFrame({"a": [1, "x"]})], "column 'a' mixes values of the types int, str; make them one"),
        ([TABLE, TABLE[["a"]]], "piece 2 of the table does not fit the first one, which has a: int64"),
        ([TABLE, TABLE.rename(columns={"a": "c"})], "piece 2 .* it has c, b"),
        ([TABLE, TABLE.assign(a=0.5)], "piece 2 of the table does not fit"),
        ([pa.table({"a": [1]}), pa.table({"b": [1]})], "piece 2 of the table does not fit"),
    ],
)
def test_pieces_that_do_not_fit_are_answered_and_leave_nothing(
    tmp_path: Path, pieces: list[Any], message: str
) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        frames.write_dataset(Stream(iter(pieces)), str(tmp_path / "t.parquet"))

    assert os.listdir(tmp_path) == []


def test_a_piece_that_is_no_table_is_refused() -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match=r"a piece of a table is .* not a int"):
        Stream(iter([7]))


def test_an_error_of_the_callers_iterator_is_its_own_and_leaves_nothing(tmp_path: Path) -> None:
    def pieces() -> Iterator[pd.DataFrame]:
        yield TABLE
        raise LookupError("the source is gone")

    with pytest.raises(LookupError, match="the source is gone"):
        frames.write_dataset(Stream(pieces()), str(tmp_path / "t.parquet"))

    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(MLRunRuntimeError, match=r"can not write .*t\.parquet: File too large"):
            frames.write_dataset(
                pd.DataFrame(np.random.default_rng(0).normal(size=(50_000, 4))).rename(columns=str),
                str(tmp_path / "t.parquet"),
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert os.listdir(tmp_path) == []


def test_a_table_in_memory_is_not_copied(tmp_path: Path) -> None:
    values = np.zeros(200_000)

    (batch,) = frame_stream(pd.DataFrame({"a": values}, copy=False))

    assert np.shares_memory(batch.column(0).to_numpy(), values)


def test_an_index_is_not_described(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": range(5)}, index=pd.Index(list("vwxyz"), name="letter"))

    written = frames.write_dataset(Stream(iter([table])), str(tmp_path / "t.parquet"))

    assert written.stats and list(written.stats) == ["a"]
    assert frames.read(str(tmp_path / "t.parquet")).equals(table)
