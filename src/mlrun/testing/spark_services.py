"""A master of Spark with a worker, and a server of Spark Connect, on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mlrun.runtimes.spark.engine import spark_submit
from mlrun.testing.servers import held_port

_START_S = 120
_HOST = "127.0.0.1"


@contextmanager
def master_and_worker(folder: Path) -> Iterator[str]:
    """The address of a standalone master with one worker of one core."""
    with held_port(_HOST) as port:
        address = f"spark://{_HOST}:{port}"
        deploy = "org.apache.spark.deploy"
        master = ["--host", _HOST, "--port", str(port), "--webui-port", "0"]
        worker = [
            "--host",
            _HOST,
            "--webui-port",
            "0",
            "-c",
            "1",
            "-m",
            "1g",
            "--work-dir",
            str(folder / "work"),
        ]
        with (
            _jvm(
                [_class(), f"{deploy}.master.Master", *master],
                folder / "master.log",
                "I have been elected leader",
            ),
            _jvm(
                [_class(), f"{deploy}.worker.Worker", *worker, address],
                folder / "worker.log",
                "Successfully registered with master",
            ),
        ):
            yield address


@contextmanager
def connect_server(folder: Path) -> Iterator[str]:
    """The address of a server of Spark Connect with one core."""
    with held_port(_HOST) as port:
        conf = {
            "spark.connect.grpc.binding.address": _HOST,
            "spark.connect.grpc.binding.port": str(port),
            "spark.ui.enabled": "false",
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
        }
        server = "org.apache.spark.sql.connect.service.SparkConnectServer"
        words = [spark_submit(), "--class", server, "--master", "local[1]"]
        words += [word for name, value in conf.items() for word in ("--conf", f"{name}={value}")]
        with _jvm([*words, "spark-internal"], folder / "connect.log", "Spark Connect server started"):
            yield f"sc://{_HOST}:{port}"


@contextmanager
def _jvm(words: Sequence[str], log: Path, is_up: str) -> Iterator[None]:
    env = {**os.environ, "SPARK_LOCAL_IP": _HOST, "PYSPARK_PYTHON": sys.executable}
    with (
        open(log, "wb") as output,
        subprocess.Popen(words, env=env, cwd=log.parent, stdout=output, stderr=output) as process,
    ):
        try:
            end = time.monotonic() + _START_S
            while is_up not in log.read_text():
                assert process.poll() is None and time.monotonic() < end, log.read_text()[-2000:]
                time.sleep(0.05)
            yield
        finally:
            process.kill()


def _class() -> str:
    """The program that starts a class of Spark."""
    return os.path.join(os.path.dirname(spark_submit()), "spark-class")
