"""Control groups are found, of both versions, and hold a pod to its limits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.cluster.manifest import Limits
from mlrun.cluster.process import ProcessCluster
from mlrun.cluster.process.folder import PodFolder
from mlrun.cluster.process.groups import ControlGroups, Group, make
from mlrun.testing.cluster_pods import Pods

_QUOTAS = ("cpu.cfs_quota_us", "cpu.max")
LIMITS = Limits(memory=1 << 20, cpus=0.5)


class Machine:
    """A system's folders, as far as control groups are told by them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.proc = root / "proc"
        self.proc.mkdir()

    def tells(self, cgroup: str, mounts: str) -> ControlGroups:
        (self.proc / "cgroup").write_text(cgroup)
        (self.proc / "mountinfo").write_text(mounts.replace("ROOT", str(self.root)))
        return ControlGroups(str(self.proc))

    def group(self, path: str, controllers: str = "") -> Path:
        folder = self.root / path
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cgroup.procs").touch()
        (folder / "cgroup.subtree_control").write_text(controllers)
        return folder


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


V2 = "30 23 0:28 / ROOT/fs rw - cgroup2 cgroup2 rw\n"
V1 = (
    "31 23 0:29 / ROOT/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
    "32 23 0:30 / ROOT/memory rw - cgroup cgroup rw,memory\n"
    "33 23 0:31 / ROOT/pids rw - cgroup cgroup rw,pids\n"
)


def test_version_2_gives_the_nearest_group_with_controllers(machine: Machine) -> None:
    machine.group("fs", "cpu memory")
    slice_ = machine.group("fs/user.slice", "memory cpu pids")
    machine.group("fs/user.slice/session.scope")

    groups = machine.tells("0::/user.slice/session.scope\n", V2).plan("train", LIMITS)

    assert [os.path.dirname(group.folder) for group in groups] == [str(slice_)]
    assert groups[0].settings == [
        ("memory.max", "1048576"),
        ("memory.swap.max", "0"),
        ("memory.oom.group", "1"),
        ("cpu.max", "50000 100000"),
    ]


def test_version_1_gives_a_group_for_each_controller(machine: Machine) -> None:
    cpu, memory = machine.group("cpu/a"), machine.group("memory/b")

    groups = machine.tells("4:memory:/b\n3:cpu,cpuacct:/a\n2:pids:/\n", V1).plan("train", LIMITS)

    assert {os.path.dirname(group.folder): group.settings for group in groups} == {
        str(cpu): [("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "50000")],
        str(memory): [("memory.limit_in_bytes", "1048576"), ("memory.memsw.limit_in_bytes", "1048576")],
    }


def test_a_part_of_the_tree_may_be_mounted(machine: Machine) -> None:
    inner = machine.group("memory/inner")
    mounts = "32 23 0:30 /docker/abc ROOT/memory rw - cgroup cgroup rw,memory\n"

    groups = machine.tells("4:memory:/docker/abc/inner\n", mounts).plan("train", LIMITS)

    assert os.path.dirname(groups[0].folder) == str(inner)


def test_a_pod_that_starts_a_pod_is_not_around_it(machine: Machine) -> None:
    outer = machine.group("memory/a")
    machine.group("memory/a/mlrun-pod-train-1")

    groups = machine.tells("4:memory:/a/mlrun-pod-train-1\n", V1)

    assert os.path.dirname(groups.plan("train", LIMITS)[0].folder) == str(outer)
    assert groups.outside() == [f"{outer}/mlrun-pod-supervisors"]


@pytest.mark.parametrize(
    ("cgroup", "mounts"),
    [("", ""), ("0::/\n", V2), ("4:memory:/nowhere\n", V1), ("4:pids:/\n", V1.splitlines()[2])],
    ids=["no Linux", "no controllers", "no such group", "other controllers"],
)
def test_where_no_group_can_be_made_nothing_is_limited(machine: Machine, cgroup: str, mounts: str) -> None:
    machine.group("fs")

    groups = machine.tells(cgroup, mounts)

    assert (groups.can_limit("memory"), groups.can_limit("cpu")) == (False, False)
    assert groups.plan("train", LIMITS) == []
    assert groups.outside() == []


def test_without_limits_there_is_no_group(machine: Machine) -> None:
    machine.group("memory")

    assert machine.tells("4:memory:/\n", V1).plan("train", Limits()) == []


def test_what_the_kernel_does_not_have_is_not_written(tmp_path: Path) -> None:
    folder = tmp_path / "group"

    make([Group(str(folder), [("memory.swap.max", "0")])])

    assert list(folder.iterdir()) == []


def test_a_pod_has_the_cores_of_its_limit(cluster: ProcessCluster, pods: Pods) -> None:
    if not ControlGroups().can_limit("cpu"):
        pytest.skip("no control group can be made here")

    name = pods.start("echo ready; sleep 600", resources={"limits": {"cpu": "250m"}})
    pods.printed(name, "ready")

    (group,) = PodFolder(f"{cluster.folder}/{name}").record.groups
    told = {file.name: file.read_text() for file in Path(group).glob("cpu.*") if file.name in _QUOTAS}
    members = (Path(group) / "cgroup.procs").read_text().split()
    cluster.delete(name, grace_s=0)

    assert told in ({"cpu.cfs_quota_us": "25000\n"}, {"cpu.max": "25000 100000\n"})
    assert members
    assert not Path(group).exists()
