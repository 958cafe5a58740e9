"""The handler's code on the workers of Spark."""

from __future__ import annotations

import sys

import pytest

from mlrun.code.load import load_module, load_source
from mlrun.runtimes.spark.workers import explained, reason, send_by_value

JAVA = """An error occurred while calling o57.collect.
: org.apache.spark.SparkException: Job aborted
Caused by: org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "worker.py", line 1, in main
{}

\tat org.apache.spark.api.python.BasePythonRunner"""


def test_what_came_as_a_text_travels_whole():
    from pyspark import cloudpickle

    module = load_source("def plus(x):\n    return x + 1\n")

    send_by_value()

    assert module.__name__ in cloudpickle.list_registry_pickle_by_value()


def test_modules_of_folders_that_workers_do_not_see_do_too(tmp_path):
    from pyspark import cloudpickle

    (tmp_path / "words_of_ours.py").write_text("def plus(x):\n    return x + 1\n")
    module = load_module(str(tmp_path / "words_of_ours.py"))

    send_by_value((str(tmp_path),))

    assert module.__name__ in cloudpickle.list_registry_pickle_by_value()
    cloudpickle.unregister_pickle_by_value(module)
    del sys.modules[module.__name__]


def test_a_module_that_workers_lack_is_said_in_a_sentence():
    said = JAVA.format("ModuleNotFoundError: No module named 'words.count'")

    assert reason(said).startswith("ModuleNotFoundError: a worker of Spark can not import 'words.count': ")
    assert "spec.deps['pyFiles']" in reason(said)


def test_another_error_is_said_by_its_cause():
    assert reason(": java.lang.Error: a\nCaused by: java.io.IOException: no space\n\tat x") == "no space"


def test_an_error_of_spark_ends_with_what_has_happened():
    from pyspark.errors import PySparkException

    def handler(context, n: int = 1):
        raise PySparkException(JAVA.format("ModuleNotFoundError: No module named 'words'"))

    with pytest.raises(PySparkException) as caught:
        explained(handler)(None)

    assert "can not import 'words'" in caught.value.__notes__[0]


def test_a_spark_that_has_ended_is_what_has_happened():
    def handler():
        raise ConnectionRefusedError("[Errno 111] Connection refused")

    with pytest.raises(ConnectionError) as caught:
        explained(handler, lambda: "the JVM of Spark has ended with exit code 137")()

    told = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert told == "[Errno 111] Connection refused\nthe JVM of Spark has ended with exit code 137"


def test_errors_of_the_handler_are_left_as_they_are():
    def handler():
        raise ValueError("no data here")

    with pytest.raises(ValueError, match="no data here") as caught:
        explained(handler)()

    assert not hasattr(caught.value, "__notes__")
