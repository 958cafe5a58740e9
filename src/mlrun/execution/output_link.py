"""What a process tells the one that reads its output: whose it is, and what is secret."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import socket
import sys
import threading
import weakref
from typing import TYPE_CHECKING, NamedTuple

from mlrun.secrets import Masker

if TYPE_CHECKING:
    from ctypes import CDLL, c_void_p

LINK = "MLRUN_EXEC_OUTPUT"  # descriptor of the link, in a process that was started with one
_LINE_BUFFERED = 1  # _IOLBF of C
_C_STDOUT = "__stdoutp" if sys.platform == "darwin" else "stdout"


class OutputLink:
    """
    Tells an :class:`~mlrun.execution.output_reader.OutputReader` which run has the output of this process.

    The link belongs to the process that made it; its forked children tell of their secrets only. One run at
    a time has the output of the whole process.

    Args:
        control: Connected to the reader.
    """

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._pid = os.getpid()
        self._sending = threading.Lock()
        self._turn = threading.Lock()
        self._heard: weakref.WeakSet[Masker] = weakref.WeakSet()
        _buffer_by_lines()

    def after_fork(self) -> None:
        """In a child: whoever held a lock is not there."""
        self._sending = threading.Lock()

    def listen(self, masker: Masker) -> None:
        """What *masker* knows, and learns later, is masked where the output is read."""
        if masker in self._heard:
            return
        self._heard.add(masker)
        for text in masker.given:
            self._tell_secret(text)
        masker.listen(self._tell_secret)

    def take(self) -> bool:
        """Whether the output is the caller's from now on; until :meth:`end`, nobody else gets it."""
        return os.getpid() == self._pid and self._turn.acquire(blocking=False)

    def begin(self, uid: str, project: str, banner: str) -> None:
        """From now on what this process writes is in the log of the run."""
        self._ask("begin", uid, project, banner)

    def write(self, data: bytes) -> None:
        """Put a text into the log of the run that has begun, which is not printed."""
        flush()
        self._send("text", data.decode("utf-8", "replace"))

    def end(self) -> None:
        """Wait until all that was written so far is in the log; what comes now is in none."""
        try:
            self._ask("end")
        finally:
            self._turn.release()

    def _ask(self, *message: str) -> None:
        """Come back when everything that was written before is read."""
        flush()
        self._send(*message)
        with contextlib.suppress(OSError):  # the reader is gone, and soon this process is too
            self._control.recv(1)

    def _tell_secret(self, text: str) -> None:
        self._send("secret", text)

    def _send(self, *message: str) -> None:
        with self._sending, contextlib.suppress(OSError):
            self._control.sendall(json.dumps(message).encode() + b"\n")


def receive() -> None:
    """Take the link that this process was started with."""
    control = socket.socket(fileno=int(os.environ.pop(LINK)))
    control.set_inheritable(False)  # what this process starts is read with it
    set_link(OutputLink(control))


def link() -> OutputLink | None:
    """Of this process; None where nobody reads its output."""
    return _links[-1] if _links else None


def hide(masker: Masker) -> None:
    """What *masker* knows and learns is no secret that the output of this process shows, where it is read."""
    if (reader := link()) is not None:
        reader.listen(masker)


def set_link(link: OutputLink | None) -> None:
    """Say that the output of this process is read, or that it is not."""
    _links[:] = [link] if link is not None else []


def flush() -> None:
    """Write what Python and C hold back of this process's output."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(Exception):  # user code may have closed or replaced it
            stream.flush()  # type: ignore[union-attr]
    c = _c()
    c.library.fflush(c.stdout)


def _buffer_by_lines() -> None:
    """As on a terminal: lines are whole, and in the order in which Python, C and children write them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, write_through=False)
    c = _c()
    c.library.setvbuf(c.stdout, None, _LINE_BUFFERED, 0)


class _C(NamedTuple):
    """The standard library of C, which has a buffer of its own."""

    library: CDLL
    stdout: c_void_p


@functools.cache
def _c() -> _C:
    import ctypes

    library = ctypes.CDLL(None)
    library.setvbuf.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_size_t]
    return _C(library, ctypes.c_void_p.in_dll(library, _C_STDOUT))


def _after_fork() -> None:
    for link in _links:
        link.after_fork()


_links: list[OutputLink] = []  # one at most
os.register_at_fork(after_in_child=_after_fork)
