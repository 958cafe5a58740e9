"""Worker processes of this machine that call one function with one job after the other."""

from __future__ import annotations

import contextlib
import functools
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from mlrun.errors import MLRunInvalidArgumentError, MLRunRuntimeError
from mlrun.execution import worker as worker_module
from mlrun.execution.travel import dumps
from mlrun.execution.worker_output import WorkerOutput

if TYPE_CHECKING:
    from typing_extensions import Self

LOOK_EVERY_S = 1.0  # at workers that died while a process of theirs keeps the connection open
GRACE_S = 3.0  # to end of themselves, and again after SIGTERM
# Or the folder of the worker's file would come first on its path, as it does before 3.11.
_SAFE_PATH = ("-P",) if sys.version_info >= (3, 11) else ()

Job = TypeVar("Job")
Result = TypeVar("Result")
NewOutput = Callable[[], WorkerOutput]


class Outcome(NamedTuple):
    """What became of a job: a value, or an error and, where Python code raised it there, its traceback."""

    value: Any = None
    error: BaseException | None = None
    traceback: str = ""

    def get(self) -> Any:
        """
        The value.

        Raises:
            BaseException: What the function raised; MLRunRuntimeError where the worker died, or
                where its exception or its value could not be pickled.
        """
        if self.error is not None:
            raise self.error
        return self.value


class Pool(Generic[Job, Result]):
    """
    Calls *function* in other processes, one job at a time in each.

    Workers are fresh interpreters (a fork would copy the locks of OpenMP, and hang) with the working
    folder, environment and import path of this one. They do not import the caller's script: what is
    defined there or in a notebook travels by value. A worker starts when a job needs it, is replaced
    when it dies, and dies with this process. One iteration at a
    time; not to be shared between threads.

    Args:
        function: Called with a job. It, jobs and values are pickled (with cloudpickle).
        workers: Processes at once.
        output: Gives what reads the output of a worker, for each of them; by default workers print where this
            process does.

    Raises:
        MLRunInvalidArgumentTypeError: *function* can not be pickled.

    Example::

        with Pool(train, workers=2) as pool:
            for index, outcome in pool.map_unordered([{"depth": 3}, {"depth": 5}]):
                print(index, outcome.get())
    """

    def __init__(
        self, function: Callable[[Job], Result], workers: int, output: NewOutput | None = None
    ) -> None:
        if workers < 1:
            raise MLRunInvalidArgumentError(f"a pool needs at least 1 worker, and was given {workers}")
        named: Any = function
        while isinstance(named, functools.partial):
            named = named.func
        name = getattr(named, "__name__", type(named).__name__)
        self._setup = pickle.dumps((os.getcwd(), sys.path, sys.argv, dumps(function, f"function {name!r}")))
        self._name = name
        self._workers = workers
        self._output = output
        self._idle: list[_Worker] = []
        self._busy: dict[Connection, tuple[_Worker, int]] = {}  # and the index of its job

    def map_unordered(self, jobs: Iterable[Job]) -> Iterator[tuple[int, Outcome]]:
        """
        The outcome of each job with its index, as they come.

        A job is taken from *jobs* when a worker is free for it, so *jobs* may be endless and may depend
        on earlier outcomes. Leaving the iteration early kills the workers that are in the middle of a job.

        Raises:
            MLRunInvalidArgumentTypeError: A job can not be pickled.
        """
        waiting = enumerate(jobs)
        try:
            while True:
                self._fill(waiting)
                if not self._busy:
                    return
                yield from self._collect()
        finally:
            self._kill_busy()

    def close(self) -> None:
        """End every worker and wait until it is gone; at most some seconds."""
        self._kill_busy()
        for worker in self._idle:
            worker.connection.close()  # it ends when it can read no more jobs
        deadline = time.monotonic() + GRACE_S
        for worker in self._idle:
            worker.end(deadline)
        self._idle.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fill(self, waiting: Iterator[tuple[int, Job]]) -> None:
        """Give each free worker a job, as long as there are some."""
        while len(self._busy) < self._workers and (taken := next(waiting, None)):
            index, job = taken
            body = dumps(job, f"job {index}")
            worker = self._free_worker()
            self._busy[worker.connection] = worker, index
            worker.send(body)

    def _free_worker(self) -> _Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.process.poll() is None:
                return worker
            worker.kill()
        worker = _Worker(self._output() if self._output else None, self._workers)
        worker.send(self._setup)
        return worker

    def _collect(self) -> Iterator[tuple[int, Outcome]]:
        """Wait for at least one busy worker, and give what has come."""
        ready: set[Any] = set()
        while not ready:
            ready = set(wait(list(self._busy), LOOK_EVERY_S))
            ready |= {pipe for pipe, (worker, _) in self._busy.items() if worker.process.poll() is not None}
        for pipe in ready:
            worker, index = self._busy[pipe]
            outcome = self._receive(worker)
            del self._busy[pipe]
            if not pipe.closed:
                self._idle.append(worker)
            yield index, outcome

    def _receive(self, worker: _Worker) -> Outcome:
        if worker.process.poll() is not None:
            worker.signal(signal.SIGKILL)  # what it started may keep the pipe open, and we would wait for it
        try:
            body = worker.connection.recv_bytes()
        except (EOFError, OSError):
            return Outcome(error=MLRunRuntimeError(f"the worker {worker.kill()}"))
        return self._read(*pickle.loads(body))

    def _read(self, kind: str, body: bytes, described: str, traceback: str) -> Outcome:
        if kind == worker_module.NOT_SENT:
            error = MLRunRuntimeError(f"what {self._name} returned can not be sent back: {described}")
            return Outcome(error=error, traceback=traceback)
        try:
            value = pickle.loads(body) if body else None
        except Exception as error:  # it is code of the value's own class
            what = "returned" if kind == worker_module.DONE else f"raised ({described})"
            return Outcome(error=MLRunRuntimeError(f"what {self._name} {what} can not be read here: {error}"))
        if kind == worker_module.DONE:
            return Outcome(value)
        return Outcome(error=value or MLRunRuntimeError(described), traceback=traceback)

    def _kill_busy(self) -> None:
        busy = [worker for worker, _ in self._busy.values()]
        self._busy.clear()
        for worker in busy:
            worker.signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_S
        for worker in busy:
            worker.end(deadline)


class _Worker:
    """One process, leader of a group of its own, so that what it starts ends with it."""

    def __init__(self, output: WorkerOutput | None, workers: int) -> None:
        self._output = output
        self.connection, theirs = Pipe()
        life, self._life = os.pipe()
        threads = max(1, (os.cpu_count() or 1) // workers)  # else each worker starts a thread for every core
        try:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    *(f"-W{option}" for option in sys.warnoptions),
                    *_SAFE_PATH,
                    str(Path(worker_module.__file__)),
                    str(theirs.fileno()),
                    str(life),
                ],
                env={"OMP_NUM_THREADS": str(threads), **os.environ, **(output.variables if output else {})},
                stdin=subprocess.DEVNULL,
                stdout=output.stdout if output else None,
                stderr=subprocess.STDOUT if output else None,
                pass_fds=(theirs.fileno(), life, *(output.pass_fds if output else ())),
                start_new_session=True,
            )
            if output:
                output.follow(self.process)
        except BaseException:
            self._hang_up()
            raise
        finally:
            theirs.close()
            os.close(life)

    def send(self, body: bytes) -> None:
        with contextlib.suppress(OSError):  # it is dead, which shows when its answer is read
            self.connection.send_bytes(body)

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # all of them are gone
            os.killpg(self.process.pid, number)

    def end(self, deadline: float) -> None:
        """Wait for it until *deadline* (of time.monotonic), then terminate, then kill."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        if self.process.returncode is None:
            self.signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE_S)
        self.kill()

    def kill(self) -> str:
        """Make sure that it is gone, and say how it ended."""
        self.signal(signal.SIGKILL)
        code = self.process.wait()
        self._hang_up()
        return _ending(code)

    def _hang_up(self) -> None:
        self.connection.close()
        if self._life < 0:
            return
        os.close(self._life)
        self._life = -1
        if self._output:
            self._output.wait()


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code} in the middle of a job"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else "unknown"
    hint = "; the system does this when memory runs out" if -code == signal.SIGKILL else ""
    return f"died by signal {-code} ({name}){hint}"
