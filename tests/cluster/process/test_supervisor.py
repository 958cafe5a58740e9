"""A supervisor starts its pod, outlives who created it, and leaves nothing behind."""

from __future__ import annotations

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
    _, log = pods.run(f"{starter} 'echo $$; exec sleep 600' & sleep 0.3")

    assert not alive(int(log.split()[-1]))


def test_what_a_pod_has_started_ends_when_it_is_deleted(
    cluster: ProcessCluster, pods: Pods, alive: Callable[[int], bool]
) -> None:
    name = pods.start("trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$; sleep 600' & sleep 600")
    pods.printed(name, "\n")
    child = int(pods.log(name))

    cluster.delete(name, grace_s=0.1)

    assert not alive(child)


def test_a_pod_that_runs_too_long_is_ended(pods: Pods) -> None:
    state, log = pods.run(
        "trap 'echo late; exit 0' TERM; while :; do sleep 0.05; done", spec={"activeDeadlineSeconds": 1}
    )

    assert (state.phase, state.reason) == ("failed", "DeadlineExceeded")
    assert "late" in log


def test_a_machine_that_shuts_down_asks_the_supervisor_to_end_its_pod(
    pods: Pods, supervisor_pid: Callable[[str], int]
) -> None:
    name = pods.start("trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done")
    pods.printed(name, "ready")

    os.kill(supervisor_pid(name), signal.SIGTERM)
    state = pods.ended(name)

    assert (state.phase, state.reason, state.exit_code) == ("failed", "Terminated", 3)
    assert "bye" in pods.log(name)


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
