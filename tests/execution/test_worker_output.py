"""What the workers of a pool write is in the logs of their runs, and where this process prints."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Any

import pytest

import mlrun
from mlrun.errors import RunError
from mlrun.execution.worker_output import WorkerOutput
from mlrun.secrets import Masker


def speak(context: Any, p1: int) -> None:
    print("python", p1)
    os.system(f"echo child {p1}")
    os.write(2, b"descriptor %d\n" % p1)


def die(p1: int) -> None:
    print("last words", p1)
    os.kill(os.getpid(), signal.SIGKILL)


def sweep(handler: Any, **more: Any) -> Any:
    task = mlrun.new_task(name="t", handler=handler).with_hyper_params({"p1": [1, 2]}, parallel_runs=2)
    for name, value in more.items():
        task.with_secrets(name, value)
    return mlrun.new_function("t").run(task)


def test_all_that_children_of_a_sweep_write_is_in_its_log(
    capsys: pytest.CaptureFixture[str], db: Any
) -> None:
    mlrun.mlconf.logs.flush_interval = 3600  # so that what the two write is not stored in turns

    run = sweep(speak)

    log = db.get_log(run.uid())[1].decode()
    for number in (1, 2):
        assert (
            f"> iteration {number}: p1={number}\npython {number}\nchild {number}\ndescriptor {number}\n"
            in log
        )
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(
        line for line in log.splitlines() if not line.startswith(">")
    )


def test_a_child_that_dies_leaves_its_last_words(db: Any) -> None:
    with pytest.raises(RunError):
        sweep(die)

    (run,) = db.list_runs()
    log = db.get_log(run["metadata"]["uid"])[1]
    assert b"last words 1\n" in log
    assert b"last words 2\n" in log


def test_a_secret_that_a_child_process_prints_is_masked(db: Any) -> None:
    def tell(context: Any, p1: int) -> None:
        subprocess.run(["echo", context.get_secret("TOKEN")])

    run = sweep(tell, inline={"TOKEN": "s3cr3t-token"})

    assert db.get_log(run.uid())[1].count(b"***\n") == 2
    assert b"s3cr3t" not in db.get_log(run.uid())[1]


def test_a_worker_that_never_starts_leaves_nothing_open() -> None:
    before = set(os.listdir("/proc/self/fd"))
    output = WorkerOutput(lambda *_: pytest.fail("no run has begun"), Masker())

    output.wait()

    assert set(os.listdir("/proc/self/fd")) <= before
