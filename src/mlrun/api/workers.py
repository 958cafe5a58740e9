"""Several processes that serve one port: started, started again when they die, and ended together."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from mlrun.api.server import LAST_S, Served, handling_signals
from mlrun.log import logger

FIRST_PAUSE_S = 0.1  # before a worker that died is started again; doubled each time
LONGEST_PAUSE_S = 10.0
WELL_S = 30.0  # who has lived so long did not die of how it was started
KILLED_AFTER_S = LAST_S + 5


def serve_with_workers(served: Served, is_ready: Callable[[], None]) -> None:
    """
    Serve by several processes until SIGTERM or SIGINT; none of them is left then.

    They are fresh processes (a forked one has half of its parent's threads and locks), and each holds the
    end of a line to this one: that is how they learn what to serve, and that this process is gone.

    Args:
        is_ready: Called when the first of them takes requests.
    """
    workers = Workers(served, is_ready)
    with handling_signals(lambda *_: workers.stop()):
        workers.run()


class Workers:
    """
    The processes, each watched by a thread.

    What they serve is told on the line, with its passwords; others on this machine can see command lines.
    """

    def __init__(self, served: Served, is_ready: Callable[[], None]) -> None:
        self._is_ready: Callable[[], None] | None = is_ready
        self._listener = served.listener
        self._told = {
            "listener": served.listener.fileno(),
            "database": served.db.address,
            "access": served.access._asdict(),
            "places": served.places,
        }
        self._told_to_stop, self._tells_to_stop = os.pipe()
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._watchers = [
            threading.Thread(target=self._watch, args=(number,)) for number in range(1, served.processes + 1)
        ]

    def run(self) -> None:
        """Returns when all have ended, after :meth:`stop`."""
        for watcher in self._watchers:
            watcher.start()
        try:
            os.read(self._told_to_stop, 1)
        finally:
            self._stopping.set()
            self._end()
            os.close(self._told_to_stop)
            os.close(self._tells_to_stop)

    def stop(self) -> None:
        """For the handler of a signal, which may not take a lock, as it has interrupted who holds it."""
        os.write(self._tells_to_stop, b"\n")

    def _watch(self, number: int) -> None:
        pause = FIRST_PAUSE_S
        while True:
            begun = time.monotonic()
            started = self._start(number)
            if started is None:
                return
            process, line = started
            with line:
                if _says_something(line):
                    self._tell_that_it_is_ready()
                code = process.wait()
            if self._stopping.is_set():
                return
            pause = FIRST_PAUSE_S if time.monotonic() - begun > WELL_S else pause
            logger.error(f"worker {number} (pid {process.pid}) ended with {code}; another one follows")
            if self._stopping.wait(pause):
                return
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _start(self, number: int) -> tuple[subprocess.Popen[bytes], socket.socket] | None:
        with self._starting:  # nobody is started after those that run were asked to end
            if self._stopping.is_set():
                return None
            line, end = socket.socketpair()
            with end:
                process = subprocess.Popen(
                    [sys.executable, *_warning_options(), "-m", "mlrun.api.worker"],
                    stdin=end.fileno(),
                    pass_fds=[self._listener.fileno()],
                )
            self._processes[number] = process
        with contextlib.suppress(OSError):  # it has died already, as its watcher will see
            line.sendall(json.dumps({**self._told, "number": number}).encode() + b"\n")
        return process, line

    def _tell_that_it_is_ready(self) -> None:
        with self._starting:
            tell, self._is_ready = self._is_ready, None
        if tell:
            tell()

    def _end(self) -> None:
        self._listener.close()  # the last of the workers' ends the port
        with self._starting:
            processes = list(self._processes.values())
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + KILLED_AFTER_S
        for process in processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                logger.error(f"the worker with pid {process.pid} did not end within {KILLED_AFTER_S} s")
                process.kill()
                process.wait()
        for watcher in self._watchers:
            watcher.join()


def _says_something(line: socket.socket) -> bool:
    """Whether a worker did before it ended; if it had not read what it was told, the line has broken."""
    try:
        return bool(line.recv(1))
    except ConnectionError:
        return False


def _warning_options() -> list[str]:
    return [f"-W{option}" for option in sys.warnoptions]
