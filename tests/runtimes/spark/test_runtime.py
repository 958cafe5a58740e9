"""Functions of kind spark, run on this machine."""

from __future__ import annotations

import pytest

import mlrun
from mlrun.cluster.base import Reach
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.launcher.base import Place, Private
from mlrun.model.run import Run
from mlrun.runtimes.spark.runtime import SparkRuntime

CODE = """
import warnings
warnings.simplefilter("ignore", FutureWarning)

from pyspark.sql import SparkSession
from pyspark.sql.functions import udf

FACTOR = 3

class Times:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, number):
        return number * self.factor

def times(number):
    return Times(FACTOR)(number)

def fails(number):
    raise ValueError("no data here")

def imports(number):
    import no_such_module_anywhere

def on_workers(spark, function):
    return spark.sparkContext.parallelize([1, 2], 2).map(function).collect()

def work(context, what, table=None):
    spark = SparkSession.builder.getOrCreate()
    conf = spark.sparkContext.getConf()
    if what == "session":
        names = ["spark.master", "spark.app.name", "spark.driver.memory", "spark.x", "spark.log.level"]
        context.log_result("conf", {name: conf.get(name) for name in names})
    elif what == "code":
        spark._jvm.System.err.println("said by Java")
        context.log_result("rows", on_workers(spark, times))
    elif what == "frames":
        frame = table.as_df(df_module="pyspark.sql", additional_filters=[("n", ">", 1)])
        context.log_dataset("out", df=frame.withColumn("twice", frame.n * 2), format="parquet")
    else:
        on_workers(spark, {"fails": fails, "imports": imports}[what])
"""
SWEEP = """
import json, mlrun
from pathlib import Path

Path("table.csv").write_text("n,word\\n1,a\\n2,b\\n3,c\\n")
fn = mlrun.new_function("work", kind="spark").with_code(body=Path("code.txt").read_text())
fn.with_driver_requests(mem="600m")
fn.with_executor_requests(mem="100m")
fn.spec.replicas = 2
fn.spec.spark_conf = {"spark.x": "y z", "spark.ui.enabled": False}
try:
    run = fn.run(
        handler="work",
        name="all",
        inputs={"table": str(Path("table.csv").absolute())},
        hyperparams={"what": ["session", "code", "frames", "fails", "imports"]},
    )
except mlrun.errors.RunError:
    pass
db = mlrun.get_run_db()
told = {}
for run in db.list_runs(name="all", iter=True):
    parameters, status = run["spec"].get("parameters", {}), run["status"]
    told[parameters.get("what", "all")] = {"state": status["state"], "results": status.get("results", {}),
        "error": status.get("error", ""), "kind": run["metadata"]["labels"]["kind"]}
    if "what" not in parameters:
        told["log"] = db.get_log(run["metadata"]["uid"])[1].decode()
[out] = db.list_artifacts("out")
told["rows"] = mlrun.get_dataitem(out["spec"]["target_path"]).as_df().to_dict("records")
told["kept"] = out["kind"]
print(json.dumps(told))
"""
CODE_OF_ONE = """
import os, signal
from pathlib import Path

def wait(context):
    parent = os.getpid()
    (jvm,) = [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    context.log_result("pids", [parent, jvm])
    context.commit()
    signal.pause()
"""
PROGRAM = """
import sys
import mlrun
from pyspark.sql import SparkSession

context = mlrun.get_or_create_ctx("program")
spark = SparkSession.builder.getOrCreate()
context.log_result("count", spark.range(context.get_param("n")).count())
context.log_result("told", [spark.sparkContext.master, spark.sparkContext.appName, *sys.argv[1:]])
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory, in_shell):
    """One run with five children, which share its Spark: what each of them is."""
    folder = tmp_path_factory.mktemp("spark")
    (folder / "code.txt").write_text(CODE)
    return in_shell(folder, SWEEP)


def test_the_session_is_the_one_that_the_function_describes(ran):
    assert ran["session"]["results"]["conf"] == {
        "spark.master": "local[2]",
        "spark.app.name": "all",
        "spark.driver.memory": f"{800 * 1024}k",
        "spark.x": "y z",
        "spark.log.level": "WARN",
    }
    assert ran["session"]["kind"] == "spark"


def test_embedded_code_runs_on_workers(ran):
    assert ran["code"]["results"]["rows"] == [3, 6]


def test_frames_go_in_and_out(ran):
    assert ran["rows"] == [{"n": 2, "word": "b", "twice": 4}, {"n": 3, "word": "c", "twice": 6}]
    assert ran["kept"] == "dataset"


def test_an_error_of_a_worker_is_the_last_line_of_the_runs_error(ran):
    assert ran["fails"]["state"] == "error"
    assert ran["fails"]["error"].splitlines()[-1] == "ValueError: no data here"


def test_a_module_that_a_worker_lacks_is_said_in_a_sentence(ran):
    assert ran["imports"]["state"] == "error"
    last = ran["imports"]["error"].splitlines()[-1]
    assert "a worker of Spark can not import 'no_such_module_anywhere'" in last


def test_what_spark_says_is_in_the_log(ran):
    assert "said by Java" in ran["log"]


def test_a_run_that_is_aborted_takes_its_jvm_with_it(db, is_gone):
    fn = mlrun.new_function("wait", kind="spark").with_code(body=CODE_OF_ONE)
    run = fn.run(handler="wait", watch=False)
    pids = _pids(run)

    run.abort()

    assert run.state() == "aborted"
    assert all(is_gone(pid) for pid in pids)


def _pids(run):
    while not (pids := run.refresh().status.results.get("pids")):
        assert run.state() in ("pending", "running"), run.status.error
    return pids


def test_a_program_is_submitted(db, tmp_path):
    (tmp_path / "count.py").write_text(PROGRAM)
    fn = mlrun.new_function("program", kind="spark", command="count.py", args=["--fast"])
    fn.spec.replicas = 1

    run = fn.run(params={"n": 7})

    assert run.outputs == {"count": 7, "told": ["local[1]", "program", "--fast"]}


def test_without_java_the_run_ends_with_how_to_get_it(db, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    fn = mlrun.new_function("wait", kind="spark").with_code(body=CODE_OF_ONE)

    with pytest.raises(mlrun.errors.RunError, match=r"needs Java 17 or newer.*openjdk-17-jre-headless"):
        fn.run(handler="wait")

    assert db.list_runs()[0]["status"]["state"] == "error"


def test_a_handler_that_is_not_there_is_refused(db):
    fn = mlrun.new_function("wait", kind="spark").with_code(body=CODE_OF_ONE)

    with pytest.raises(mlrun.errors.MLRunNotFoundError, match=r"no handler 'wiat'.*Did you mean 'wait'"):
        fn.run(handler="wiat")


@pytest.mark.parametrize(
    ("deps", "sentence"),
    [
        ({"pyfiles": []}, "spec.deps.pyfiles is not a field: .*Did you mean 'pyFiles'"),
        ({"jars": "a.jar"}, "spec.deps.jars is a list of addresses, not 'a.jar'"),
    ],
)
def test_dependencies_that_are_none_are_refused(db, deps, sentence):
    fn = mlrun.new_function("wait", kind="spark").with_code(body=CODE_OF_ONE)
    fn.spec.deps = deps

    with pytest.raises(MLRunInvalidArgumentError, match=sentence):
        fn.run(handler="wait")


@pytest.mark.parametrize(
    ("fields", "handler", "sentence"),
    [
        ({"command": "a.jar"}, "main", "a program of type Java has no handler 'main'"),
        ({"command": "a.py", "job_type": "Pyhton"}, "", "spec.job_type 'Pyhton' is none: Python, Java"),
    ],
)
def test_a_type_that_does_not_fit_is_refused(db, fields, handler, sentence):
    fn = mlrun.new_function("pi", kind="spark")
    for name, value in fields.items():
        setattr(fn.spec, name, value)

    with pytest.raises(MLRunInvalidArgumentError, match=sentence):
        fn.run(handler=handler)


def test_a_callable_does_not_go_to_a_pod(db):
    with pytest.raises(MLRunInvalidArgumentError, match="runs in a pod"):
        mlrun.new_function("wait", kind="spark").run(handler=print)


def test_on_one_machine_it_is_a_pod_and_on_an_operator_an_application():
    fn = mlrun.new_function("wait", kind="spark").with_code(body=CODE_OF_ONE)
    run = Run.from_dict({"metadata": {"uid": "3f2a", "project": "iris", "name": "wait"}})
    here = Place("process", Reach.FILES, False, "sqlite:///a.db")
    there = Place("kubernetes", Reach.NETWORK, True, "http://mlrun:8080", "default")

    kinds = [fn.manifest(run, place, Private({}, {}, {})).resource["kind"] for place in (here, there)]

    assert kinds == ["Pod", "SparkApplication"]


def test_its_image_may_be_the_one_that_was_built():
    fn = mlrun.new_function("wait", kind="spark").with_code(body=CODE_OF_ONE)
    fn.spec.use_default_image = True
    run = Run.from_dict({"metadata": {"uid": "3f2a", "project": "iris", "name": "wait"}})
    there = Place("kubernetes", Reach.NETWORK, True, "http://mlrun:8080", "default")

    spec = fn.manifest(run, there, Private({}, {}, {})).resource["spec"]

    assert spec["image"].endswith("spark-job-default-image")
    assert fn.spec.image == ""
    with pytest.raises(MLRunInvalidArgumentError, match="no image of Spark with GPUs is known"):
        SparkRuntime.deploy_default_image(with_gpu=True)
