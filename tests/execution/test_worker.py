"""One worker, spoken to as a pool does: it answers jobs until there are none, or its parent is gone."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import cloudpickle
import pytest

from mlrun.execution import worker


class Started(NamedTuple):
    process: subprocess.Popen[bytes]
    connection: Connection
    life: BinaryIO  # closed when the parent dies

    def send(self, function: Callable[[Any], Any], argv: tuple[str, ...] = ("train.py",)) -> None:
        setup = (os.getcwd(), sys.path, list(argv), cloudpickle.dumps(function))
        self.connection.send_bytes(pickle.dumps(setup))

    def ask(self, job: Any) -> tuple[str, Any, str, str]:
        self.connection.send_bytes(cloudpickle.dumps(job))
        kind, body, described, traceback = pickle.loads(self.connection.recv_bytes())
        return kind, pickle.loads(body) if body else None, described, traceback


@pytest.fixture
def started() -> Iterator[Started]:
    ours, theirs = Pipe()
    read, write = os.pipe()
    command = [sys.executable, worker.__file__, str(theirs.fileno()), str(read)]
    process = subprocess.Popen(
        command, pass_fds=(theirs.fileno(), read), stdout=subprocess.PIPE, start_new_session=True
    )
    theirs.close()
    os.close(read)
    with process, ours, os.fdopen(write, "wb") as life:
        yield Started(process, ours, life)
        process.kill()


def test_it_answers_one_job_after_the_other(started: Started) -> None:
    started.send(lambda job: job + 1)

    assert started.ask(1) == (worker.DONE, 2, "", "")
    assert started.ask(2) == (worker.DONE, 3, "", "")


def test_it_ends_well_when_there_are_no_more_jobs(started: Started) -> None:
    started.send(lambda job: job)
    started.ask(1)

    started.connection.close()

    assert started.process.wait() == 0


def test_it_dies_in_the_middle_of_a_job_when_its_parent_is_gone(started: Started) -> None:
    def work(job: Any) -> None:
        os.write(1, b"working\n")
        threading.Event().wait()

    started.send(work)
    started.connection.send_bytes(cloudpickle.dumps(1))
    assert started.process.stdout is not None
    started.process.stdout.readline()

    started.life.close()

    assert started.process.wait() == -signal.SIGKILL


def test_an_exception_comes_with_its_traceback(started: Started) -> None:
    def fail(job: Any) -> None:
        raise ValueError(f"bad {job}")

    started.send(fail)

    kind, error, described, traceback = started.ask("p1")

    assert (kind, described) == (worker.FAILED, "ValueError: bad p1")
    assert isinstance(error, ValueError)
    assert "in fail" in traceback


def test_a_function_that_can_not_be_loaded_fails_its_jobs(started: Started) -> None:
    body = b"cnowhere_to_be_found\ntrain\n."
    started.connection.send_bytes(pickle.dumps((os.getcwd(), sys.path, [], body)))

    kind, _, described, _ = started.ask(1)

    assert kind == worker.FAILED
    assert described == "ModuleNotFoundError: No module named 'nowhere_to_be_found'"


def test_it_has_the_folder_the_path_and_the_arguments_of_its_parent(started: Started, tmp_path: Path) -> None:
    started.send(lambda job: (os.getcwd(), sys.path, sys.argv))

    _, found, _, _ = started.ask(1)

    assert found == (str(tmp_path), sys.path, ["train.py"])


def test_what_a_job_prints_is_out_when_it_has_ended(started: Started) -> None:
    started.send(lambda job: print("hello", job))

    started.ask(1)

    assert started.process.stdout is not None
    assert started.process.stdout.readline() == b"hello 1\n"


def test_it_loads_little_before_it_is_told_where_to_look() -> None:
    code = "import sys, mlrun.execution.worker; print([m for m in sys.modules if m in sys.argv[1:]])"

    done = subprocess.run(
        [sys.executable, "-c", code, "cloudpickle", "msgspec", "mlrun.model", "mlrun.db", "numpy"],
        capture_output=True,
        check=True,
        text=True,
    )

    assert done.stdout.strip() == "[]"
