"""Whether the process that runs a run is still there, as far as this machine can prove it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PROCESS_GONE = "ProcessGone"  # status.reason of a run whose process was gone when somebody read it
POD_DELETED = "Deleted"  # of one whose pod was deleted
POD_LOST = "ContainerStatusUnknown"  # of one whose pod was lost by its cluster

POD = ("cluster", "pod", "launched_from")  # beside a stamp: the pod that the process is in, and whose it is

ELSEWHERE = frozenset(
    {"task", "duty"}
)  # in a stamp: Dask, or the servers that share a duty, answer for the run

_PROC = Path("/proc")
_ENDED = ("Z", "X", "x")  # a zombie has ended, though nobody has asked how


def process_stamp(pid: int = 0) -> dict[str, Any]:
    """
    What identifies a process for ever, for ``status.process`` of the runs that it runs.

    Args:
        pid: Another process of this machine; 0 is this one.

    Returns:
        ``host``, ``boot_id``, ``pid``, ``start_time`` (clock ticks since the boot) and
        ``pid_namespace``; without what the system does not tell. ``supervisor``, if this process has one.
    """
    return dict(_stamp() if pid in (0, os.getpid()) else _read_stamp(pid))


def set_supervisor(pid: int) -> None:
    """
    Name the process that ends after this one, and says how it went: until then this one is not gone.

    It is so for this process, and for none that it forks.
    """
    supervisor = {"pid": pid, "start_time": start_time(pid)}
    _stamp()["supervisor"] = {name: value for name, value in supervisor.items() if value is not None}


def pod_of(process: Mapping[str, Any]) -> dict[str, Any]:
    """What *process* says of the pod that it is in."""
    return {name: value for name, value in process.items() if name in POD}


def is_gone(stamp: Mapping[str, Any]) -> bool:
    """
    Whether the process of *stamp* is proven to have ended.

    False wherever that can not be known: on another machine, in another container.
    """
    pid = stamp.get("pid")
    if not isinstance(pid, int) or pid <= 0:
        return False
    here = _stamp()
    if here == stamp:
        return False
    if _both_know("boot_id", here, stamp) and here["boot_id"] != stamp["boot_id"]:
        return _is_same_host(here, stamp)  # the machine was started again
    supervisor = stamp.get("supervisor")
    processes = [stamp, supervisor] if isinstance(supervisor, Mapping) else [stamp]
    return _is_same_table(here, stamp) and not any(map(_is_running, processes))


def start_time(pid: int) -> int | None:
    """Clock ticks between the boot and the start of *pid*; None where that is not known."""
    fields = _stat(pid)
    return int(fields[19]) if fields else None


_own: dict[str, Any] = {}


def _stamp() -> dict[str, Any]:
    """Of this process; read anew in a forked child."""
    global _own
    if _own.get("pid") != os.getpid():
        _own = _read_stamp(os.getpid())
    return _own


def _read_stamp(pid: int) -> dict[str, Any]:
    known = {"host": socket.gethostname(), "pid": pid, "start_time": start_time(pid), **_machine()}
    return {name: value for name, value in known.items() if value is not None}


def _machine() -> dict[str, str]:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return {"boot_id": boot, "pid_namespace": os.readlink(_PROC / "self/ns/pid")}
    except OSError:  # not Linux
        return {}


def _stat(pid: int) -> list[str]:
    """
    The fields of /proc/<pid>/stat from the third on; empty where there is no such file.

    Source: proc(5). The second field is the command in parentheses, and may hold any character.
    """
    try:
        return (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _both_know(name: str, here: Mapping[str, Any], stamp: Mapping[str, Any]) -> bool:
    return bool(here.get(name) and stamp.get(name))


def _is_same_host(here: Mapping[str, Any], stamp: Mapping[str, Any]) -> bool:
    host = str(here["host"])
    return host == stamp.get("host") and host.partition(".")[0] != "localhost"  # the name of many machines


def _is_same_table(here: Mapping[str, Any], stamp: Mapping[str, Any]) -> bool:
    """Whether a pid means the same here as it did there."""
    if _both_know("pid_namespace", here, stamp) and _both_know("boot_id", here, stamp):
        return bool(here["pid_namespace"] == stamp["pid_namespace"])
    neither = "pid_namespace" not in here and not stamp.get("pid_namespace")
    return neither and _is_same_host(here, stamp)


def _is_running(process: Mapping[str, Any]) -> bool:
    pid, started = process["pid"], process.get("start_time")
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # somebody else's, or no number of a process here
        pass
    fields = _stat(pid)
    if not fields:
        return True  # nothing about it can be read, so nothing is proven
    return fields[0] not in _ENDED and started in (None, 0, int(fields[19]))
