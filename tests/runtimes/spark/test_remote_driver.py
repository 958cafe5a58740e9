"""A driver whose executors somebody else has."""

from __future__ import annotations

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.function import FunctionSpec
from mlrun.runtimes.base import Launch
from mlrun.runtimes.spark.remote_driver import RemoteDriver, address_of
from mlrun.secrets import SecretsStore


def driver(address):
    return RemoteDriver.from_dict({"metadata": {"name": "count"}, "spec": {"spark_service": address}})


def test_a_client_of_connect_is_told_its_server_and_starts_no_jvm(db):
    launch = Launch(db, SecretsStore(), handler="words.count")

    assert driver("sc://here:1")._environment(launch, "count") == {"SPARK_REMOTE": "sc://here:1"}
    assert driver("sc://here:1")._finds_its_spark()


def test_a_driver_of_a_master_is_told_that(db, monkeypatch):
    monkeypatch.delenv("PYSPARK_PYTHON", raising=False)
    monkeypatch.delenv("SPARK_LOCAL_IP", raising=False)
    launch = Launch(db, SecretsStore(), handler="words.count")

    env = driver("spark://here:1")._environment(launch, "count")

    assert "--master spark://here:1" in env["PYSPARK_SUBMIT_ARGS"]
    assert env.keys().isdisjoint({"PYSPARK_PYTHON", "SPARK_LOCAL_IP"})  # of the executors' machines
    assert not driver("spark://here:1")._finds_its_spark()


def test_programs_are_submitted_to_a_master_and_executed_for_connect(tmp_path):
    (tmp_path / "pi.py").write_text("")
    of_master, of_connect = driver("spark://here:1"), driver("sc://here:1")
    of_master.spec.command = of_connect.spec.command = "pi.py"

    assert of_master._command_line({}, str(tmp_path), "")[1:3] == ["--master", "spark://here:1"]
    assert of_connect._command_line({}, str(tmp_path), "")[1] == "-u"


def test_an_address_is_needed():
    with pytest.raises(MLRunInvalidArgumentError, match="needs a Spark"):
        address_of(FunctionSpec())
