"""A cluster of processes in a folder of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlrun.cluster.base import Resource
from mlrun.cluster.process import ProcessCluster
from mlrun.testing.cluster_pods import Pods


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the pods are."""
    return tmp_path / "pods"


@pytest.fixture
def cluster(folder: Path) -> ProcessCluster:
    return ProcessCluster(str(folder))


@pytest.fixture
def pods(cluster: ProcessCluster, manifest: Callable[..., Resource]) -> Iterator[Pods]:
    pods = Pods(cluster, manifest(), patience_s=120)
    yield pods
    pods.clear()


_EXITING = 0x4  # the kernel's flag of a process that executes nothing any more, and is being tidied up


def is_alive(pid: int) -> bool:
    """Whether the process is there and has not begun to go."""
    try:
        flags = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[6]
    except OSError:
        return False
    return not int(flags) & _EXITING


@pytest.fixture
def alive() -> Callable[[int], bool]:
    return is_alive


def supervisor_of(folder: Path, name: str) -> int:
    """The process that reads the control pipe of a pod."""
    control = folder / name / "control"
    others = (path for path in Path("/proc").glob("[0-9]*") if path.name != str(os.getpid()))
    for process in others:
        try:
            if any(os.path.samefile(fd, control) for fd in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:
            continue
    raise AssertionError(f"{name} has no supervisor")


@pytest.fixture
def supervisor_pid(folder: Path) -> Callable[[str], int]:
    return lambda name: supervisor_of(folder, name)


@pytest.fixture
def kill_supervisor(folder: Path, pods: Pods) -> Callable[[str], None]:
    """Kills the supervisor of a pod, and nothing else."""

    def kill(name: str) -> None:
        os.kill(supervisor_of(folder, name), signal.SIGKILL)
        pods.until(lambda: not _has_reader(folder / name / "control"), "the supervisor is gone")

    return kill


def _has_reader(control: Path) -> bool:
    try:
        os.close(os.open(control, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True
