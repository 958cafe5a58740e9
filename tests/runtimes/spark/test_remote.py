"""Functions of kind remote-spark, with a master and worker, and with a server of Spark Connect."""

from __future__ import annotations

import os
import socket
import sys

import pytest

import mlrun
from mlrun.cluster.base import Reach
from mlrun.errors import MLRunInvalidArgumentError, RunError
from mlrun.launcher.base import Place, Private
from mlrun.model.run import Run
from mlrun.testing.spark_services import connect_server, master_and_worker

CODE = """
import warnings
warnings.simplefilter("ignore", FutureWarning)

from pyspark.sql import SparkSession
from pyspark.sql.functions import udf

import letters_of_ours

def number(word):
    return letters_of_ours.number(word)

def count(context, table):
    spark = SparkSession.builder.getOrCreate()
    frame = table.as_df(df_module="pyspark.sql")
    frame = frame.withColumn("letters", udf(number, "int")("word"))
    context.log_result("rows", [list(row) for row in frame.collect()])
    context.log_result("kind", type(spark).__module__)
    context.log_dataset("out", df=frame, format="parquet")
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with master_and_worker(tmp_path_factory.mktemp("master")) as address:
        yield address


@pytest.fixture(scope="module")
def connect(tmp_path_factory):
    with connect_server(tmp_path_factory.mktemp("connect")) as address:
        yield address


@pytest.fixture
def fn(tmp_path):
    """Of a folder whose modules no worker sees."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "counting.py").write_text(CODE)
    (source / "letters_of_ours.py").write_text("def number(word):\n    return len(word)\n")
    (tmp_path / "table.csv").write_text("word\na\nbb\n")
    function = mlrun.new_function("count", kind="remote-spark")
    function.with_source_archive(str(source), handler="counting.count")
    return function.set_env("SPARK_LOCAL_IP", "127.0.0.1").set_env("PYSPARK_PYTHON", sys.executable)


def rows_of(run):
    [out] = mlrun.get_run_db().list_artifacts("out")
    assert out["kind"] == "dataset"
    return mlrun.get_dataitem(out["spec"]["target_path"]).as_df().values.tolist()


def test_a_master_runs_what_a_function_sends_it(fn, db, tmp_path, cluster):
    fn.with_spark_service(cluster).with_executor_requests(mem="600m").with_cores(executor_cores=1)

    run = fn.run(inputs={"table": str(tmp_path / "table.csv")})

    assert run.output("rows") == rows_of(run) == [["a", 1], ["bb", 2]]
    assert run.output("kind") == "pyspark.sql.session"


def test_spark_connect_does_too(fn, db, tmp_path, connect):
    os.environ["MLRUN_SPARK_SERVICE"] = connect
    mlrun.mlconf.reload()

    run = fn.run(inputs={"table": str(tmp_path / "table.csv")})

    assert run.output("rows") == rows_of(run) == [["a", 1], ["bb", 2]]
    assert run.output("kind") == "pyspark.sql.connect.session"


@pytest.mark.parametrize("scheme", ["spark", "sc"])
def test_a_spark_that_is_not_there_ends_the_run_in_a_sentence(fn, db, scheme):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"{scheme}://127.0.0.1:{closed.getsockname()[1]}"

        with pytest.raises(RunError, match=f"no Spark answers at {address}: .*refused"):
            fn.with_spark_service(address).run()

    [run] = db.list_runs()
    assert run["status"]["state"] == "error"


def test_without_an_address_nothing_starts(fn, db):
    with pytest.raises(MLRunInvalidArgumentError, match="needs a Spark: spark://host:7077"):
        fn.run()

    assert list(db.list_runs()) == []


def test_what_a_server_of_connect_has_decided_is_refused(fn, db):
    fn.with_spark_service("sc://here:15002").with_executor_requests(mem="1g")
    fn.spec.spark_conf = {"spark.x": "1"}

    with pytest.raises(
        MLRunInvalidArgumentError, match=r"spec\.spark_conf, spec\.executor_resources: a server"
    ):
        fn.run()


def test_an_address_that_is_none_is_refused_when_it_is_named(fn):
    with pytest.raises(MLRunInvalidArgumentError, match="'my-spark' is no address of a Spark"):
        fn.with_spark_service("my-spark", provider="iguazio")


def test_on_kubernetes_it_is_a_pod(fn):
    fn.with_spark_service("spark://here:7077")
    run = Run.from_dict({"metadata": {"uid": "3f2a", "project": "iris", "name": "count"}})
    there = Place("kubernetes", Reach.NETWORK, True, "http://mlrun:8080", "default")

    resource = fn.manifest(run, there, Private({}, {}, {})).resource

    assert resource["kind"] == "Pod"
    command = resource["spec"]["containers"][0]["command"]
    assert command[:5] == ["mlrun", "run", "--from-env", "--kind", "remote-spark"]
    assert 'spark_service="spark://here:7077"' in command
