"""Folders that were fetched are made once, and copied for each run."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlrun.code.trees import Trees

KEY = "ab" * 32
OTHER = "cd" * 32


def maker(content: bytes = b"x", made: list[str] | None = None) -> Callable[[str], None]:
    def make(folder: str) -> None:
        if made is not None:
            made.append(folder)
        os.makedirs(f"{folder}/sub")
        Path(folder, "sub/a").write_bytes(content)
        os.symlink("sub/a", f"{folder}/link")

    return make


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "trees"


@pytest.fixture
def trees(root: Path) -> Trees:
    return Trees(str(root), most=1000)


def names(root: Path) -> set[str]:
    return {entry.name for entry in os.scandir(root)} - {"locks"}


def test_a_folder_is_made_once_and_copied_for_each(trees: Trees, tmp_path: Path) -> None:
    made: list[str] = []

    for name in ("one", "two"):
        trees.copy(KEY, str(tmp_path / name), maker(made=made))

    assert len(made) == 1
    assert (tmp_path / "two/sub/a").read_bytes() == b"x"
    assert os.readlink(tmp_path / "two/link") == "sub/a"


def test_what_a_run_changes_is_its_own(trees: Trees, tmp_path: Path) -> None:
    trees.copy(KEY, str(tmp_path / "one"), maker())
    with open(tmp_path / "one/sub/a", "ab") as file:
        file.write(b"changed")

    trees.copy(KEY, str(tmp_path / "two"), maker())

    assert (tmp_path / "two/sub/a").read_bytes() == b"x"


def test_an_empty_target_is_filled(trees: Trees, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()

    trees.copy(KEY, str(tmp_path / "to"), maker())

    assert (tmp_path / "to/link").read_bytes() == b"x"


def test_a_failure_leaves_nothing_and_the_next_one_begins_anew(
    trees: Trees, root: Path, tmp_path: Path
) -> None:
    def fail(folder: str) -> None:
        os.mkdir(folder)
        raise RuntimeError("half of it")

    with pytest.raises(RuntimeError, match="half of it"):
        trees.copy(KEY, str(tmp_path / "to"), fail)
    assert names(root) == set()
    trees.copy(KEY, str(tmp_path / "to"), maker())

    assert (tmp_path / "to/sub/a").exists()


def test_many_who_want_the_same_one_wait_for_the_first(trees: Trees, tmp_path: Path) -> None:
    made: list[str] = []
    begun = threading.Event()

    def make(folder: str) -> None:
        begun.wait(10)
        maker(made=made)(folder)

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(trees.copy, KEY, str(tmp_path / str(at)), make) for at in range(4)]
        begun.set()
        for one in waiting:
            one.result()

    assert len(made) == 1
    assert all((tmp_path / str(at) / "sub/a").exists() for at in range(4))


KILLED = """
import os, sys
from mlrun.code.trees import Trees

def make(folder):
    os.mkdir(folder)
    open(folder + "/half", "w").close()
    print("begun", flush=True)
    sys.stdin.read()

Trees(sys.argv[1], 1000).copy(sys.argv[2], sys.argv[3], make)
"""


def test_a_process_that_is_killed_keeps_nobody_waiting(trees: Trees, root: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-c", KILLED, str(root), KEY, str(tmp_path / "lost")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGKILL)

    trees.copy(KEY, str(tmp_path / "to"), maker())

    assert sorted(os.listdir(tmp_path / "to")) == ["link", "sub"]


def test_what_was_left_behind_goes_after_a_day(trees: Trees, root: Path, tmp_path: Path) -> None:
    for name, age_s in ((f".{'1' * 16}.tmp", 2 * 86_400), (f".{'2' * 16}.tmp", 60)):
        (root / name).mkdir(parents=True)
        os.utime(root / name, (time.time() - age_s,) * 2)

    trees.copy(KEY, str(tmp_path / "to"), maker())

    assert names(root) == {KEY, f".{'2' * 16}.tmp"}


def test_the_one_that_was_not_used_for_longest_makes_room(trees: Trees, root: Path, tmp_path: Path) -> None:
    for at, key in enumerate((KEY, OTHER)):
        trees.copy(key, str(tmp_path / key), maker(bytes(400)))
        os.utime(root / key, (at, at))
    trees.copy(KEY, str(tmp_path / "again"), maker())

    trees.copy("ef" * 32, str(tmp_path / "to"), maker(bytes(400)))

    assert names(root) == {KEY, "ef" * 32}


def test_the_newest_stays_however_long_it_is(trees: Trees, root: Path, tmp_path: Path) -> None:
    trees.copy(KEY, str(tmp_path / "to"), maker(bytes(5000)))

    assert names(root) == {KEY}


def test_one_that_is_being_copied_stays(trees: Trees, root: Path, tmp_path: Path) -> None:
    trees.copy(KEY, str(tmp_path / "one"), maker(bytes(900)))
    with open(root / "locks" / f"{0xABABABAB % 64:02x}", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)

        trees.copy(OTHER, str(tmp_path / "two"), maker(bytes(900)))

        assert names(root) == {KEY, OTHER}
