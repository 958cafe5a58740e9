"""Child processes that end with all that they have started, and with the process that started them."""

from __future__ import annotations

import glob
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

from mlrun.errors import MLRunInvalidArgumentError

GRACE_S = 5.0  # between being asked to end and being killed
LOOK_EVERY_S = 0.5  # whether it is to end, or has ended and left its output open
_PIPE_READS = 32  # of 64 KiB: more than a pipe holds

# Outlives the process that started it: when that one goes away without a word (the end of the pipe is no
# line), it ends the group of the child, and with a second word what has left that group.
_GUARD = """
tree() { for child in $(cat /proc/"$1"/task/*/children); do echo "$child"; tree "$child"; done; }
read -r line && exit
left=${2:+$(tree "$1")}
kill -s TERM -- "-$1"
for second in 1 2 3 4 5; do kill -s 0 -- "-$1" || break; sleep 1; done
kill -s KILL -- "-$1" $left
"""


class Child:
    """
    One child process, in a process group of its own so that it ends with all that it started.

    It does not outlive this process, however that ends: a small shell process waits for that.

    Args:
        words: What to execute.
        env: All of its variables.
        workdir: Where it starts; empty is here.
        take: Gets its output, both streams in one, as it comes.
        pass_fds: Descriptors that it, and what it starts, keeps open.

    Raises:
        MLRunInvalidArgumentError: The system can not execute it.
    """

    _guarded_as: ClassVar[tuple[str, ...]] = ()  # words for the guard

    def __init__(
        self,
        words: Sequence[str],
        env: Mapping[str, str],
        workdir: str,
        take: Callable[[bytes], object],
        pass_fds: Sequence[int] = (),
    ) -> None:
        self._take = take
        try:
            self._process = subprocess.Popen(
                words,
                env=env,
                cwd=workdir or None,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=pass_fds,
            )
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise MLRunInvalidArgumentError(
                f"{words[0]!r} can not be executed: {reason}; a script begins with a line such as #!/bin/sh"
            ) from error

    def wait(self, is_over: Callable[[], bool]) -> int:
        """
        Follow it to its end and give its exit code; it is ended when this is interrupted.

        Args:
            is_over: Whether it is to end now; asked twice a second.
        """
        try:
            with self._guarded():
                self._follow(is_over)
                self._drain()
                return self._process.wait()
        except BaseException:
            self.end(signal.SIGINT)
            self._drain()
            raise
        finally:
            self._output.close()

    @property
    def _output(self) -> Any:
        return self._process.stdout

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """While the block runs, the child is ended with this process."""
        guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "mlrun-guard", str(self._process.pid), *self._guarded_as],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C and a closed terminal are not for it
        )
        try:
            yield
        finally:
            guard.communicate(b"over\n")

    def _follow(self, is_over: Callable[[], bool]) -> None:
        fd = self._output.fileno()
        look_at = time.monotonic() + LOOK_EVERY_S
        output = select.poll()  # select() ends at descriptor 1,024
        output.register(fd, select.POLLIN)
        while True:
            if output.poll(max(0.0, look_at - time.monotonic()) * 1000):
                if not (data := os.read(fd, 65_536)):
                    return
                self._take(data)
            if time.monotonic() >= look_at:
                look_at = time.monotonic() + LOOK_EVERY_S
                if self._process.poll() is not None:
                    return  # what it left behind may hold the pipe for ever
                if is_over():
                    self.end(signal.SIGTERM)
                    return

    def _drain(self) -> None:
        """Take what stands in the pipe, and not what a process that was left behind goes on to write."""
        fd = self._output.fileno()
        os.set_blocking(fd, False)
        with suppress(BlockingIOError):
            for _ in range(_PIPE_READS):
                if not (data := os.read(fd, 65_536)):
                    return
                self._take(data)

    def end(self, first: signal.Signals) -> None:
        """Ask it and its group to end; kill what is left of them."""
        try:
            self._signal(first)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(GRACE_S)
        finally:
            self.kill()

    def kill(self) -> None:
        """Kill what is left of it and its group."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, word: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):  # macOS refuses where all of the group has ended
            os.killpg(self._process.pid, word)


class Tree(Child):
    """
    A child that may start processes with sessions of their own, as one that builds in containers does.

    They end first, so that it sees them fail and tidies up.
    """

    _guarded_as = ("tree",)

    def end(self, first: signal.Signals) -> None:
        left = _descendants(self._process.pid)
        apart = [pid for pid in left if _session(pid) != _session(self._process.pid)]
        _kill(apart)
        if apart:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(GRACE_S)
        super().end(first)
        _kill(left)


def _descendants(pid: int) -> list[int]:
    """The children of *pid*, theirs, and so on; none where the system does not tell."""
    found: list[int] = []
    for listed in glob.glob(f"/proc/{pid}/task/*/children"):
        with suppress(OSError), open(listed) as file:
            for child in map(int, file.read().split()):
                found += [child, *_descendants(child)]
    return found


def _session(pid: int) -> int:
    """Zero where it has ended."""
    with suppress(ProcessLookupError):
        return os.getsid(pid)
    return 0


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
