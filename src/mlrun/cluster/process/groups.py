"""Control groups of Linux, which hold the memory and the cores of a pod to its limits."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mlrun.cluster.manifest import Limits

_PREFIX = "mlrun-pod-"
_PERIOD_US = 100_000  # of the share of the cores


class Group(NamedTuple):
    """A folder to be made, and what to write into its files."""

    folder: str
    settings: list[tuple[str, str]]


class Hierarchy(NamedTuple):
    """Where groups with some controllers can be made."""

    version: int
    parent: str  # folder
    controllers: frozenset[str]
    is_in_a_pod: bool  # this process is in the group of one


class ControlGroups:
    """
    Those that this process can make.

    Args:
        proc: Folder of what the system tells about this process.
    """

    def __init__(self, proc: str = "/proc/self") -> None:
        self._hierarchies = [found for found in _hierarchies(proc) if _is_writable(found)]

    def can_limit(self, controller: str) -> bool:
        """Whether *controller*, ``memory`` or ``cpu``, can be had."""
        return any(controller in found.controllers for found in self._hierarchies)

    def plan(self, name: str, limits: Limits) -> list[Group]:
        """The groups that keep *limits*, as far as they can be kept here; nothing is made yet."""
        unique = f"{_PREFIX}{name[:100]}-{uuid.uuid4().hex[:8]}"
        groups = []
        for found in self._hierarchies:
            settings = [
                *(_memory(found.version, limits.memory) if "memory" in found.controllers else ()),
                *(_cpu(found.version, limits.cpus) if "cpu" in found.controllers else ()),
            ]
            if settings:
                groups.append(Group(f"{found.parent}/{unique}", settings))
        return groups

    def outside(self) -> list[str]:
        """Groups to join for a process that is to outlive the pod that this process is in; usually none."""
        groups = [f"{found.parent}/{_PREFIX}supervisors" for found in self._hierarchies if found.is_in_a_pod]
        for group in groups:
            os.makedirs(group, exist_ok=True)
        return groups


def make(groups: list[Group]) -> None:
    """
    Raises:
        OSError: One can not be made.
    """
    for group in groups:
        os.mkdir(group.folder)
        for name, value in group.settings:
            path = f"{group.folder}/{name}"
            if os.path.exists(path):  # that of swap is missing where there is no swap
                Path(path).write_text(value)


def _memory(version: int, limit: int | None) -> Iterator[tuple[str, str]]:
    if limit is not None and version == 2:
        yield "memory.max", str(limit)
        yield "memory.swap.max", "0"
        yield "memory.oom.group", "1"
    elif limit is not None:
        yield "memory.limit_in_bytes", str(limit)
        yield "memory.memsw.limit_in_bytes", str(limit)


def _cpu(version: int, cpus: float | None) -> Iterator[tuple[str, str]]:
    if cpus is None:
        return
    quota = max(1000, int(cpus * _PERIOD_US))  # the least that the kernel takes
    if version == 2:
        yield "cpu.max", f"{quota} {_PERIOD_US}"
    else:
        yield "cpu.cfs_period_us", str(_PERIOD_US)
        yield "cpu.cfs_quota_us", str(quota)


def _hierarchies(proc: str) -> Iterator[Hierarchy]:
    """
    One for each controller of version 1 that is mounted, and that of version 2.

    Source: proc(5), /proc/pid/mountinfo; cgroups(7), /proc/pid/cgroup.
    """
    paths = _own_paths(proc)
    for line in _lines(f"{proc}/mountinfo"):
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        root, mount_point = before.split()[3:5]
        if kind == "cgroup2":
            yield from _of_version_2(mount_point, _below(paths.get("", "/"), root))
        elif kind == "cgroup":
            for controller in {"memory", "cpu"} & {*options.split(",")}:
                own = _below(paths.get(controller, "/"), root)
                outer = _out_of_a_pod(own)
                yield Hierarchy(1, f"{mount_point}{outer}", frozenset({controller}), outer != own)


def _of_version_2(mount_point: str, own: str) -> Iterator[Hierarchy]:
    """The nearest group around this process that has controllers for its children."""
    path = outer = _out_of_a_pod(own)
    while True:
        folder = f"{mount_point}{path}"
        controllers = {word for line in _lines(f"{folder}/cgroup.subtree_control") for word in line.split()}
        if found := frozenset(controllers & {"memory", "cpu"}):
            yield Hierarchy(2, folder, found, outer != own)
            return
        if not path:
            return
        path = path.rpartition("/")[0]


def _own_paths(proc: str) -> dict[str, str]:
    """Controller to the path of this process's group; that of version 2 has no name."""
    paths = {}
    for line in _lines(f"{proc}/cgroup"):
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    return paths


def _below(path: str, root: str) -> str:
    """*path* as it is called below a mount of *root*; empty for the top."""
    return path.removeprefix(root if root != "/" else "").rstrip("/")


def _out_of_a_pod(path: str) -> str:
    parts = path.split("/")
    inside = [number for number, part in enumerate(parts) if part.startswith(_PREFIX)]
    return "/".join(parts[: inside[0]]) if inside else path


def _is_writable(found: Hierarchy) -> bool:
    """Processes are moved by whoever may write here; in version 2 also in the group around both."""
    return os.access(found.parent, os.W_OK) and os.access(f"{found.parent}/cgroup.procs", os.W_OK)


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:  # not Linux, or it is hidden
        return []
