"""All that is written in a pod reaches its output and its run's log, without secrets, however it ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from typing import Any, NamedTuple

import pytest

from mlrun.cluster.process.supervisor import MARK

PROGRAM = """
import ctypes, faulthandler, logging, multiprocessing, os, signal, subprocess, sys, threading, time

early = logging.StreamHandler(sys.stderr)

from mlrun.db import get_run_db
from mlrun.execution.capture import LogWriter, capture
from mlrun.runtimes.pod_output import read_output
from mlrun.secrets import Masker

masker = Masker()
masker.add("s3cr3t-token")
db = get_run_db()
read_output(masker, db, lambda: None)
print("before")
with capture(LogWriter(db, "u1", "default", masker=masker)) as log:
    {work}
print("after")
"""


class Ended(NamedTuple):
    code: int
    output: bytes
    log: bytes


@pytest.fixture
def db(db: Any) -> Any:
    db.store_run({"metadata": {"name": "t", "uid": "u1"}, "status": {"state": "running"}}, "u1")
    return db


def start(work: str, output: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.replace("{work}", work.replace("\n", "\n    "))],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
    )


def end(process: subprocess.Popen[bytes], db: Any) -> Ended:
    output, _ = process.communicate(timeout=300)
    return Ended(process.returncode, output, db.get_log("u1")[1])


def run(work: str, db: Any) -> Ended:
    return end(start(work), db)


def test_python_children_and_c_are_in_the_log_in_their_order(db: Any) -> None:
    work = """
print("one")
os.system("echo two")
print("three", file=sys.stderr)
subprocess.run("echo four >&2; echo five", shell=True)
ctypes.CDLL(None).printf(b"six\\n")
os.write(2, b"seven\\n")
early.emit(logging.makeLogRecord({"msg": "eight"}))
"""

    ended = run(work, db)

    assert ended.log == b"one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n"
    assert ended.output.endswith(ended.log + b"after\n")


def test_a_process_that_is_forked_prints_into_the_log(db: Any) -> None:
    work = """
print("parent")
child = multiprocessing.get_context("fork").Process(target=print, args=("child",))
child.start()
child.join()
"""

    assert run(work, db).log == b"parent\nchild\n"


@pytest.mark.parametrize(
    "work",
    [
        "print('s3cr3t-token')",
        "print('s3cr3t-token', end='')",
        "os.system('printf s3cr3t-; sleep 0.1; printf token >&2')",
        "masker.add('learned'); os.system('printf learned')",
        "it = threading.Thread(target=lambda: os.write(1, b's3cr3t-token')); it.start(); it.join()",
        "log.write(b's3cr3t-token')",
    ],
)
def test_no_secret_stands_in_the_log_or_the_output(db: Any, work: str) -> None:
    ended = run(work, db)

    assert ended.log.strip() == b"***"
    assert b"token" not in ended.output
    assert b"learned" not in ended.output


def test_a_forked_child_tells_of_what_it_learns(db: Any) -> None:
    work = """
def learn():
    masker.add("learned")
    print("learned")
child = multiprocessing.get_context("fork").Process(target=learn)
child.start()
child.join()
"""

    assert run(work, db).log == b"***\n"


def test_bytes_are_kept_as_they_are(db: Any) -> None:
    assert run(r"sys.stdout.buffer.write(b'\xff\x00\r50%\r100%')", db).log == b"\xff\x00\r50%\r100%"


@pytest.mark.parametrize(
    ("work", "code", "last"),
    [
        ("print('last'); os._exit(3)", 3, b"last\n"),
        ("print('last'); os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, b"last\n"),
        ("faulthandler.enable(); print('last'); ctypes.string_at(0)", -signal.SIGSEGV, b"Segmentation fault"),
        ("print('last'); sys.exit(4)", 4, b"last\n"),
        ("log.write(b'told, and not printed'); os._exit(3)", 3, b"told, and not printed"),
    ],
)
def test_it_ends_as_it_did_and_its_last_words_are_kept(db: Any, work: str, code: int, last: bytes) -> None:
    ended = run(work, db)

    assert ended.code == code
    assert last in ended.log


def test_what_it_leaves_behind_is_not_waited_for(db: Any) -> None:
    work = "print(subprocess.Popen(['sleep', '600']).pid)"
    process = start(work, output=subprocess.DEVNULL)

    ended = end(process, db)

    os.kill(int(ended.log), signal.SIGKILL)  # it was there
    assert ended.code == 0


def test_a_child_that_never_stops_writing_does_not_keep_it(db: Any) -> None:
    process = start("print(subprocess.Popen(['yes']).pid, flush=True)", output=subprocess.DEVNULL)

    ended = end(process, db)

    pid = int(next(line for line in ended.log.split(b"\n") if line.isdigit()))
    assert ended.code == 0
    until_gone(pid)  # nobody reads what it writes


def until_gone(pid: int) -> None:
    """Wait for the end of a process that is nobody's child here."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    poll = select.poll()
    poll.register(process, select.POLLIN)
    assert poll.poll(60_000), f"{pid} goes on"
    os.close(process)


def test_whoever_waits_for_a_pod_of_processes_ends_after_it(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MARK, "pods/train-1")

    ended = run("from mlrun.db import liveness; print(liveness.process_stamp()['supervisor']['pid'])", db)

    assert ended.log == b"%d\n" % os.getpid()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_who_ends_it_ends_what_works_and_hears_its_last_words(db: Any, number: signal.Signals) -> None:
    work = """
def polite(number, _):
    print("goodbye")
    sys.exit(7)
signal.signal(signal.SIGTERM, polite)
signal.signal(signal.SIGHUP, polite)
print("ready")
while True: print("more")
"""
    process = start(work)
    assert process.stdout
    assert b"ready\n" in iter(process.stdout.readline, b"")

    process.send_signal(number)

    ended = end(process, db)
    assert ended.code == 7
    assert ended.output.endswith(b"goodbye\n")
    assert ended.log.endswith(b"goodbye\n")


def test_a_handler_may_take_its_streams_elsewhere(db: Any) -> None:
    work = """
print("kept")
os.dup2(os.open("mine.txt", os.O_WRONLY | os.O_CREAT), 1)
print("mine")
sys.stdout = open("own.txt", "w")
print("own")
"""

    ended = run(work, db)

    assert (ended.code, ended.log) == (0, b"kept\n")


@pytest.mark.parametrize("work", ["os.close(1); os.close(2)", "os.closerange(1, 4096)", "sys.stdout.close()"])
def test_it_ends_where_the_streams_are_closed(db: Any, work: str) -> None:
    ended = run(f"print('last'); {work}; os.environ['X'] = 'x'; os._exit(5)", db)

    assert (ended.code, ended.log) == (5, b"last\n")


def test_the_log_is_whole_where_nobody_reads_the_output(db: Any) -> None:
    process = start("for number in range(10000): print(number)")
    assert process.stdout
    process.stdout.close()

    code = process.wait(300)

    assert code == 0
    assert db.get_log("u1")[1] == b"".join(b"%d\n" % number for number in range(10000))


def test_a_flood_is_whole(db: Any) -> None:
    ended = run("subprocess.run('yes | head -c 5000000', shell=True)", db)

    assert len(ended.log) == 5_000_000


def test_a_run_inside_has_its_own_log_too(db: Any) -> None:
    db.store_run({"metadata": {"name": "t", "uid": "u2"}, "status": {"state": "running"}}, "u2")
    work = """
print("outer")
with capture(LogWriter(db, "u2", "default")):
    print("inner")
print("outer again")
"""

    ended = run(work, db)

    assert ended.log == b"outer\ninner\nouter again\n"
    assert db.get_log("u2")[1] == b"inner\n"


def test_it_finishes_after_the_child_has_ended(db: Any) -> None:
    ended = end(
        subprocess.Popen(
            [
                *(sys.executable, "-c"),
                PROGRAM.replace("{work}", "pass").replace("lambda: None", "lambda: os.write(1, b'finished')"),
            ],
            stdout=subprocess.PIPE,
        ),
        db,
    )

    assert ended.output == b"before\nafter\nfinished"
