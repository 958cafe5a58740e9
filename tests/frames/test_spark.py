"""Frames of a real Spark, in its own process and by Spark Connect."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

import mlrun
from mlrun import frames
from mlrun.errors import MLRunInvalidArgumentError, MLRunRuntimeError
from mlrun.frames.spark import Spark, root_cause
from mlrun.testing.servers import held_port

# Spark Connect says so when it is imported; what goes by Arrow, as everything here does, does not ask pandas.
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")
HOURS = pd.date_range("2026-01-01", periods=4, freq="h")
X = [0.5, None, 2.5, 3.5]
TABLE = pd.DataFrame(
    {"n": [1, 2, 3, 4], "x": X, "y": pd.Series(X, dtype="float32"), "s": ["a", "b", None, "d"], "t": HOURS}
)


class Sessions(NamedTuple):
    classic: Any
    connect: Any


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sessions]:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.session import SparkSession as ConnectSession

    options = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        "spark.connect.grpc.binding.address": "127.0.0.1",
    }
    with held_port() as port, pytest.MonkeyPatch.context() as patch:
        options["spark.connect.grpc.binding.port"] = str(port)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        classic = SparkSession.builder.master("local[2]").config(map=options).getOrCreate()
        connect = ConnectSession.builder.remote(f"sc://127.0.0.1:{port}").create()
        gateway = SparkContext._gateway
        try:
            yield Sessions(classic, connect)
        finally:
            connect.stop()
            classic.stop()
            end(gateway)
            SparkContext._gateway = SparkContext._jvm = None


def end(gateway: Any) -> None:
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(60)


@pytest.fixture(params=Sessions._fields)
def session(request: pytest.FixtureRequest, sessions: Sessions) -> Any:
    return getattr(sessions, request.param)


def rows(frame: Any) -> list[tuple[Any, ...]]:
    return sorted(map(tuple, frame.collect()), key=str)


@pytest.mark.parametrize("format", ["csv", "parquet", "json"])
def test_a_session_reads_each_format(session: Any, tmp_path: Path, format: str) -> None:
    frames.write(TABLE[["n", "s"]], str(tmp_path / f"t.{format}"))

    read = frames.read(tmp_path / f"t.{format}", df_module=session, columns=["s", "n"])

    assert read.columns == ["s", "n"]
    assert rows(read) == [("a", 1), ("b", 2), ("d", 4), (None, 3)]


def test_a_table_that_spans_lines_is_one_table(session: Any, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('[{"n": 1},\n {"n": 2}]')

    assert rows(frames.read(tmp_path / "t.json", df_module=session)) == [(1,), (2,)]


def test_names_that_are_patterns_to_hadoop_are_files(session: Any, tmp_path: Path) -> None:
    for name in ("a b", "{a}", "at[1]", "10%30"):
        frames.write(TABLE[["n"]], path := str(tmp_path / f"{name}.parquet"))

        assert frames.read(path, df_module=session).count() == 4


def test_a_folder_and_a_pattern_are_one_table(session: Any, tmp_path: Path) -> None:
    for name in ("1", "2"):
        frames.write(TABLE[["n"]], str(tmp_path / f"{name}.parquet"))
        frames.write(TABLE[["n"]], str(tmp_path / f"{name}.csv"))

    for path in (tmp_path / "*.csv", tmp_path / "*.parquet"):
        read = frames.read(path, df_module=session, additional_filters=[("n", ">", 3)])
        assert rows(read) == [(4,), (4,)]


@pytest.mark.parametrize(
    "condition",
    [
        ("n", "==", 2),
        ("n", "not in", [1, 4]),
        ("x", ">", 1),
        ("y", ">", 1),
        ("x", "!=", 0.5),
        ("x", "not in", [0.5]),
        ("s", "!=", "a"),
        ("s", "in", ["a", "d"]),
        ("s", "<=", "b"),
    ],
)
def test_rows_are_chosen_as_pandas_does(session: Any, tmp_path: Path, condition: Any) -> None:
    frames.write(TABLE, path := str(tmp_path / "t.parquet"))

    read = frames.read(path, df_module=session, columns=["n"], additional_filters=[condition])

    expected = frames.read(path, columns=["n"], additional_filters=[condition])["n"]
    assert rows(read) == [(number,) for number in expected]


def test_what_is_not_a_number_is_not_the_largest_one(session: Any, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n1.5\nNaN\n")

    read = frames.read(tmp_path / "t.csv", df_module=session, additional_filters=[("x", ">", 1)])

    assert rows(read) == [(1.5,)]


@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize("start", ["2026-01-01T03:00+02:00", datetime.datetime(2026, 1, 1, 1)])
def test_times_are_those_of_utc(
    session: Any, tmp_path: Path, zone: str | None, suffix: str, start: Any
) -> None:
    frames.write(TABLE.assign(t=HOURS.tz_localize(zone)), path := str(tmp_path / f"t.{suffix}"))

    read = frames.read(
        path,
        df_module=session,
        columns=["n"],
        time_column="t",
        start_time=start,
        end_time="2026-01-01T02:00",
    )

    assert rows(read) == [(2,), (3,)]


@pytest.mark.parametrize(("column", "start"), [("n", "2026-01-01"), ("t", "soon")])
def test_what_is_no_time_is_answered(session: Any, tmp_path: Path, column: str, start: str) -> None:
    frames.write(TABLE, path := str(tmp_path / "t.parquet"))

    with pytest.raises(MLRunInvalidArgumentError, match=f"column '{column}' or '{start}' is not a time"):
        frames.read(path, df_module=session, time_column=column, start_time=start)


def test_a_broken_file_and_a_missing_column_are_answered(session: Any, tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 nothing PAR1")
    frames.write(TABLE, str(tmp_path / "good.parquet"))

    with pytest.raises(
        MLRunInvalidArgumentError, match=r"t\.parquet can not be read as parquet: .*footer[^\n]*$"
    ):
        frames.read(tmp_path / "t.parquet", df_module=session)
    with pytest.raises(MLRunInvalidArgumentError, match="'nn'"):
        frames.read(tmp_path / "good.parquet", df_module=session, columns=["nn"])


def test_the_active_session_is_taken(sessions: Sessions, tmp_path: Path) -> None:
    frames.write(TABLE[["n"]], path := str(tmp_path / "t.parquet"))

    read = frames.read(path, df_module="pyspark.sql")

    assert read.sparkSession is sessions.classic


def test_a_frame_is_logged_partition_by_partition(session: Any, tmp_path: Path) -> None:
    frame = session.range(0, 1000, numPartitions=4).selectExpr("id", "id / 2 as half", "cast(id as string) s")

    context = mlrun.get_or_create_ctx("spark")
    table = context.log_dataset("table", df=frame, stats=True, artifact_path=str(tmp_path))

    assert table.target_path.endswith(".parquet")
    assert (table.length, table.stats["id"]["max"], table.header) == (1000, 999, ["id", "half", "s"])
    read = table.to_dataitem().as_df()
    assert sorted(read["id"]) == list(range(1000))
    assert rows(table.to_dataitem().as_df(df_module=session)) == rows(frame)


def test_a_frame_without_rows_keeps_its_columns(session: Any, tmp_path: Path) -> None:
    frame = session.range(0, 10).filter("id > 10")

    written = frames.write_dataset(frames.as_stream(frame), path := str(tmp_path / "t.parquet"))

    assert written.rows == 0
    assert list(frames.read(path).columns) == ["id"]


def test_a_frame_whose_computation_fails_is_not_logged(session: Any, tmp_path: Path) -> None:
    frame = session.range(0, 10).selectExpr("raise_error('the source is gone') as a")

    with pytest.raises(MLRunRuntimeError, match=r"could not be computed: .*the source is gone.*$"):
        frames.write_dataset(frames.as_stream(frame), str(tmp_path / "t.parquet"))

    assert os.listdir(tmp_path) == []


def test_the_error_of_a_worker_is_its_last_line() -> None:
    said = """Unknown error: An error occurred while calling o1.getResult.
: org.apache.spark.SparkException: Exception thrown in awaitResult:
Caused by: org.apache.spark.api.python.PythonException: [PYTHON_EXCEPTION] Traceback (most recent call last):
  File "worker.py", line 75, in read_command
ModuleNotFoundError: No module named 'pyarrow'
 SQLSTATE: 38000
	at org.apache.spark.api.python.BasePythonRunner"""

    assert root_cause(said) == "ModuleNotFoundError: No module named 'pyarrow'"


def test_the_error_of_connect_is_what_stands_before_the_traces() -> None:
    said = """Unknown error: [USER_RAISED_EXCEPTION] no data SQLSTATE: P0001

JVM stacktrace:
org.apache.spark.SparkRuntimeException
\tat java.lang.Thread.run(Thread.java:840). Detail: Python exception: Traceback (most recent call last):
  File "interchange.py", line 63, in stream
\tat java.lang.Thread.run(Thread.java:840)"""

    assert root_cause(said) == "Unknown error: [USER_RAISED_EXCEPTION] no data SQLSTATE: P0001"


def test_the_cause_that_a_worker_has_raised_is_the_last_line_of_its_traceback() -> None:
    said = "An exception was thrown:\nTraceback (most recent call last):\n  x\nE: no data\n"

    assert root_cause(said) == "E: no data"


def test_spark_does_not_read_feather() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="Spark does not read feather"):
        Spark(None).read("t.feather", "feather", None, [], {})
