"""Conditions on rows, and what a reader of parquet is given of them."""

from __future__ import annotations

import datetime
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mlrun import frames
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.frames.conditions import Condition, check_columns, conditions_of, pushed

NOON = pd.Timestamp("2026-01-01T12:00")


@pytest.fixture
def path(tmp_path: Path) -> str:
    rows = {
        "n": [1, 2, 3],
        "x": [0.5, math.nan, 1.5],
        "s": ["a", None, "c"],
        "b": [True, False, True],
        "t": pd.date_range(NOON, periods=3, freq="h"),
        "z": pd.date_range(NOON, periods=3, freq="h", tz="UTC"),
    }
    frames.write(pd.DataFrame(rows), str(tmp_path / "t.parquet"))
    return str(tmp_path / "t.parquet")


@pytest.mark.parametrize(
    "condition",
    [
        ("n", ">", 1),
        ("n", "in", [1, 2]),
        ("x", "<=", 1),
        ("s", "==", "a"),
        ("b", "==", True),
        ("t", ">=", NOON),
    ],
)
def test_what_every_library_understands_alike_is_pushed_down(
    path: str, condition: tuple[str, str, Any]
) -> None:
    assert pushed(path, [Condition(*condition)]) == [condition]


@pytest.mark.parametrize(
    "condition",
    [
        ("n", "!=", 1),
        ("x", "not in", [1]),
        ("n", "==", "1"),
        ("s", ">", 1),
        ("s", "in", ["a", None]),
        ("x", "==", math.nan),
        ("b", "==", 1),
        ("t", ">=", NOON.tz_localize("UTC")),
        ("nothing", "==", 1),
        ("n", "in", []),
    ],
)
def test_what_they_understand_differently_is_not(path: str, condition: tuple[str, str, Any]) -> None:
    assert pushed(path, [Condition(*condition)]) == []


@pytest.mark.parametrize(("column", "zone"), [("t", None), ("z", datetime.timezone.utc)])
def test_times_are_pushed_in_the_zone_of_the_column(path: str, column: str, zone: Any) -> None:
    rows = [Condition(column, ">=", "2026-01-01T14:00:00+01:00", True)]

    assert pushed(path, rows) == [(column, ">=", datetime.datetime(2026, 1, 1, 13, tzinfo=zone))] or zone


def test_a_bound_between_two_of_pythons_times_loses_no_row(tmp_path: Path) -> None:
    at = pd.Timestamp("2026-01-01T00:00:00.000000500")
    frames.write(pd.DataFrame({"t": [at], "a": [1]}), str(tmp_path / "t.parquet"))

    read = frames.read(tmp_path / "t.parquet", time_column="t", start_time=at, end_time=at)

    assert read["a"].tolist() == [1]


@pytest.mark.parametrize("value", [1, 1.0, "a", None, True])
@pytest.mark.parametrize("operator", ["==", "!=", "in", "not in"])
@pytest.mark.parametrize("column", ["n", "x", "s", "b"])
def test_parquet_gives_the_rows_that_its_whole_table_would(
    path: str, column: str, operator: str, value: Any
) -> None:
    filters = [(column, operator, [value] if operator.endswith("in") else value)]
    whole = frames.read(path)

    read = frames.read(path, additional_filters=filters)

    assert read["n"].tolist() == frames.read(whole, additional_filters=filters)["n"].tolist()


def test_parts_of_a_file_without_such_rows_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": range(1000)}).to_parquet(path, row_group_size=100, compression=None)
    data = bytearray(path.read_bytes())
    data[4:500] = b"\0" * 496  # the first group is broken
    path.write_bytes(data)

    read = frames.read(path, additional_filters=[("a", ">=", 950)])

    assert read["a"].tolist() == list(range(950, 1000))
    with pytest.raises(MLRunInvalidArgumentError, match="can not be read as parquet"):
        frames.read(path)


def test_times_need_a_column() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="need time_column"):
        conditions_of(None, "2026-01-01", None, None)


@pytest.mark.parametrize("row", [("a", "=="), ("a", "~", 1), "a == 1"])
def test_what_is_no_filter_is_refused(row: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="is not a filter"):
        conditions_of(None, None, None, [row])


def test_a_missing_column_names_the_nearest() -> None:
    with pytest.raises(
        MLRunInvalidArgumentError, match=r"no column 'citty'; there are: city, age\. Did you mean"
    ):
        check_columns(["city", "age"], ["citty"])
