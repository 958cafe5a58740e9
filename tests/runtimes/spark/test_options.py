"""From a function to the options of spark-submit."""

from __future__ import annotations

import os

import pytest

from mlrun.config import mlconf
from mlrun.model.function import FunctionSpec
from mlrun.runtimes.spark.options import local_master, options_of


def pairs(words):
    return dict(zip(words[::2], words[1::2]))


def conf(words):
    given = [word for at, word in enumerate(words) if words[at - 1] == "--conf"]
    return dict(word.split("=", 1) for word in given)


@pytest.mark.parametrize(
    ("fields", "master"),
    [
        ({}, "local[*]"),
        ({"replicas": 3}, "local[3]"),
        ({"executor_cores": 2}, "local[2]"),
        ({"replicas": 3, "executor_cores": 2}, "local[6]"),
    ],
)
def test_executors_of_one_machine_are_threads(fields, master):
    assert local_master(FunctionSpec(**fields)) == master


def test_one_jvm_has_the_heap_of_driver_and_executors():
    spec = FunctionSpec(
        replicas=2,
        driver_resources={"requests": {"memory": "1g"}},
        executor_resources={"requests": {"memory": "512m"}},
        driver_java_options="-Da=1",
        executor_java_options="-Db=2",
    )

    given = pairs(options_of(spec, "local[2]", "count"))

    assert given["--driver-memory"] == f"{2 * 1024 * 1024}k"
    assert given["--driver-java-options"] == "-Da=1 -Db=2"
    assert "--executor-memory" not in given


def test_a_cluster_is_asked_for_executors():
    spec = FunctionSpec(
        replicas=3,
        executor_cores=2,
        driver_resources={"requests": {"memory": "1g"}},
        executor_resources={"requests": {"memory": "512m"}},
        executor_java_options="-Db=2",
        dynamic_allocation={"enabled": True, "maxExecutors": 3},
    )

    words = options_of(spec, "spark://here:7077", "count")

    assert pairs(words) == pairs(words) | {
        "--master": "spark://here:7077",
        "--name": "count",
        "--driver-memory": "1g",
        "--executor-memory": "512m",
        "--executor-cores": "2",
        "--total-executor-cores": "6",
    }
    assert conf(words) == conf(words) | {
        "spark.executor.extraJavaOptions": "-Db=2",
        "spark.dynamicAllocation.enabled": "true",
        "spark.dynamicAllocation.maxExecutors": "3",
        "spark.dynamicAllocation.shuffleTracking.enabled": "true",
    }


def test_properties_and_dependencies_are_those_of_the_function():
    spec = FunctionSpec(
        deps={"jars": ["a.jar", "b.jar"], "pyFiles": ["c.zip"], "packages": ["org:x:1"]},
        spark_conf={"spark.ui.enabled": False, "spark.log.level": "INFO"},
        hadoop_conf={"fs.s3a.endpoint": "http://here"},
        main_class="org.Main",
    )

    words = options_of(spec, "local[*]", "count")

    assert pairs(words) == pairs(words) | {
        "--jars": "a.jar,b.jar",
        "--py-files": "c.zip",
        "--packages": "org:x:1",
        "--class": "org.Main",
    }
    assert conf(words) == {
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "INFO",
        "spark.ui.enabled": "false",
        "spark.hadoop.fs.s3a.endpoint": "http://here",
    }


def test_a_history_is_kept_where_the_settings_say():
    os.environ["MLRUN_SPARK_HISTORY_SERVER_PATH"] = "s3a://logs/spark"
    mlconf.reload()

    given = conf(options_of(FunctionSpec(), "local[*]", "count"))

    assert (given["spark.eventLog.enabled"], given["spark.eventLog.dir"]) == ("true", "s3a://logs/spark")
