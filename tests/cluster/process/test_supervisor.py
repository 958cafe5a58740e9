"""A supervisor starts its pod, outlives who created it, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlrun.cluster.process import ProcessCluster, supervisor
from mlrun.testing.cluster_pods import Pods

CREATE_AND_DIE = """
import os, signal, sys
from mlrun.cluster.process import ProcessCluster

pod = {"metadata": {"name": "orphan"}, "spec": {"containers": [
    {"name": "base", "command": ["sh", "-c", "echo ready; sleep 1; exit 6"]}]}}
ProcessCluster(sys.argv[1]).create(pod)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_pod_outlives_the_process_that_created_it(folder: Path, cluster: ProcessCluster) -> None:
    done = subprocess.run([sys.executable, "-c", CREATE_AND_DIE, str(folder)])

    log = b"".join(cluster.logs("orphan", follow=True))

    assert done.returncode == -signal.SIGKILL
    assert log == b"ready\n"
    assert cluster.read("orphan").exit_code == 6


def test_a_supervisor_that_is_told_half_starts_nothing(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, marshal.dumps({"folder": str(tmp_path)})[:-3])
    os.close(writer)

    done = subprocess.run([sys.executable, supervisor.__file__, "0", str(reader)], pass_fds=[reader])
    os.close(reader)

    assert done.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_a_pod_without_a_folder_is_ended(tmp_path: Path, alive: Callable[[int], bool]) -> None:
    reader, writer = os.pipe()
    told = {"folder": str(tmp_path / "gone"), "words": [b"/bin/sleep", b"600"], "env": {}, "workdir": "/"}
    told["env"] = {b"MLRUN_EXEC_POD": os.fsencode(tmp_path / "gone"), b"PATH": b"/bin"}
    os.write(writer, marshal.dumps({**told, "groups": [], "leave": [], "grace_s": 1.0, "deadline_s": 0.0}))
    os.close(writer)

    control, other = os.pipe()
    done = subprocess.run(
        [sys.executable, supervisor.__file__, str(control), str(reader)],
        pass_fds=[reader, control],
        stderr=subprocess.PIPE,
    )
    for descriptor in (reader, control, other):
        os.close(descriptor)

    assert b"FileNotFoundError" in done.stderr
    assert supervisor.members(str(tmp_path / "gone"), []) == []


@pytest.mark.parametrize("starter", ["sh -c", "setsid sh -c", "nohup setsid setsid sh -c"])
def test_what_a_pod_has_started_ends_with_it(pods: Pods, alive: Callable[[int], bool], starter: str) -> None:
    starts = f"{starter} 'echo $$ > started; exec sleep 600' &"

    _, log = pods.run(f"{starts} until [ -s started ]; do sleep 0.05; done; cat started")

    assert not alive(int(log.split()[-1]))


def test_what_a_pod_has_started_ends_when_it_is_deleted(
    cluster: ProcessCluster, pods: Pods, alive: Callable[[int], bool]
) -> None:
    name = pods.start("trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$; sleep 600' & sleep 600")
    pods.printed(name, "\n")
    child = int(pods.log(name))

    cluster.delete(name, grace_s=0.1)

    assert not alive(child)


def test_what_is_just_executing_a_program_is_found(tmp_path: Path) -> None:
    again = 'exec /bin/sh -c "$0" "$0"'  # which it does all the time, and shows no variables while it does
    process = subprocess.Popen(["/bin/sh", "-c", again, again], env={supervisor.MARK: str(tmp_path)})

    try:
        looks = [supervisor.variables(str(process.pid)) for _ in range(1000)]
    finally:
        process.kill()
        process.wait()

    mark = f"{supervisor.MARK}={tmp_path}".encode()
    assert [mark in found for found in looks] == [True] * 1000


def test_what_has_ended_or_was_started_without_variables_is_not_waited_for(tmp_path: Path) -> None:
    ended = subprocess.Popen(["/bin/true"], env={supervisor.MARK: str(tmp_path)})
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    without = subprocess.Popen(["/bin/sleep", "600"], env={})
    supervisor.variables(str(without.pid))  # now it executes that program

    has_some = [supervisor.has_some(str(process.pid)) for process in (ended, without)]

    without.kill()
    assert [process.wait() for process in (ended, without)] == [0, -signal.SIGKILL]
    assert has_some == [False, False]


def test_a_pod_that_runs_too_long_is_ended(pods: Pods) -> None:
    state, _ = pods.run("sleep 600", spec={"activeDeadlineSeconds": 1})

    assert (state.phase, state.reason) == ("failed", "DeadlineExceeded")
    assert state.exit_code == 128 + signal.SIGTERM  # it was asked to end, and not killed


def test_a_machine_that_shuts_down_asks_the_supervisor_to_end_its_pod(
    pods: Pods, supervisor_pid: Callable[[str], int]
) -> None:
    name = pods.start("trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done")
    pods.printed(name, "ready")

    os.kill(supervisor_pid(name), signal.SIGTERM)
    state = pods.ended(name)

    assert (state.phase, state.reason, state.exit_code) == ("failed", "Terminated", 3)
    assert "bye" in pods.log(name)


def test_a_machine_that_shuts_down_while_a_pod_starts_ends_it(tmp_path: Path, pods: Pods) -> None:
    group = tmp_path / "group"
    group.mkdir()
    gate = full_pipe(group / "cgroup.procs")  # where the pod stands still, just before its command
    (reader, writer), (control, other) = os.pipe(), os.pipe()
    told = {"folder": str(tmp_path), "words": [b"/bin/sleep", b"600"], "env": {}, "workdir": "/"}
    told |= {"groups": [str(group)], "leave": [], "grace_s": 600.0, "deadline_s": 0.0}
    os.write(writer, marshal.dumps(told))
    os.close(writer)
    (tmp_path / supervisor.CONTROL).touch()
    process = subprocess.Popen(
        [sys.executable, supervisor.__file__, str(control), str(reader)], pass_fds=[reader, control]
    )
    pods.until(lambda: a_child_has_open(process.pid, group / "cgroup.procs"), "the pod is about to start")

    process.send_signal(signal.SIGTERM)
    (group / "cgroup.procs").unlink()
    os.read(gate, 1 << 20)

    assert process.wait(120) == 0
    assert (tmp_path / supervisor.ENDED).read_text().startswith(f"{128 + signal.SIGTERM} Terminated ")
    for descriptor in (gate, reader, control, other):
        os.close(descriptor)


def full_pipe(path: Path) -> int:
    """A named pipe that whoever writes to it has to wait for."""
    os.mkfifo(path)
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(descriptor, bytes(4096))
    return descriptor


def a_child_has_open(parent: int, path: Path) -> bool:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    with contextlib.suppress(OSError):  # it does other things first
        return any(
            os.readlink(entry) == str(path) for pid in children for entry in Path(f"/proc/{pid}/fd").iterdir()
        )
    return False


def test_a_pod_has_the_signals_that_programs_expect(pods: Pods) -> None:
    _, log = pods.run("grep -E '^Sig(Ign|Blk)' /proc/self/status")

    assert [int(line.split()[1], 16) for line in log.splitlines()] == [0, 0]


def test_a_pod_has_its_output_and_no_other_file_open(pods: Pods) -> None:
    _, log = pods.run("exec ls -l /proc/self/fd")

    targets = [line.split(" -> ")[1] for line in log.splitlines() if " -> " in line]
    assert len(targets) == 4  # with the folder that is listed
    assert targets[0] == os.devnull
    assert targets[1] == targets[2]


def test_the_time_of_a_start_and_of_an_end_are_written(folder: Path, pods: Pods) -> None:
    name = pods.start("exit 9")
    pods.ended(name)

    pid, started = (folder / name / supervisor.STARTED).read_text().split()
    first, message = (folder / name / supervisor.ENDED).read_text().split("\n")
    code, reason, ended = first.split()

    assert int(pid) > 1
    assert (code, reason, message) == ("9", "Error", "it ended with exit code 9")
    assert float(started) <= float(ended)


def test_the_kernel_counts_who_it_has_killed(tmp_path: Path) -> None:
    one, two, none = tmp_path / "one", tmp_path / "two", tmp_path / "none"
    for group in (one, two, none):
        group.mkdir()
    (one / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    (two / "memory.events").write_text("low 0\nhigh 0\nmax 7\noom 1\noom_kill 1\n")

    counts = [supervisor.count_of_memory_kills([str(group)]) for group in (one, two, none)]

    assert counts == [2, 1, 0]
