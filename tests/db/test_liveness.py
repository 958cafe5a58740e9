"""A process is gone only where that is proven."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlrun.db import liveness
from mlrun.db.liveness import is_gone, process_stamp, start_time

on_linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc, which Linux has")


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits for its end."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_this_process_is_there() -> None:
    assert not is_gone(process_stamp())


def test_the_stamp_of_this_process_is_the_callers() -> None:
    process_stamp()["pid"] = 0

    assert process_stamp()["pid"] == os.getpid()


def test_another_process_is_there_until_it_ends(child: subprocess.Popen[bytes]) -> None:
    stamp = process_stamp(child.pid)

    before = is_gone(stamp)
    child.kill()
    child.wait()

    assert (before, is_gone(stamp)) == (False, True)


@on_linux
def test_a_zombie_has_ended(child: subprocess.Popen[bytes]) -> None:
    stamp = process_stamp(child.pid)

    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert is_gone(stamp)


def test_a_process_is_there_as_long_as_its_supervisor(child: subprocess.Popen[bytes]) -> None:
    stamp = {**process_stamp(), "pid": 4194305, "supervisor": {"pid": child.pid}}

    before = is_gone(stamp)
    child.kill()
    child.wait()

    assert (before, is_gone(stamp)) == (False, True)


def test_a_supervisor_that_ends_first_is_no_proof() -> None:
    assert not is_gone({**process_stamp(), "supervisor": {"pid": 4194305}})


def test_a_supervisor_is_that_of_one_process() -> None:
    code = """
import os
from mlrun.db import liveness

liveness.set_supervisor(os.getppid())
if os.fork():
    os.wait()
print(liveness.process_stamp().get("supervisor", {}).get("pid"), flush=True)
"""

    answers = subprocess.check_output([sys.executable, "-c", code], text=True)

    assert answers == f"None\n{os.getpid()}\n"


@on_linux
def test_a_forked_child_has_its_own_stamp() -> None:
    code = (
        "import os; from mlrun.db.liveness import process_stamp, is_gone; stamp = process_stamp();"
        "pid = os.fork();"
        "print(process_stamp()['pid'] == os.getpid(), is_gone(stamp), flush=True);"
        "pid and os.wait()"
    )

    answers = subprocess.check_output([sys.executable, "-c", code], text=True)

    assert answers == "True False\n" * 2


@on_linux
@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ({"start_time": 1}, True),  # the number was given to another process
        ({"pid": 4194305}, True),
        ({"boot_id": "another"}, True),
        ({"boot_id": "another", "host": "elsewhere"}, False),
        ({"boot_id": "another", "host": "localhost"}, False),
        (
            {"host": "elsewhere", "pid": 4194305},
            True,
        ),  # one kernel, one process table: another name for this host
        ({"pid_namespace": "pid:[1]", "pid": 4194305}, False),
        ({"start_time": None}, False),
        ({"pid": None}, False),
        ({"pid": 0}, False),
        ({"pid": -1}, False),
        ({"pid": "1"}, False),
        ({"pid": 10**20}, False),
        ({"pid": 1, "start_time": 0}, False),
    ],
    ids=str,
)
def test_only_what_is_proven_counts(changes: dict[str, Any], gone: bool) -> None:
    assert is_gone({**process_stamp(), **changes}) is gone


def test_an_empty_stamp_proves_nothing() -> None:
    assert not is_gone({})


class TestWithoutProc:
    """As on systems that have no /proc."""

    @pytest.fixture(autouse=True)
    def no_proc(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(liveness, "_PROC", tmp_path / "proc")
        monkeypatch.setattr(liveness, "_own", {})

    def test_the_stamp_is_host_and_number(self) -> None:
        assert set(process_stamp()) == {"host", "pid"}

    def test_nothing_is_known_about_start_times(self) -> None:
        assert start_time(os.getpid()) is None

    def test_a_process_is_there_until_it_ends(self, child: subprocess.Popen[bytes]) -> None:
        stamp = process_stamp(child.pid)

        before = is_gone(stamp)
        child.kill()
        child.wait()

        assert (before, is_gone(stamp)) == (False, True)

    @pytest.mark.parametrize("host", ["elsewhere", "localhost"])
    def test_another_host_proves_nothing(self, host: str) -> None:
        assert not is_gone({"host": host, "pid": 4194305})

    def test_a_stamp_of_linux_proves_nothing(self) -> None:
        assert not is_gone({**process_stamp(), "pid": 4194305, "pid_namespace": "pid:[1]", "boot_id": "b"})
