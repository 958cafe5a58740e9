"""What counts as a table."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mlrun import frames
from mlrun.errors import MLRunInvalidArgumentError


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (pd.DataFrame(), True),
        (pa.table({"a": [1]}), True),
        (pd.Series([1]), False),
        (np.zeros(1), False),
        ([[1]], False),
        (None, False),
    ],
)
def test_a_table_is_recognised(value: Any, found: bool) -> None:
    assert frames.is_frame(value) == found


def test_asking_for_a_table_imports_nothing() -> None:
    code = "import sys; from mlrun import frames; print(frames.is_frame(1), 'pandas' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "False"]


def test_without_pandas_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "from mlrun import frames, errors\n"
        "try: frames.read('a.csv')\n"
        "except errors.MLRunMissingDependencyError as error: print(error)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "data frames need pandas: pip install 'mlrun[data]'"


def test_an_arrow_table_becomes_a_pandas_frame() -> None:
    assert frames.to_pandas(pa.table({"a": [1]})).to_dict("list") == {"a": [1]}


def test_another_value_is_no_table() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="a list is not a data frame"):
        frames.to_pandas([1])


def test_rows_become_a_frame() -> None:
    assert frames.to_frame([[1, 2]], ["a", "b"]).to_dict("list") == {"a": [1], "b": [2]}


@pytest.mark.parametrize(
    ("index", "kept"),
    [
        (None, False),
        ([0, 1, 2], False),
        (pd.RangeIndex(3, name="row"), True),
        (pd.RangeIndex(1, 4), True),
        ([2, 0, 1], True),
        (["a", "b", "c"], True),
        (pd.MultiIndex.from_tuples([(0, 0), (0, 1), (1, 0)]), True),
    ],
)
def test_an_index_is_kept_when_it_carries_something(index: Any, kept: bool) -> None:
    assert frames.keeps_index(pd.DataFrame({"a": [1, 2, 3]}, index=index)) == kept


@pytest.mark.parametrize(
    ("path", "format"),
    [
        ("a.csv", "csv"),
        ("a.CSV", "csv"),
        ("/d.csv/a.pq", "parquet"),
        ("folder.parquet/", "parquet"),
        ("a.b.csv.gz", "csv"),
        ("a.jsonl", "json"),
        ("a.txt", ""),
        ("a.gz", ""),
        ("csv", ""),
    ],
)
def test_the_name_says_the_format(path: str, format: str) -> None:
    assert frames.format_of(path) == format


@pytest.mark.parametrize(("format", "name"), [("pq", "parquet"), ("CSV", "csv"), (".csv", "csv")])
def test_a_format_has_one_name(format: str, name: str) -> None:
    assert frames.check_format(format) == name


def test_an_unknown_format_lists_the_known() -> None:
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        frames.check_format("parket")

    assert str(caught.value) == (
        "'parket' is not a table format: csv, parquet, pq, json, feather. Did you mean 'parquet'?"
    )


@pytest.mark.parametrize(("rows", "format"), [(0, "csv"), (9_999, "csv"), (10_000, "parquet")])
def test_the_size_chooses_the_format(rows: int, format: str) -> None:
    assert frames.default_format(pd.DataFrame({"a": range(rows)})) == format


def test_a_table_without_columns_comes_back_as_it_was(tmp_path: Path) -> None:
    frame = pd.DataFrame()
    path = str(tmp_path / f"a.{frames.default_format(frame)}")

    frames.write(frame, path)

    assert frames.read(path).shape == (0, 0)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (1.5, 1.5),
        (math.nan, None),
        (-math.inf, None),
        (np.float64("nan"), None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([1.0, math.nan]), [1.0, None]),
        (pd.NA, None),
        (pd.NaT, None),
        (pd.Timestamp("2026-01-02"), "2026-01-02T00:00:00"),
        ({1: (2, math.nan)}, {"1": [2, None]}),
        (b"ab", "b'ab'"),
    ],
)
def test_any_cell_becomes_json(value: Any, plain: Any) -> None:
    found = frames.to_json(value)

    assert (found, type(found)) == (plain, type(plain))
