"""Files to data frames."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mlrun import frames
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"], "c": [0.5, 1.5, 2.5]})


@pytest.mark.parametrize(
    "name", ["t.csv", "t.csv.gz", "t.parquet", "t.pq", "t.json", "t.jsonl", "t.json.gz", "t.feather"]
)
def test_what_was_written_is_read(table: pd.DataFrame, tmp_path: Path, name: str) -> None:
    frames.write(table, str(tmp_path / name))

    pd.testing.assert_frame_equal(frames.read(tmp_path / name), table)


@pytest.mark.parametrize("format", ["csv", "parquet", "json", "feather"])
def test_columns_are_chosen_in_order(table: pd.DataFrame, tmp_path: Path, format: str) -> None:
    frames.write(table, str(tmp_path / "t"), format)

    read = frames.read(tmp_path / "t", format=format, columns=["c", "a"])

    pd.testing.assert_frame_equal(read, table[["c", "a"]])


def test_a_folder_is_parquet(table: pd.DataFrame, tmp_path: Path) -> None:
    for part in ("1", "2"):
        frames.write(table, str(tmp_path / "folder" / f"part-{part}.parquet"))

    assert len(frames.read(tmp_path / "folder")) == 6


def test_an_array_of_json_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('\n [{"a": 1}, {"a": 2}]')

    assert frames.read(tmp_path / "t.json")["a"].tolist() == [1, 2]


def test_options_reach_the_reader(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("1;2\n")

    read = frames.read(tmp_path / "t.csv", sep=";", header=None)

    assert read.to_numpy().tolist() == [[1, 2]]


def test_another_library_reads(tmp_path: Path) -> None:
    calls: list[tuple[str, dict[str, Any]]] = []
    module = types.ModuleType("other")
    module.read_csv = lambda path, **options: calls.append((path, options)) or "frame"  # type: ignore[attr-defined]
    (tmp_path / "t.csv").write_text("a\n1\n")

    read = frames.read(tmp_path / "t.csv", df_module=module)

    assert (read, calls) == ("frame", [(str(tmp_path / "t.csv"), {})])


def test_polars_reads_with_its_own_words(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed: pip install polars")
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")

    read = frames.read(tmp_path / "t.csv", df_module=polars, columns=["b"])

    assert read.to_dict(as_series=False) == {"b": [2]}
    assert frames.is_frame(read)


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        (("a", "==", 2), [2]),
        (("a", "=", 2), [2]),
        (("a", "!=", 2), [1, 3]),
        (("a", ">", 1), [2, 3]),
        (("a", ">=", 2), [2, 3]),
        (("c", "<", 1.5), [1]),
        (("c", "<=", 1.5), [1, 2]),
        (("b", "in", ["x", "z"]), [1, 3]),
        (("b", "not in", {"x"}), [2, 3]),
    ],
)
@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_filters_choose_rows(
    table: pd.DataFrame, tmp_path: Path, format: str, condition: tuple[str, str, Any], left: list[int]
) -> None:
    frames.write(table, str(tmp_path / "t"), format)

    read = frames.read(tmp_path / "t", format=format, columns=["a"], additional_filters=[condition])

    assert read.to_dict("list") == {"a": left}


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_times_choose_rows_both_ends_included(tmp_path: Path, format: str, zone: str | None) -> None:
    hours = pd.date_range("2026-01-01T00:00", periods=5, freq="h", tz="UTC")
    times = hours.tz_localize(None) if zone is None else hours.tz_convert(zone)
    frames.write(pd.DataFrame({"t": times, "a": range(5)}), str(tmp_path / "t"), format)

    read = frames.read(
        tmp_path / "t",
        format=format,
        time_column="t",
        start_time="2026-01-01T01:00",
        end_time=pd.Timestamp("2026-01-01T04:00+01:00"),
    )

    assert read["a"].tolist() == [1, 2, 3]


def test_a_frame_is_filtered_as_a_file_is(table: pd.DataFrame) -> None:
    assert frames.read(table, columns=["b"], additional_filters=[("a", ">", 2)]).to_dict("list") == {
        "b": ["z"]
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "xls"}, "'xls' is not a table format: csv, "),
        ({"columns": ["aa"]}, "aa"),
        ({"additional_filters": [("d", "==", 1)]}, "no column 'd'; there are: a, b, c."),
        ({"additional_filters": [("a", "~", 1)]}, r"the operators are ==, =, !=, >, >=, <, <=, in, not in"),
        ({"additional_filters": ["a"]}, "'a' is not a filter"),
        ({"additional_filters": [("b", ">", 1)]}, "column 'b' does not compare"),
        ({"start_time": "2026-01-01"}, "need time_column"),
        ({"time_column": "b", "start_time": "2026-01-01"}, "is not a time"),
        ({"time_column": "a", "start_time": "2026-01-01"}, "is not a time: it holds int64"),
    ],
)
def test_a_wrong_argument_is_answered(
    table: pd.DataFrame, tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    frames.write(table, str(tmp_path / "t.csv"))

    with pytest.raises(MLRunInvalidArgumentError, match=message):
        frames.read(tmp_path / "t.csv", **arguments)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.json", "t.feather"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(MLRunNotFoundError, match=f"no file '{name}' in {tmp_path}"):
        frames.read(tmp_path / name)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.json", "t.feather"])
@pytest.mark.parametrize("data", [b"", b'"\xff\x00 nothing'])
def test_a_broken_file_says_so(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)

    try:
        read = frames.read(tmp_path / name)
    except MLRunInvalidArgumentError as error:
        assert str(error).startswith(f"{tmp_path}/{name} can not be read as ")
    else:
        assert name == "t.json" and data == b"" and read.empty  # no lines are no rows


def test_a_file_that_says_nothing_needs_a_format(tmp_path: Path) -> None:
    (tmp_path / "t.dat").write_text("a\n1\n")

    with pytest.raises(MLRunInvalidArgumentError, match=r"ends with none of \.csv, .*; give format="):
        frames.read(tmp_path / "t.dat")


@pytest.mark.parametrize("format", ["csv", "parquet", "json", "feather"])
def test_a_folder_of_one_format_is_one_table(table: pd.DataFrame, tmp_path: Path, format: str) -> None:
    for part in ("1", "deep/2"):
        frames.write(table, str(tmp_path / "folder" / f"part-{part}.{format}"))
    (tmp_path / "folder" / "_SUCCESS").write_text("")

    assert len(frames.read(tmp_path / "folder", format="" if format != "parquet" else format)) == 6


def test_a_folder_of_two_formats_asks_which(table: pd.DataFrame, tmp_path: Path) -> None:
    for format in ("csv", "json"):
        frames.write(table, str(tmp_path / "folder" / f"t.{format}"))

    with pytest.raises(MLRunInvalidArgumentError, match="holds files of csv and json; give format="):
        frames.read(tmp_path / "folder")
    assert len(frames.read(tmp_path / "folder", format="json")) == 3


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_a_pattern_is_one_table(table: pd.DataFrame, tmp_path: Path, format: str) -> None:
    for name in ("a1", "a2", "b1"):
        frames.write(table, str(tmp_path / f"{name}.{format}"))

    read = frames.read(tmp_path / f"a*.{format}", columns=["a"], additional_filters=[("a", ">", 1)])

    assert read["a"].tolist() == [2, 3, 2, 3]


def test_a_pattern_that_nothing_matches_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(MLRunNotFoundError, match=r"no csv file is in .*/x\*\.csv"):
        frames.read(tmp_path / "x*.csv")


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(table: pd.DataFrame, tmp_path: Path) -> None:
    frames.write(table, str(tmp_path / "a[1].csv"))

    assert len(frames.read(tmp_path / "a[1].csv")) == 3
