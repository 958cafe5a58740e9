"""The output of a worker of a pool, read by a thread of the process that has started it."""

from __future__ import annotations

import codecs
import os
import socket
import subprocess
import sys
import threading

from mlrun.execution.output_link import LINK
from mlrun.execution.output_reader import OpenLog, OutputReader
from mlrun.secrets import Masker


class WorkerOutput:
    """
    What one worker writes goes into the logs of its runs, and where ``sys.stdout`` of this process goes.

    Start the worker with its :attr:`stdout`, :attr:`variables` and :attr:`pass_fds`, then :meth:`follow` it.

    Args:
        open_log: As for :class:`~mlrun.execution.output_reader.OutputReader`.
        masker: Learns what the worker learns.
    """

    def __init__(self, open_log: OpenLog, masker: Masker) -> None:
        self._open_log, self._masker = open_log, masker
        self._output, self.stdout = os.pipe()
        self._control, self._link = socket.socketpair()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._thread: threading.Thread | None = None

    @property
    def pass_fds(self) -> tuple[int, ...]:
        return (self._link.fileno(),)

    @property
    def variables(self) -> dict[str, str]:
        return {LINK: str(self._link.fileno())}

    def follow(self, process: subprocess.Popen[bytes]) -> None:
        """Read until *process* has ended; what is the worker's is closed here."""
        self._close_theirs()
        reader = OutputReader(
            self._output,
            self._control,
            self._open_log,
            self._pass_on,
            self._masker,
            lambda: process.poll() is not None,
        )
        self._thread = threading.Thread(target=reader.run, name="mlrun-worker-output", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Until everything is read; the worker has ended, or has never started."""
        if self._thread is not None:
            self._thread.join()
            return
        self._close_theirs()
        os.close(self._output)
        self._control.close()

    def _close_theirs(self) -> None:
        os.close(self.stdout)
        self._link.close()

    def _pass_on(self, data: bytes) -> None:
        sys.stdout.write(self._decoder.decode(data))
        sys.stdout.flush()
