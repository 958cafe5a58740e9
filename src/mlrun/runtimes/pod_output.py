"""A pod is two processes: one that works, and its parent, which reads all that is written there."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from mlrun.cluster.process.supervisor import MARK
from mlrun.db import liveness
from mlrun.db.base import RunDB
from mlrun.execution.capture import LogWriter
from mlrun.execution.output_link import OutputLink, hide, set_link
from mlrun.execution.output_reader import OutputReader
from mlrun.secrets import Masker

_ENDS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def read_output(masker: Masker, db: RunDB, finish: Callable[[], None]) -> None:
    """
    Go on in a child of this process, which reads all of its output, and ends as it does.

    To be called before this process has threads. It writes the output where its own went, without the secrets
    that *masker* knows and those that the child learns, and into the logs of the runs that have it. What asks
    this process to end asks the child and all that it has started.

    Args:
        db: Where logs are.
        finish: Called by this process once the child has ended.
    """
    supervisor = os.getppid()
    output, theirs = os.pipe()
    control, link = socket.socketpair()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)  # until it is known to whom they are passed on
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        control.close()
        os.close(output)
        for descriptor in (1, 2):
            os.dup2(theirs, descriptor)
        os.close(theirs)
        set_link(OutputLink(link))
        hide(masker)
        if MARK in os.environ:
            # what it has written is read, and all of the pod is gone, before that one ends
            liveness.set_supervisor(supervisor)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    link.close()
    os.close(theirs)
    working = _Working(child)
    for number in _ENDS:
        signal.signal(number, working.pass_on)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    shown = _Shown(masker)
    OutputReader(output, control, _logs(db, masker), shown.write, masker, working.has_ended).run()
    shown.end()
    code = working.wait()
    finish()
    _end_as(code)


def _logs(db: RunDB, masker: Masker) -> Callable[[str, str, str], LogWriter]:
    return lambda uid, project, banner: LogWriter(db, uid, project, banner, masker)


class _Working:
    """The child, of which this process is the parent."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._code: int | None = None
        with contextlib.suppress(PermissionError, ProcessLookupError):  # it was first, or has ended
            os.setpgid(pid, pid)

    def pass_on(self, number: int, frame: FrameType | None) -> None:
        if self._code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._pid, number)

    def has_ended(self) -> bool:
        return self._code is not None or self._look(os.WNOHANG)

    def wait(self) -> int:
        """How it ended: an exit code, or a signal's number below zero."""
        if self._code is None:
            self._look(0)
        assert self._code is not None
        return self._code

    def _look(self, options: int) -> bool:
        pid, status = os.waitpid(self._pid, options)
        if pid:
            self._code = os.waitstatus_to_exitcode(status)
        return bool(pid)


class _Shown:
    """Standard output of this process, without secrets."""

    def __init__(self, masker: Masker) -> None:
        self._pieces = masker.stream()

    def write(self, data: bytes) -> None:
        _write(self._pieces.feed(data))

    def end(self) -> None:
        """Write what was held back because it might have been the beginning of a secret."""
        with contextlib.suppress(OSError):  # said before, when it was to be written
            _write(self._pieces.end())


def _write(data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(1, left) :]


def _end_as(code: int) -> NoReturn:
    """End at once, with nothing tidied up: all of that was the child's to do."""
    if code < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the child's is the one to look at
        if -code != signal.SIGKILL:  # which nobody can handle
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
        code = 128 - code  # the first process of a container does not end by a signal
    os._exit(code)
