"""The same table by each library that reads tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mlrun import frames
from mlrun.errors import MLRunInvalidArgumentError, MLRunMissingDependencyError
from mlrun.frames.engines import engine_of

# Dask calls pandas in a way that pandas will not know for ever.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")
LIBRARIES = ("pandas", "polars", "pyarrow", "dask.dataframe")


def rows(frame: Any) -> dict[str, list[Any]]:
    if hasattr(frame, "compute"):
        frame = frame.compute()
    if hasattr(frame, "to_pydict"):
        return dict(frame.to_pydict())
    return dict(frame.to_dict("list") if isinstance(frame, pd.DataFrame) else frame.to_dict(as_series=False))


@pytest.fixture
def table() -> pd.DataFrame:
    hours = pd.date_range("2026-01-01", periods=4, freq="h")
    return pd.DataFrame({"n": [1, 2, 3, 4], "s": ["a", "b", "c", "d"], "t": hours})


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("format", ["csv", "parquet", "json"])
def test_a_library_is_given_by_its_name(
    table: pd.DataFrame, tmp_path: Path, library: str, format: str
) -> None:
    frames.write(table[["n", "s"]], str(tmp_path / f"t.{format}"))

    read = frames.read(tmp_path / f"t.{format}", df_module=library)

    assert type(read).__module__.startswith(library.partition(".")[0])
    assert rows(read) == {"n": [1, 2, 3, 4], "s": ["a", "b", "c", "d"]}


@pytest.mark.parametrize("library", LIBRARIES)
def test_each_filters_and_chooses(table: pd.DataFrame, tmp_path: Path, library: str) -> None:
    frames.write(table, str(tmp_path / "t.parquet"))

    read = frames.read(
        tmp_path / "t.parquet",
        df_module=library,
        columns=["s", "n"],
        time_column="t",
        start_time="2026-01-01T01:00",
        end_time="2026-01-01T02:00",
        additional_filters=[("n", "!=", 2), ("s", "in", ["b", "c"])],
    )

    assert rows(read) == {"s": ["c"], "n": [3]}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("format", ["csv", "json", "parquet"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_each_knows_times_with_and_without_a_zone(
    table: pd.DataFrame, tmp_path: Path, library: str, format: str, zone: str | None
) -> None:
    table["t"] = table["t"].dt.tz_localize("UTC").dt.tz_convert(zone)
    frames.write(table, str(tmp_path / f"t.{format}"))

    read = frames.read(
        tmp_path / f"t.{format}",
        df_module=library,
        columns=["n"],
        time_column="t",
        start_time="2026-01-01T01:00Z",
        additional_filters=[("n", "<", 4)],
    )

    assert rows(read) == {"n": [2, 3]}


@pytest.mark.parametrize("library", LIBRARIES)
def test_each_joins_the_files_of_a_pattern(table: pd.DataFrame, tmp_path: Path, library: str) -> None:
    for name in ("1", "2"):
        frames.write(table[["n"]], str(tmp_path / f"{name}.csv"))

    read = frames.read(tmp_path / "*.csv", df_module=library, additional_filters=[("n", ">", 3)])

    assert rows(read) == {"n": [4, 4]}


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_feather_is_read_by_those_who_know_it(table: pd.DataFrame, tmp_path: Path, library: str) -> None:
    frames.write(table[["n"]], str(tmp_path / "t.feather"))

    assert rows(frames.read(tmp_path / "t.feather", df_module=library)) == {"n": [1, 2, 3, 4]}


@pytest.mark.parametrize(
    ("library", "command"),
    [("nothere.dataframe", "pip install 'nothere'"), ("dask.nothere", "dask.dataframe")],
)
def test_a_library_that_is_not_there_says_how_to_get_it(library: str, command: str) -> None:
    with pytest.raises(
        MLRunMissingDependencyError, match=f"df_module='{library}' is not installed: pip install"
    ):
        engine_of(library)


def test_a_library_that_does_not_fit_the_others_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tooold.py").write_text("from pandas import NoSuchThing\n")
    (tmp_path / "tooalone.py").write_text("import nosuchthing\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(MLRunMissingDependencyError, match=r"'tooold' does not work .*: cannot import name"):
        engine_of("tooold")
    with pytest.raises(MLRunMissingDependencyError, match="'tooalone' needs nosuchthing: pip install"):
        engine_of("tooalone")


def test_a_broken_file_is_told_alike_by_all(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 nothing PAR1")

    for library in LIBRARIES:
        with pytest.raises(MLRunInvalidArgumentError, match=r"t\.parquet can not be read as parquet"):
            rows(frames.read(tmp_path / "t.parquet", df_module=library))


def test_an_array_is_no_lines_for_pyarrow(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('[{"n": 1}]')

    with pytest.raises(MLRunInvalidArgumentError, match="reads one object a line"):
        frames.read(tmp_path / "t.json", df_module="pyarrow")
    assert rows(frames.read(tmp_path / "t.json", df_module="polars")) == {"n": [1]}


def test_a_module_that_reads_no_tables_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")

    with pytest.raises(MLRunInvalidArgumentError, match="df_module='json' reads no csv: it has no read_csv"):
        frames.read(tmp_path / "t.csv", df_module="json")
