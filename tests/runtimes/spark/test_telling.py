"""What a driver is told of its function."""

from __future__ import annotations

import mlrun
from mlrun.cli.values import parse_value
from mlrun.runtimes.spark.telling import told_to_driver


def test_what_the_function_says_arrives_as_it_was():
    fn = mlrun.new_function("count", kind="spark").with_driver_requests(mem="1g")
    fn.spec.spark_conf = {"spark.x": 'it\'s "so"', "spark.y": True}
    fn.spec.deps = {"jars": ["a.jar"]}
    fn.spec.replicas = 2

    words = told_to_driver(fn)

    pairs = [word.split("=", 1) for at, word in enumerate(words) if words[at - 1] == "-rc"]
    assert words[:2] == ["--kind", "spark"]
    assert {field: parse_value(text) for field, text in pairs} == {
        "replicas": 2,
        "driver_resources": {"requests": {"memory": "1g"}},
        "spark_conf": {"spark.x": 'it\'s "so"', "spark.y": True},
        "deps": {"jars": ["a.jar"]},
    }


def test_a_function_that_says_nothing_tells_its_kind():
    assert told_to_driver(mlrun.new_function("count", kind="remote-spark")) == ["--kind", "remote-spark"]
