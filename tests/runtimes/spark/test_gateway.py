"""A JVM of Spark that is on its way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from mlrun.errors import MLRunRuntimeError
from mlrun.runtimes.spark.gateway import PORT, SECRET, Gateway

LEFT_ALONE = """
import os, signal
from mlrun.runtimes.spark.gateway import Gateway

with Gateway(["--master", "local[1]"], os.environ) as gateway:
    gateway.connect()
    print(gateway._process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_pyspark_finds_it_while_the_block_runs_and_it_ends_with_that(is_gone):
    from pyspark.java_gateway import launch_gateway

    with Gateway(["--master", "local[1]", "--name", "there"], os.environ) as gateway:
        gateway.connect()
        pid = gateway._process.pid
        found = launch_gateway()
        name = found.jvm.System.getProperty("spark.app.name")
        found.shutdown()

    assert (name, found.proc) == ("there", None)
    assert is_gone(pid)
    assert PORT not in os.environ and SECRET not in os.environ


def test_one_that_does_not_start_says_why(capfd):
    with (
        Gateway(["--master", "nowhere"], os.environ) as gateway,
        pytest.raises(MLRunRuntimeError, match=r"ended with exit code 1: .*Master must"),
    ):
        gateway.connect()


def test_it_does_not_outlive_a_process_that_was_killed(is_gone):
    done = subprocess.run([sys.executable, "-c", LEFT_ALONE], stdout=subprocess.PIPE, text=True)

    assert done.returncode == -signal.SIGKILL
    assert is_gone(int(done.stdout))


def test_one_that_is_killed_says_so():
    with Gateway(["--master", "local[1]"], os.environ) as gateway:
        alive = gateway.why()
        gateway._process.kill()
        gateway._process.wait()

        assert (alive, gateway.why()[:43]) == ("", "the JVM of Spark was killed by signal 9, as")
