"""A driver of Spark on this machine."""

from __future__ import annotations

import sys

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.run import RunSpec
from mlrun.runtimes.base import Launch
from mlrun.runtimes.spark.driver import SparkDriver
from mlrun.secrets import SecretsStore

HERE = '''
import json, mlrun
from pathlib import Path

folder = Path("source/words")
folder.mkdir(parents=True)
(folder / "counting.py").write_text("""
from words import letters

def count(context, table=("a", "bb")):
    from pyspark.sql import SparkSession
    spark = SparkSession.builder.getOrCreate()
    from words.late import twice
    rows = spark.sparkContext.parallelize(list(table), 2)
    context.log_result("rows", rows.map(letters.number).map(twice).collect())
    context.log_result("master", spark.sparkContext.master)
""")
(folder / "letters.py").write_text("def number(word):\\n    return len(word)\\n")
(folder / "late.py").write_text("def twice(number):\\n    return number * 2\\n")
(folder / "__init__.py").write_text("")
fn = mlrun.new_function("count", kind="spark").with_source_archive("source", handler="words.counting.count")
fn.spec.replicas = 2
run = fn.run(local=True)
print(json.dumps({**run.outputs, "kind": run.metadata.labels["kind"]}))
'''
PORTS = """
import os

def count(context, n):
    context.log_result("n", n)
    context.log_result("port", "PYSPARK_GATEWAY_PORT" in os.environ)
"""


@pytest.fixture
def launch(db):
    return Launch(db, SecretsStore())


def test_code_of_a_folder_runs_here_with_its_modules_on_workers(tmp_path, in_shell):
    assert in_shell(tmp_path, HERE) == {"rows": [2, 4], "master": "local[2]", "kind": "spark"}


@pytest.mark.parametrize("command", ["pi.jar", "pi.R", "pi.py"])
def test_programs_are_submitted(launch, tmp_path, command):
    (tmp_path / command).write_text("")
    spec = {
        "command": f"{command} -x",
        "args": ["{n}"],
        "mode": "args",
        "replicas": 2,
        "main_class": "org.Pi",
    }
    driver = SparkDriver.from_dict({"metadata": {"name": "pi"}, "spec": spec})

    words = driver._command_line({"n": 3}, str(tmp_path), "")

    assert words[0].endswith("bin/spark-submit")
    assert words[1:5] == ["--master", "local[2]", "--name", "pi"]
    assert words[-3:] == [str(tmp_path / command), "-x", "3"]


def test_where_a_driver_is_there_already_a_program_finds_it(launch, tmp_path, monkeypatch):
    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")
    (tmp_path / "pi.py").write_text("")
    driver = SparkDriver.from_dict({"spec": {"command": "pi.py"}})

    assert driver._command_line({}, str(tmp_path), "")[:2] == [sys.executable, "-u"]


def test_a_program_that_spark_does_not_run_is_refused(launch, tmp_path):
    (tmp_path / "train.sh").write_text("")
    driver = SparkDriver.from_dict({"spec": {"command": "train.sh"}})

    with pytest.raises(MLRunInvalidArgumentError, match=r"is a Python file, a \.jar .*not 'train.sh'"):
        driver.check_runnable(RunSpec(), Launch(launch.db, launch.secrets, workdir=str(tmp_path)))


def test_a_sweep_in_processes_has_a_spark_in_each(db):
    """Their own: two drivers can not share a JVM."""
    fn = mlrun.new_function("count", kind="spark").with_code(body=PORTS)

    run = fn.run(
        handler="count",
        hyperparams={"n": [1, 2]},
        hyper_param_options={"parallel_runs": 2, "selector": "max.n"},
        local=True,
    )

    assert run.output("port") is False
