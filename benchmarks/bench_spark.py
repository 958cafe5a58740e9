"""``fn.run()`` of a handler of kind ``spark`` on the cluster ``process``, beside bare ``spark-submit``."""

from harness import Benchmark, main

WORK = """
from pyspark.sql import SparkSession

def plus(number):
    return number + 1

def count(context=None):
    spark = SparkSession.builder.getOrCreate()
    rows = spark.range(1_000_000).selectExpr("sum(id) AS total").collect()
    assert spark.sparkContext.parallelize(range(100), 2).map(plus).count() == 100
    if context:
        context.log_result("total", rows[0].total)
"""
PROGRAM = f"""
import mlrun

fn = mlrun.new_function("count", kind="spark").with_code(body={WORK!r})
fn.spec.replicas = 2


def work():
    run = fn.run(handler="count")
    assert run.output("total") == 499_999_500_000
"""
BARE = f"""
import os, subprocess, sys
from pathlib import Path

from mlrun.runtimes.spark.engine import spark_submit

Path("count.py").write_text({WORK!r} + "count()")
quiet = ["--conf", "spark.ui.showConsoleProgress=false", "--conf", "spark.log.level=WARN"]
words = [spark_submit(), "--master", "local[2]", *quiet, "count.py"]
env = {{**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}}


def work():
    subprocess.run(words, env=env, check=True, capture_output=True)
"""

BENCHMARK = Benchmark(
    name="spark",
    what="fn.run() of a handler of kind spark",
    baseline_is="the same by spark-submit",
    baseline=BARE,
    program=PROGRAM,
    target=1.05,
    kind="ratio",
    turns=3,
)

if __name__ == "__main__":
    main(BENCHMARK)
