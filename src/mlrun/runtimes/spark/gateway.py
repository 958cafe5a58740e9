"""A JVM of Spark that is on its way before the handler asks for a session."""

from __future__ import annotations

import contextlib
import os
import re
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from mlrun.errors import MLRunRuntimeError
from mlrun.runtimes.spark.engine import spark_submit

if TYPE_CHECKING:
    from typing_extensions import Self

PORT, SECRET = "PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET"  # by which pyspark finds a JVM that is there
_TOLD = "_PYSPARK_DRIVER_CONN_INFO_PATH"  # the file in which the JVM writes its port and its secret
_SHELL = "pyspark-shell"  # for spark-submit: the program is this process
_LOOK_EVERY_S = 0.01
_GRACE_S = 10.0
_LINES = 50  # of its output, to say why it did not start
_TELLS = re.compile(r"(Exception|Error)\b.*: ")


class Gateway:
    """
    One JVM, started by ``spark-submit`` when the block is entered, and ended with it.

    It reads from this process, and ends when that is over; so it outlives this process in no case. What it
    prints goes where this process prints.

    Args:
        options: Of ``spark-submit``.
        env: All of its variables.

    Example::

        with Gateway(["--master", "local[2]"], os.environ) as gateway:
            gateway.connect()
            spark = SparkSession.builder.getOrCreate()  # in that JVM
    """

    def __init__(self, options: Sequence[str], env: Mapping[str, str]) -> None:
        self._options = options
        self._env = env
        self._last: deque[str] = deque(maxlen=_LINES)

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="mlrun-spark-")
        self._file = os.path.join(self._folder.name, "gateway")
        self._process = subprocess.Popen(
            [spark_submit(), *self._options, _SHELL],
            env={**self._env, _TOLD: self._file, "SPARK_CONNECT_MODE": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # a signal to end is for this process, which then tells it
        )
        self._printer = threading.Thread(target=self._print, name="mlrun-spark-output", daemon=True)
        self._printer.start()
        return self

    def connect(self) -> None:
        """
        Wait for it, and let pyspark find it from here on.

        Raises:
            MLRunRuntimeError: It has ended instead; the message says why.
        """
        if PORT in os.environ:
            return
        while not os.path.exists(self._file):
            if self._process.poll() is not None and not os.path.exists(self._file):
                self._printer.join()
                raise MLRunRuntimeError(self.why())
            time.sleep(_LOOK_EVERY_S)
        with open(self._file, "rb") as file:
            port, length = struct.unpack("!ii", file.read(8))
            os.environ[PORT], os.environ[SECRET] = str(port), file.read(length).decode()

    def why(self) -> str:
        """How it has ended, in one line; empty while it lives. What it said at length is in the log."""
        if (code := self._process.poll()) is None:
            return ""
        if code < 0:
            return f"the JVM of Spark was killed by signal {-code}, as the system does when memory runs out"
        told = [line.strip() for line in self._last if _TELLS.search(line)] or [*self._last, ""]
        return f"the JVM of Spark has ended with exit code {code}: {told[0].strip()}"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in (PORT, SECRET):
            os.environ.pop(name, None)
        assert self._process.stdin and self._process.stdout
        with contextlib.suppress(OSError):  # it is gone
            self._process.stdin.close()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._printer.join()
        self._process.stdout.close()
        self._folder.cleanup()

    def _print(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._last.append(line)
            sys.stderr.write(line)
