"""A pool gives every job its outcome, whatever becomes of its workers, and leaves nothing behind."""

from __future__ import annotations

import functools
import gc
import itertools
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, MLRunRuntimeError
from mlrun.execution.pool import Outcome, Pool
from mlrun.execution.worker_output import WorkerOutput
from mlrun.secrets import Masker


class TwoWordsError(Exception):
    """Can be pickled, and then not be loaded."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} {two}")


class UnpicklableError(Exception):
    def __reduce__(self) -> Any:
        raise TypeError("no")


def act(job: Any) -> Any:
    """What jobs of these tests do, by their first word."""
    word, *rest = job
    if word == "return":
        return rest[0]
    if word == "raise":
        raise rest[0]
    if word == "raise two words":
        raise TwoWordsError("one", "two")
    if word == "raise unpicklable":
        raise UnpicklableError("told")
    if word == "return unpicklable":
        return threading.Lock()
    if word == "exit":
        os._exit(*rest)
    if word == "kill":
        os.kill(os.getpid(), *rest)
    if word == "pid":
        return os.getpid()
    if word == "wait for the end":
        threading.Event().wait()
    raise AssertionError(job)


@pytest.fixture
def pool() -> Iterator[Pool[Any, Any]]:
    with Pool(act, workers=2) as made:
        yield made


def outcomes(pool: Pool[Any, Any], *jobs: Any) -> list[Outcome]:
    """In the order of *jobs*."""
    found = dict(pool.map_unordered(jobs))
    return [found[index] for index in range(len(jobs))]


def is_gone(pid: int) -> bool:
    """Not even a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_every_job_has_its_outcome(pool: Pool[Any, Any]) -> None:
    found = outcomes(pool, *(("return", i * i) for i in range(200)))

    assert [outcome.get() for outcome in found] == [i * i for i in range(200)]


def test_two_workers_share_the_jobs_and_live_on(pool: Pool[Any, Any]) -> None:
    pids = {outcome.get() for outcome in outcomes(pool, *[("pid",)] * 50)}
    again = {outcome.get() for outcome in outcomes(pool, *[("pid",)] * 50)}

    assert len(pids | again) <= 2
    assert os.getpid() not in pids


def test_an_exception_is_the_outcome_of_its_own_job(pool: Pool[Any, Any]) -> None:
    good, bad, also_good = outcomes(pool, ("return", 1), ("raise", KeyError("p1")), ("return", 2))

    assert (good.get(), also_good.get()) == (1, 2)
    assert "KeyError: 'p1'" in bad.traceback
    with pytest.raises(KeyError, match="p1"):
        bad.get()


@pytest.mark.parametrize(
    ("job", "message"),
    [
        (("kill", signal.SIGKILL), "the worker died by signal 9 (SIGKILL); the system does this when memory"),
        (("kill", signal.SIGSEGV), "the worker died by signal 11 (SIGSEGV)"),
        (("exit", 3), "the worker ended with exit code 3 in the middle of a job"),
        (("raise two words",), "TwoWordsError: one two"),
        (("raise unpicklable",), "UnpicklableError: told"),
        (("return unpicklable",), "what act returned can not be sent back: lock: cannot pickle"),
    ],
)
def test_a_broken_job_says_so_and_the_others_go_on(
    pool: Pool[Any, Any], job: tuple[Any, ...], message: str
) -> None:
    before, broken, after, later = outcomes(pool, ("return", 1), job, ("return", 2), ("return", 3))

    assert [before.get(), after.get(), later.get()] == [1, 2, 3]
    assert isinstance(broken.error, MLRunRuntimeError)
    assert message in str(broken.error)


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_leaving_the_interpreter_ends_the_job_only(pool: Pool[Any, Any], error: BaseException) -> None:
    left, pid, after = outcomes(pool, ("raise", error), ("pid",), ("pid",))

    assert type(left.error) is type(error)
    assert isinstance(pid.get(), int) and isinstance(after.get(), int)


def test_an_interrupt_is_for_the_parent(pool: Pool[Any, Any]) -> None:
    interrupted, after = outcomes(pool, ("kill", signal.SIGINT), ("return", 1))

    assert isinstance(interrupted.error, AssertionError)  # act went on behind its kill
    assert after.get() == 1


def test_a_worker_that_died_between_two_jobs_is_replaced(pool: Pool[Any, Any]) -> None:
    (first,) = outcomes(pool, ("pid",))
    os.kill(first.get(), signal.SIGKILL)
    os.waitid(os.P_PID, first.get(), os.WEXITED | os.WNOWAIT)

    (second,) = outcomes(pool, ("pid",))

    assert second.get() != first.get()


def test_a_worker_is_found_dead_though_its_child_keeps_the_pipe_open() -> None:
    def fork_and_die(job: Any) -> None:
        if os.fork():
            os._exit(7)
        threading.Event().wait()

    with Pool(fork_and_die, workers=1) as pool:
        (outcome,) = outcomes(pool, 1)

    assert "exit code 7" in str(outcome.error)


def test_big_things_pass_both_ways(pool: Pool[Any, Any]) -> None:
    big = os.urandom(5_000_000)

    found = outcomes(pool, *[("return", big)] * 3)

    assert all(outcome.value == big for outcome in found)


def test_jobs_are_taken_when_a_worker_is_free_for_them(pool: Pool[Any, Any]) -> None:
    taken = []

    def jobs() -> Iterator[Any]:
        for i in itertools.count():
            taken.append(i)
            yield "return", i

    for done, _ in enumerate(pool.map_unordered(jobs()), start=1):
        if done == 10:
            break
        assert len(taken) <= done + 2


def test_leaving_early_ends_what_is_in_the_middle_and_the_pool_goes_on(pool: Pool[Any, Any]) -> None:
    for _, outcome in pool.map_unordered([("wait for the end",), ("pid",), ("wait for the end",)]):
        stayed = outcome.get()
        break

    (after,) = outcomes(pool, ("pid",))

    assert after.get() == stayed


def test_a_source_of_jobs_that_fails_ends_the_iteration(pool: Pool[Any, Any]) -> None:
    def jobs() -> Iterator[Any]:
        yield ("wait for the end",)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(pool.map_unordered(jobs()))

    assert outcomes(pool, ("return", 1))[0].get() == 1


def descriptors() -> set[str]:
    """Of this process, without those that only wait for the garbage collector."""
    gc.collect()
    return set(os.listdir("/dev/fd"))


def test_a_closed_pool_leaves_no_process_and_no_descriptor() -> None:
    before = descriptors()

    with Pool(act, workers=2) as pool:
        pids = {outcome.value for outcome in outcomes(pool, *[("pid",)] * 20, ("exit", 1))} - {None}
        iterator = pool.map_unordered([("wait for the end",), ("return", 1)])
        next(iterator)

    assert all(map(is_gone, pids))
    assert descriptors() <= before


def test_nothing_is_started_before_there_is_a_job() -> None:
    before = descriptors()

    with Pool(act, workers=2) as pool:
        assert list(pool.map_unordered([])) == []
        assert descriptors() <= before


def test_closures_and_lambdas_travel() -> None:
    offset = 10

    with Pool(lambda job: job + offset, workers=1) as pool:
        (outcome,) = outcomes(pool, 1)

    assert outcome.get() == 11


def test_what_a_script_defines_travels_without_running_the_script_again(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("""
import functools, pickle
from dataclasses import dataclass
from mlrun.execution.pool import Pool

@dataclass
class Given:
    handler: object

class Model:
    def __init__(self, depth):
        self.depth = depth

class TooDeepError(Exception):
    pass

def train(depth):
    if depth > 4:
        raise TooDeepError(depth)
    return pickle.dumps(Model(depth))  # by the name __main__.Model

print("script runs")
def run(given, depth):
    return given.handler(depth)

with Pool(functools.partial(run, Given(train)), workers=1) as pool:
    for _, outcome in pool.map_unordered([3, 5]):
        try:
            print(pickle.loads(outcome.get()).depth)
        except TooDeepError as error:
            print("too deep", error)
""")

    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)

    assert done.stdout.split("\n")[:-1] == ["script runs", "3", "too deep 5"]


def test_a_job_starts_in_the_folder_of_the_pool_whatever_the_last_one_did(tmp_path: Path) -> None:
    def leave(job: Any) -> str:
        here = os.getcwd()
        os.chdir("/")
        return here

    with Pool(leave, workers=1) as pool:
        found = outcomes(pool, 1, 2)

    assert {outcome.get() for outcome in found} == {str(tmp_path)}


def test_what_workers_write_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    output = functools.partial(WorkerOutput, lambda *_: pytest.fail("no run has begun"), Masker())

    with Pool(os.system, workers=1, output=output) as pool:
        outcomes(pool, "echo hello", "echo again >&2")

    assert capsys.readouterr().out == "hello\nagain\n"


def test_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")

    with Pool(lambda name: os.environ.get(name), workers=os.cpu_count() or 1) as pool:
        (outcome,) = outcomes(pool, "OMP_NUM_THREADS")

    assert outcome.get() == "1"


def test_the_users_own_number_of_threads_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")

    with Pool(lambda name: os.environ.get(name), workers=2) as pool:
        (outcome,) = outcomes(pool, "OMP_NUM_THREADS")

    assert outcome.get() == "5"


def test_workers_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text("""
import os, threading
from mlrun.execution.pool import Pool

def work(job):
    os.write(1, b"working\\n")
    threading.Event().wait()

def jobs():
    yield 1
    yield 2

with Pool(work, workers=2) as pool:
    list(pool.map_unordered(jobs()))
""")
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent:
        lines = [parent.stdout.readline() for _ in range(2)]

        parent.kill()
        rest = parent.stdout.read()  # ends when the last process that can write has ended

    assert (lines, rest) == (["working\n"] * 2, "")


def test_a_function_that_can_not_travel_is_refused_at_once() -> None:
    lock = threading.Lock()

    with pytest.raises(MLRunInvalidArgumentTypeError, match=r"function 'act' can not be sent .* 'lock'"):
        Pool(functools.wraps(act)(lambda job: lock), workers=1)


def test_a_job_that_can_not_travel_is_named(pool: Pool[Any, Any]) -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match="job 1 can not be sent to another process"):
        list(pool.map_unordered([("return", 1), ("return", threading.Lock())]))


def test_a_pool_without_workers_is_refused() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="at least 1 worker, and was given 0"):
        Pool(act, workers=0)


def test_the_error_of_an_outcome_is_kept_as_it_was_raised(pool: Pool[Any, Any]) -> None:
    (outcome,) = outcomes(pool, ("raise", ValueError("p1", 3)))

    assert outcome.error is not None and outcome.error.args == ("p1", 3)
    assert pickle.loads(pickle.dumps(outcome.error)).args == ("p1", 3)
