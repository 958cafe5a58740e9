import os
import signal
import subprocess
import sys
import time

import pytest

from mlrun import child
from mlrun.child import Child, Tree
from mlrun.errors import MLRunInvalidArgumentError

ALONE = """
import os
from mlrun.child import Child

Child(["/bin/true"], os.environ, "", print).wait(lambda: False)
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("it has no child")
"""


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Who wants to end when asked has the time for it, however much else runs here."""
    monkeypatch.setattr(child, "GRACE_S", 60)


class Started:
    """A child with what it has printed."""

    def __init__(self, *words, workdir="", kind=Child, **options):
        self.output = b""
        self.child = kind(words, os.environ, workdir, self.take, **options)

    def take(self, data):
        self.output += data


def never():
    return False


def until(claim, timeout_s=120):
    end = time.monotonic() + timeout_s
    while not claim():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


def is_gone(pid):
    """Whether it has ended; nobody may have asked how yet."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_its_output_comes_as_it_is_printed_both_streams_in_one():
    started = Started("/bin/sh", "-c", "echo one; echo two >&2; exit 3")

    code = started.child.wait(never)

    assert (code, started.output) == (3, b"one\ntwo\n")


def test_it_starts_in_its_folder_and_without_input(tmp_path):
    (tmp_path / "sub").mkdir()
    started = Started("/bin/sh", "-c", "pwd; cat", workdir="sub")

    started.child.wait(never)

    assert started.output.decode().strip() == str(tmp_path / "sub")


def test_what_the_system_can_not_execute_is_a_clear_error(tmp_path):
    (tmp_path / "odd").write_text("no first line")
    (tmp_path / "odd").chmod(0o755)

    with pytest.raises(MLRunInvalidArgumentError, match=r"can not be executed: Exec format error; .*#!"):
        Started(str(tmp_path / "odd"))


def test_one_that_is_over_is_ended_with_its_group():
    started = Started("/bin/sh", "-c", "sleep 60 & echo $!; wait")

    code = started.child.wait(lambda: bool(started.output))

    assert code == -signal.SIGTERM
    until(lambda: is_gone(int(started.output)))


def test_one_that_does_not_want_to_end_is_killed(monkeypatch):
    monkeypatch.setattr(child, "GRACE_S", 0.05)
    started = Started("/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done")

    assert started.child.wait(lambda: bool(started.output)) == -signal.SIGKILL


def test_an_interrupted_wait_ends_it():
    started = Started("/bin/sh", "-c", "trap 'echo bye; exit 1' INT; echo $$; while :; do sleep 0.05; done")

    def interrupt():
        if started.output:
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        started.child.wait(interrupt)

    pid, last = started.output.decode().split()
    assert is_gone(int(pid)) and last == "bye"


def test_a_grandchild_that_holds_the_output_is_not_waited_for():
    started = Started(
        "/bin/sh", "-c", "(while echo alive; do sleep 0.01; done) & exit 3"
    )  # until nobody reads

    assert started.child.wait(never) == 3


def test_what_it_left_behind_can_be_killed():
    started = Started("/bin/sh", "-c", "sleep 60 >/dev/null & echo $!")
    started.child.wait(never)

    started.child.kill()

    until(lambda: is_gone(int(started.output)))


def test_it_keeps_the_descriptors_that_are_passed_on(tmp_path):
    with open(tmp_path / "kept", "w") as file:
        started = Started("/bin/sh", "-c", f"echo hello >/dev/fd/{file.fileno()}", pass_fds=[file.fileno()])

        started.child.wait(never)

    assert (tmp_path / "kept").read_text() == "hello\n"


def test_no_process_of_ours_is_left():
    done = subprocess.run([sys.executable, "-c", ALONE], stdout=subprocess.PIPE, text=True, check=True)

    assert done.stdout == "it has no child\n"


def test_what_has_a_session_of_its_own_ends_first_and_is_seen_to_fail():
    script = "setsid sh -c 'echo $$; exec sleep 60' & wait $!; echo it ended with $?"
    started = Started("/bin/bash", "-c", script, kind=Tree)

    started.child.wait(lambda: bool(started.output))

    pid, *_, said = started.output.decode().splitlines()
    assert is_gone(int(pid)) and said == "it ended with 137"


PARENT = """
import os, sys
from mlrun.child import Child, Tree

# Who has a session of its own says so itself: until then it is one of the group.
words = ["/bin/bash", "-c", "sleep 60 & setsid sh -c 'echo $0 $1 $$; exec sleep 60' $! $$ & wait"]
kind = Tree if "tree" in sys.argv else Child
kind(words, os.environ, "", lambda data: print(data.decode(), end="", flush=True)).wait(lambda: False)
"""


@pytest.mark.parametrize("kind", ["child", "tree"])
def test_a_killed_parent_takes_it_and_all_of_its_group_with_it(kind):
    words = [sys.executable, "-c", PARENT, kind]
    parent = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    *of_group, apart = [int(word) for word in parent.stdout.readline().split()]

    parent.kill()

    parent.wait()
    parent.stdout.close()
    for pid in of_group:
        until(lambda pid=pid: is_gone(pid))
    if kind == "tree":
        until(lambda: is_gone(apart))
    else:
        os.kill(apart, signal.SIGKILL)
