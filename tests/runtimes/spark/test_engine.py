"""Where Spark is, and what is said where there is none."""

from __future__ import annotations

import importlib.util
import os

import pytest

from mlrun.errors import MLRunMissingDependencyError
from mlrun.runtimes.spark import engine


def test_pyspark_and_java_are_there():
    engine.check_pyspark("spark")
    engine.check_java("spark")


def test_without_pyspark_the_way_to_it_is_said(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(MLRunMissingDependencyError, match=r"kind 'spark' needs PySpark.*'mlrun\[spark\]'"):
        engine.check_pyspark("spark")


def test_without_java_the_way_to_it_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)

    with pytest.raises(MLRunMissingDependencyError, match=r"no java on the PATH.*openjdk-17-jre-headless"):
        engine.check_java("spark")


def test_a_java_home_without_java_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(MLRunMissingDependencyError, match=f"no java in JAVA_HOME={tmp_path}"):
        engine.check_java("spark")


def test_spark_submit_is_that_of_pyspark_or_of_spark_home(monkeypatch, tmp_path):
    monkeypatch.delenv("SPARK_HOME", raising=False)
    own = engine.spark_submit()
    monkeypatch.setenv("SPARK_HOME", str(tmp_path))

    assert os.access(own, os.X_OK)
    assert engine.spark_submit() == str(tmp_path / "bin" / "spark-submit")
