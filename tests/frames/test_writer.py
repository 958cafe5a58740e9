"""Data frames to files."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlrun import frames
from mlrun.errors import MLRunInvalidArgumentError, MLRunRuntimeError


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.parquet", "t.json", "t.feather"])
def test_size_and_hash_are_those_of_the_file(table: pd.DataFrame, tmp_path: Path, name: str) -> None:
    written = frames.write_dataset(table, str(tmp_path / "new" / name))

    data = (tmp_path / "new" / name).read_bytes()
    assert (written.size, written.hash) == (len(data), hashlib.sha1(data, usedforsecurity=False).hexdigest())
    assert written.stats == frames.stats(table)
    assert os.listdir(tmp_path / "new") == [name]


def test_a_large_file_is_hashed_in_order(tmp_path: Path) -> None:
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(200_000, 4)))

    written = frames.write_dataset(table.rename(columns=str), str(tmp_path / "t.parquet"))

    data = (tmp_path / "t.parquet").read_bytes()
    assert written.size > 5_000_000
    assert written.hash == hashlib.sha1(data, usedforsecurity=False).hexdigest()


def test_what_is_not_asked_for_is_not_made(table: pd.DataFrame, tmp_path: Path) -> None:
    written = frames.write_dataset(table, str(tmp_path / "t.csv"), with_hash=False, with_stats=False)

    assert (written.hash, written.stats) == ("", None)


@pytest.mark.parametrize(("rows", "magic"), [(10, b"a\n0\n"), (10_000, b"PAR1")])
def test_without_a_format_the_size_decides(tmp_path: Path, rows: int, magic: bytes) -> None:
    frames.write(pd.DataFrame({"a": range(rows)}), str(tmp_path / "t"))

    assert (tmp_path / "t").read_bytes()[:4] == magic


@pytest.mark.parametrize("format", ["csv", "parquet", "json", "feather"])
def test_an_index_that_carries_something_is_kept(tmp_path: Path, format: str) -> None:
    table = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="city"))

    frames.write(table, str(tmp_path / "t"), format)

    read = frames.read(tmp_path / "t", format=format).reset_index()
    assert read[["city", "a"]].to_dict("list") == {"city": ["x", "y"], "a": [1, 2]}


@pytest.mark.parametrize(("index", "header"), [(None, "a\n"), (True, ",a\n"), (False, "a\n")])
def test_the_caller_may_say_whether_the_index_is_kept(
    tmp_path: Path, index: bool | None, header: str
) -> None:
    frames.write(pd.DataFrame({"a": [1]}), str(tmp_path / "t.csv"), index=index)

    assert (tmp_path / "t.csv").read_text().startswith(header)


def test_an_arrow_table_is_written(tmp_path: Path) -> None:
    frames.write(pa.table({"a": [1]}), str(tmp_path / "t.csv"))

    assert (tmp_path / "t.csv").read_text() == "a\n1\n"


def test_options_reach_the_writer(table: pd.DataFrame, tmp_path: Path) -> None:
    frames.write(table, str(tmp_path / "t.csv"), sep=";")

    assert (tmp_path / "t.csv").read_text().startswith("a;b\n")


def test_floats_that_repeat_keep_their_dictionary(tmp_path: Path) -> None:
    table = pd.DataFrame({"few": [0.5, 1.5] * 5_000, "many": np.linspace(0, 1, 10_000)})

    frames.write(table, str(tmp_path / "t.parquet"))

    group = pq.ParquetFile(tmp_path / "t.parquet").metadata.row_group(0)
    assert [group.column(at).has_dictionary_page for at in (0, 1)] == [True, False]


@pytest.mark.parametrize(
    ("value", "format", "message"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "csv", "two columns are named 'a'"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), "parquet", "two columns are named '1'"),
        (pd.DataFrame({"a": [1j]}), "parquet", "Unsupported numpy type 15; Conversion failed for column a"),
        (pd.DataFrame({"a": [1, "x", b"y"]}), "parquet", "can not be written as parquet"),
        (pd.DataFrame({"a": [1]}), "xls", "'xls' is not a table format"),
        ([1, 2], "csv", "a list is not a data frame"),
    ],
)
def test_what_does_not_fit_is_answered_and_leaves_nothing(
    tmp_path: Path, value: Any, format: str, message: str
) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        frames.write_dataset(value, str(tmp_path / "t"), format)

    assert os.listdir(tmp_path) == []


def test_a_folder_in_the_way_is_an_error_and_stays(table: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "t.csv").mkdir()

    with pytest.raises(MLRunRuntimeError, match=r"can not write .*t\.csv: Is a directory"):
        frames.write(table, str(tmp_path / "t.csv"))

    assert os.listdir(tmp_path) == ["t.csv"]


def test_a_table_becomes_the_bytes_of_its_file(table: pd.DataFrame) -> None:
    assert frames.to_bytes(table, "csv") == b"a,b\n1,x\n2,y\n3,z\n"
