"""The folder of one pod: what it says of it, whether it lives, and what asks for its end."""

from __future__ import annotations

import contextlib
import datetime
import errno
import os
import select
import shutil
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from mlrun import files
from mlrun.cluster.base import Selector
from mlrun.cluster.process import supervisor
from mlrun.errors import MLRunNotFoundError, MLRunRuntimeError
from mlrun.model.base import Model, field, load_json
from mlrun.model.pod import PodEvent, PodPhase, PodState

RECORD, LOG, WORK = "pod.json", "log", "work"
LOST = "ContainerStatusUnknown"  # Kubernetes' word
_ABANDONED_S = 3600.0
_GONE = (errno.ENXIO, errno.ENOENT)  # nobody reads the pipe, there is none


class PodRecord(Model):
    """What is known of a pod before it runs; no variable and no secret is in it."""

    name: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    image: str = ""
    created: float = 0.0
    grace_s: float = 30.0
    host: str = ""
    machine: str = ""  # what identifies it where it changes its name
    groups: list[str] = field(default_factory=list)  # control groups
    warnings: list[str] = field(default_factory=list)


class End(NamedTuple):
    """How a pod has ended."""

    code: int | None
    reason: str
    time: float
    message: str


class PodFolder:
    """
    One pod, by its folder; several processes may have one of it.

    Raises, by each method:
        MLRunNotFoundError: It has been deleted.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.name = os.path.basename(path)
        self._record: PodRecord | None = None

    def __truediv__(self, name: str) -> Path:
        return Path(self.path, name)

    @property
    def record(self) -> PodRecord:
        if self._record is None:
            self._record = PodRecord.from_dict(load_json(self._read(RECORD), f"{self.path}/{RECORD}"))
        return self._record

    def _read(self, name: str) -> str:
        try:
            return (self / name).read_text("utf-8")
        except FileNotFoundError:
            raise not_found(self.name) from None
        except OSError as error:
            raise files.as_error("read", f"{self.path}/{name}", error) from error

    def state(self) -> PodState:
        """How it is; one whose supervisor was killed is ended by this."""
        record = self.record
        end = self._end()
        is_running = end is None and self.is_alive()
        if end is None and not is_running and _is_here(record):
            end = self._end() or self._bury()  # it may have ended between the two looks
        started = self._started()
        state = PodState(
            name=self.name,
            labels=record.labels,
            node=record.host,
            is_scheduled=True,
            created=_iso(record.created),
            started=_iso(started) if started else "",
        )
        if end is not None:
            _set_end(state, end)
        elif is_running:
            state.phase = (PodPhase.RUNNING if started else PodPhase.PENDING).value
        else:
            state.phase = PodPhase.UNKNOWN.value
            state.message = f"it runs on {record.host}, and only processes there can tell how it is"
        return state

    def events(self) -> list[PodEvent]:
        created = _iso(self.record.created)
        return [
            PodEvent(time=created, reason="NotKept", message=warning, is_warning=True)
            for warning in self.record.warnings
        ]

    def _started(self) -> float:
        """0 where it has not."""
        text = supervisor.read(f"{self.path}/{supervisor.STARTED}").decode()
        return float(text.split()[1]) if text else 0.0

    def _end(self) -> End | None:
        text = supervisor.read(f"{self.path}/{supervisor.ENDED}").decode()
        if not text:
            return None
        first, _, message = text.partition("\n")
        code, reason, when = first.split()
        return End(None if code == "-" else int(code), reason, float(when), message)

    def _bury(self) -> End:
        """End what is left of a pod whose supervisor is gone, and write that down."""
        supervisor.kill_all(self.path, self.record.groups)
        supervisor.remove_groups(self.record.groups)
        message = "the process that created it or watched over it was killed, or the machine was restarted"
        end = End(None, LOST, time.time(), message)
        try:
            supervisor.write(self.path, supervisor.ENDED, f"- {end.reason} {end.time:.6f}\n{end.message}")
        except FileNotFoundError:
            raise not_found(self.name) from None
        return end

    def is_alive(self) -> bool:
        """Whether its supervisor is there."""
        descriptor = self.open_control()
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is not None

    def open_control(self) -> int | None:
        """The pipe to the supervisor, which tells ``poll`` of its end; None where it is gone."""
        path = f"{self.path}/{supervisor.CONTROL}"
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in _GONE:
                return None
            raise files.as_error("open", path, error) from error

    def end(self, grace_s: float, reason: str) -> None:
        """
        Ask for its end, and wait for it.

        Raises:
            MLRunRuntimeError: It was killed, and does not end; its supervisor goes on to see to that.
        """
        descriptor = self.open_control()
        if descriptor is None:
            return
        try:
            os.write(descriptor, f"end {grace_s:.3f} {reason}\n".encode())
            has_ended = wait_for_end(descriptor, grace_s + 2 * supervisor.PATIENCE_S)
        except BrokenPipeError:  # it has ended just now
            return
        finally:
            os.close(descriptor)
        if not has_ended:
            raise MLRunRuntimeError(f"pod {self.name} was killed, and has not ended; try again later")

    def remove(self) -> None:
        """Forget it when it has ended, in one step for whoever looks."""
        grave = files.temporary_name(self.path)
        try:
            os.rename(self.path, grave)
        except FileNotFoundError:  # somebody else has
            return
        _remove_tree(grave)


def _set_end(state: PodState, end: End) -> None:
    is_good = end.code == 0 and end.reason == "Completed"
    state.phase = (PodPhase.SUCCEEDED if is_good else PodPhase.FAILED).value
    state.exit_code, state.reason, state.message = end.code, end.reason, end.message
    state.ended = _iso(end.time)


def wait_for_end(descriptor: int, at_most_s: float) -> bool:
    """Whether the supervisor at the other side of a control pipe ends in time."""
    poll = select.poll()
    poll.register(descriptor, 0)  # errors are always told
    return bool(poll.poll(at_most_s * 1000))


def sweep(root: str) -> None:
    """Remove what was being made or removed when who did that was killed."""
    for name in _names(root):
        path = os.path.join(root, name)
        with contextlib.suppress(FileNotFoundError):  # somebody else sweeps, too
            if files.is_temporary(name) and time.time() - os.lstat(path).st_mtime > _ABANDONED_S:
                _remove_tree(path)


def pod_names(root: str) -> list[str]:
    """Of all pods in the folder *root*, which need not be there."""
    return [name for name in _names(root) if not name.startswith(".")]


def _names(root: str) -> list[str]:
    try:
        return os.listdir(root)
    except FileNotFoundError:
        return []


def has_labels(labels: Mapping[str, str], selector: Selector | None) -> bool:
    return all(labels.get(key) == value for key, value in (selector or {}).items())


def not_found(name: str) -> MLRunNotFoundError:
    return MLRunNotFoundError(f"no pod {name!r}")


def machine() -> str:
    """What stays the same when this machine is called another name; empty where that is not known."""
    return supervisor.read("/etc/machine-id").decode(errors="replace").strip()


def _is_here(record: PodRecord) -> bool:
    """Whether the pod is one of this machine, or a folder is shared with the one that it is of."""
    return record.host == socket.gethostname() or bool(record.machine and record.machine == machine())


def _iso(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat(timespec="microseconds")


def _remove_tree(path: str) -> None:
    try:
        shutil.rmtree(path)
    except PermissionError:  # the pod has taken its own rights away, as Go does with what it downloads
        for folder, names, _ in os.walk(path):
            for inner in (os.path.join(folder, name) for name in names):
                if not os.path.islink(inner):
                    os.chmod(inner, 0o700)
        shutil.rmtree(path)
