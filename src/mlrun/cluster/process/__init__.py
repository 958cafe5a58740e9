"""Pods as child processes of this machine: nothing to install, nothing to mount."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

from mlrun.cluster.base import Cluster, Events, Reach, Resource, Secrets, Selector
from mlrun.cluster.manifest import read_pod
from mlrun.cluster.process.creation import create
from mlrun.cluster.process.folder import PodFolder, has_labels, not_found, pod_names, sweep
from mlrun.cluster.process.following import follow_log, read_log
from mlrun.cluster.process.groups import ControlGroups
from mlrun.cluster.process.watching import Watch
from mlrun.config import mlconf
from mlrun.errors import MLRunNotFoundError, MLRunRuntimeError
from mlrun.log import logger
from mlrun.model.pod import PodState


class ProcessCluster(Cluster):
    """
    Each pod is a folder (``pods/<name>`` in the mlrun home) and a group of processes, with the rights of who
    creates it.

    An image is a Python environment: ``environment:<digest>`` one that was built, every other one that of
    this interpreter.

    Args:
        folder: Of the pods; empty is the one in the mlrun home.
    """

    kind = "process"
    reach = Reach.FILES

    def __init__(self, folder: str = "") -> None:
        self._folder = folder
        self._groups = ControlGroups()
        self._told: set[str] = set()
        sweep(self.folder)

    @property
    def folder(self) -> str:
        return os.path.abspath(self._folder or os.path.join(os.path.expanduser(mlconf.home), "pods"))

    @property
    def place(self) -> str:
        return f"{super().place}:{self.folder}"

    @property
    def limits_memory(self) -> bool:
        """Whether memory limits are kept here."""
        return self._groups.can_limit("memory")

    def create(self, resource: Resource, secrets: Secrets | None = None) -> str:
        plan = read_pod(resource, secrets, os.uname().nodename)
        for warning in create(self.folder, plan, self._groups):
            if warning not in self._told:
                self._told.add(warning)
                logger.warning(f"pod {plan.name}: {warning}")
        return plan.name

    def read(self, name: str, kind: str = "Pod") -> PodState:
        return self._pod(name).state()

    def list(self, selector: Selector | None = None, kind: str = "Pod") -> list[PodState]:
        found = []
        for name in pod_names(self.folder):
            pod = PodFolder(f"{self.folder}/{name}")
            try:
                if has_labels(pod.record.labels, selector):
                    found.append(pod.state())
            except MLRunNotFoundError:  # deleted meanwhile
                continue
        return sorted(found, key=lambda state: (state.created, state.name))

    def delete(self, name: str, kind: str = "Pod", grace_s: float | None = None) -> None:
        try:
            pod = self._pod(name)
            pod.end(pod.record.grace_s if grace_s is None else grace_s, "Deleted")
            state = pod.state()  # ends what a killed supervisor has left
        except MLRunNotFoundError:
            return
        if not state.is_final:
            raise MLRunRuntimeError(f"pod {name} can not be deleted here: {state.message}")
        pod.remove()

    def logs(self, name: str, offset: int = 0, follow: bool = False) -> Iterator[bytes]:
        pod = self._pod(name)
        return follow_log(pod, offset) if follow else read_log(pod, offset)

    def events(self, name: str) -> Events:
        return self._pod(name).events()

    def watch(
        self, selector: Selector | None = None, stop: threading.Event | None = None, kind: str = "Pod"
    ) -> Iterator[PodState]:
        return Watch(self.folder, selector or {}).states(stop or threading.Event())

    def _pod(self, name: str) -> PodFolder:
        if not name or os.sep in name or name.startswith("."):
            raise not_found(name)
        pod = PodFolder(f"{self.folder}/{name}")
        if not os.path.isdir(pod.path):
            raise not_found(name)
        return pod
