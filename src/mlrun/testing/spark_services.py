"""A master of Spark with a worker, and a server of Spark Connect, on this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mlrun.runtimes.spark.engine import spark_submit

_START_S = 1200
_HOST = "127.0.0.1"


@contextmanager
def master_and_worker(folder: Path) -> Iterator[str]:
    """The address of a standalone master with one worker of one core."""
    deploy = "org.apache.spark.deploy"
    master = [_class(), f"{deploy}.master.Master", "--host", _HOST, "--port", "0", "--webui-port", "0"]
    worker = [_class(), f"{deploy}.worker.Worker", "--host", _HOST, "--webui-port", "0"]
    worker += ["-c", "1", "-m", "1g", "--work-dir", str(folder / "work")]
    with (
        _jvm(master, folder / "master.log", r"(?s)Starting Spark master at (\S+).*elected leader") as address,
        _jvm([*worker, address], folder / "worker.log", r"(Successfully registered) with master"),
    ):
        yield address


@contextmanager
def connect_server(folder: Path) -> Iterator[str]:
    """The address of a server of Spark Connect with one core."""
    conf = {
        "spark.connect.grpc.binding.address": _HOST,
        "spark.connect.grpc.binding.port": "0",
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    words = [spark_submit(), "--class", server, "--master", "local[1]"]
    words += [word for name, value in conf.items() for word in ("--conf", f"{name}={value}")]
    told = rf"Spark Connect server started at: \S*{_HOST}:(\d+)"
    with _jvm([*words, "spark-internal"], folder / "connect.log", told) as port:
        yield f"sc://{_HOST}:{port}"


@contextmanager
def _jvm(words: Sequence[str], log: Path, told: str) -> Iterator[str]:
    """A JVM that is up when its log has the pattern *told*, of which the group is given."""
    env = {**os.environ, "SPARK_LOCAL_IP": _HOST, "PYSPARK_PYTHON": sys.executable}
    with (
        open(log, "wb") as output,
        subprocess.Popen(words, env=env, cwd=log.parent, stdout=output, stderr=output) as process,
    ):
        try:
            end = time.monotonic() + _START_S
            while not (found := re.search(told, log.read_text(errors="replace"))):
                assert process.poll() is None and time.monotonic() < end, log.read_text()[-2000:]
                time.sleep(0.05)
            yield found[1]
        finally:
            process.kill()


def _class() -> str:
    """The program that starts a class of Spark."""
    return os.path.join(os.path.dirname(spark_submit()), "spark-class")
