"""
All that another process, and whatever it starts, writes to its standard streams: passed on, and into logs.

Both streams are one pipe, so that what is written first is read first. Whoever reads is another process than
the one that writes: what was written is there however that one ends, and nothing of it can block or be lost
in its threads, its forks or its last moments.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable

from mlrun.execution.capture import LogWriter
from mlrun.log import logger
from mlrun.secrets import Masker

LOOK_EVERY_S = 0.5  # whether the process has ended and left its output open to another one
_SOON_S = 0.02  # once it has closed the link, as it does when it ends
_SIZE = 65_536
_PIPE_READS = 32  # of 64 KiB: more than a pipe holds

OpenLog = Callable[[str, str, str], LogWriter]


class OutputReader:
    """
    Reads the output of one process until that has ended; it is closed then.

    Args:
        output: The end of the pipe that is read; owned.
        control: Connected to the process's :class:`~mlrun.execution.output_link.OutputLink`; owned.
        open_log: Called with uid, project and banner of a run that has the output from now on.
        pass_on: Called with all that is written.
        masker: Learns the secrets that the process learns, before what it prints then is read.
        is_over: Whether the process has ended; what it has left behind may hold the pipe for ever.
    """

    def __init__(
        self,
        output: int,
        control: socket.socket,
        open_log: OpenLog,
        pass_on: Callable[[bytes], object],
        masker: Masker,
        is_over: Callable[[], bool],
    ) -> None:
        self._output, self._control = output, control
        self._open_log, self._pass_on = open_log, pass_on
        self._masker, self._is_over = masker, is_over
        self._log: LogWriter | None = None
        self._messages: deque[list[str]] = deque()
        self._line = b""  # of a message, so far
        self._is_shown = True
        self._look_every_s = LOOK_EVERY_S
        os.set_blocking(output, False)
        control.setblocking(False)
        self._poll = select.poll()
        for descriptor in (output, control.fileno()):
            self._poll.register(descriptor, select.POLLIN)
        self._open = {output, control.fileno()}

    def run(self) -> None:
        """Read until the process has ended, or nobody has its output and the link any more."""
        try:
            self._follow()
        finally:
            self._close_log()
            os.close(self._output)
            self._control.close()

    def _follow(self) -> None:
        looked_at = time.monotonic()
        while self._open:
            wait_s = looked_at + self._look_every_s - time.monotonic()
            if self._poll.poll(max(0.0, wait_s) * 1000):
                self._obey(self._read_output())
            if time.monotonic() >= looked_at + self._look_every_s:
                if self._is_over():
                    self._drain()
                    self._obey(b"")
                    return
                looked_at = time.monotonic()

    def _obey(self, data: bytes) -> None:
        """Do what was told, each thing after what was written before it; *data* was read just now."""
        while self._messages:
            kind, *words = self._messages.popleft()
            self._give(data)
            self._drain()
            data = b""
            if kind == "text":
                self._add(*words)
                continue
            self._close_log()
            if kind == "begin":
                self._log = self._open_log(*words)
            with contextlib.suppress(OSError):  # it has ended meanwhile
                self._control.send(b".")
        self._give(data)

    def _add(self, text: str) -> None:
        if self._log is not None:
            self._log.write(text.encode())

    def _close_log(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None

    def _drain(self) -> None:
        """Take what stands in the pipe, and not what a process that was left behind goes on to write."""
        for _ in range(_PIPE_READS):
            if not (data := self._read_output()):
                return
            self._give(data)

    def _read_output(self) -> bytes:
        """Empty where there is nothing now. What was told before it was written is known afterwards."""
        data = self._read(self._output, lambda: os.read(self._output, _SIZE))
        self._read_messages()
        return data

    def _read_messages(self) -> None:
        control = self._control
        while told := self._read(control.fileno(), lambda: control.recv(_SIZE)):
            *lines, self._line = (self._line + told).split(b"\n")
            for kind, *words in map(json.loads, lines):
                if kind == "secret":
                    self._masker.add(*words)
                else:
                    self._messages.append([kind, *words])

    def _read(self, descriptor: int, read: Callable[[], bytes]) -> bytes:
        if descriptor not in self._open:
            return b""
        try:
            data = read()
        except BlockingIOError:
            return b""
        except ConnectionResetError:  # it was killed before it had read our last answer
            data = b""
        if not data:
            self._poll.unregister(descriptor)
            self._open.discard(descriptor)
            self._look_every_s = _SOON_S
        return data

    def _give(self, data: bytes) -> None:
        if not data:
            return
        if self._is_shown:
            self._show(data)
        if self._log is not None:
            self._log.write(data)

    def _show(self, data: bytes) -> None:
        try:
            self._pass_on(data)
        except (OSError, ValueError) as error:  # whoever has read it is gone, or the stream is closed
            self._is_shown = False
            logger.warning(f"output can not be passed on, and goes into logs only: {error}")
