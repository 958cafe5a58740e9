"""Pods for the tests of clusters: made from the least that a cluster runs, followed, and taken away."""

from __future__ import annotations

import copy
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlrun.cluster.base import Cluster, Resource, Secrets
from mlrun.errors import MLRunNotFoundError
from mlrun.model.pod import PodState

LOOK_EVERY_S = 0.05


def seeing(folder: Path) -> dict[str, Any]:
    """Fields of a pod that sees a folder of this machine: by files in it a test tells it to go on."""
    return {
        "volumeMounts": [{"name": "seen", "mountPath": str(folder)}],
        "spec": {"volumes": [{"name": "seen", "hostPath": {"path": str(folder)}}]},
    }


class Pods:
    """
    The pods of one test; nobody else's have its label.

    Args:
        base: A pod whose container ``base`` has a POSIX shell; all but its name and what it runs.
        patience_s: Waiting longer for anything fails the test.
    """

    def __init__(self, cluster: Cluster, base: Resource, patience_s: float) -> None:
        self.cluster = cluster
        self.selector = {"test": uuid.uuid4().hex}
        self._base = base
        self._patience_s = patience_s
        self._names: list[str] = []

    def make(self, script: str, name: str = "", **fields: Any) -> Resource:
        """A pod that runs a shell script; *fields* are of its container, those of ``spec`` one of them."""
        pod = copy.deepcopy(self._base)
        metadata = pod.setdefault("metadata", {})
        metadata["name"] = name or f"test-{uuid.uuid4().hex[:12]}"
        metadata["labels"] = {**metadata.get("labels", {}), **self.selector, **fields.pop("labels", {})}
        spec = fields.pop("spec", {})
        pod["spec"] |= {"volumes": pod["spec"].get("volumes", []) + spec.pop("volumes", []), **spec}
        container = pod["spec"]["containers"][0]
        mounts = container.get("volumeMounts", []) + fields.pop("volumeMounts", [])
        env = container.get("env", []) + fields.pop("env", [])
        container |= {"command": ["/bin/sh", "-c", script], "volumeMounts": mounts, "env": env, **fields}
        return pod

    def create(self, pod: Resource, secrets: Secrets | None = None) -> str:
        """As the cluster's; the pod is taken away with the test."""
        self._names.append(pod["metadata"]["name"])
        return self.cluster.create(pod, secrets)

    def start(self, script: str, secrets: Secrets | None = None, **fields: Any) -> str:
        return self.create(self.make(script, **fields), secrets)

    def clear(self) -> None:
        for name in self._names:
            self.cluster.delete(name, grace_s=0)

    def run(self, script: str, secrets: Secrets | None = None, **fields: Any) -> tuple[PodState, str]:
        """How a script ended, and what it printed."""
        name = self.start(script, secrets, **fields)
        return self.ended(name), self.log(name)

    def ended(self, name: str) -> PodState:
        """The state of a pod when it has ended."""
        with self.timer("the end of a pod") as stop:
            for state in self.cluster.watch(self.selector, stop):
                if state.name == name and state.is_final:
                    return state
        raise AssertionError(f"{name} has not ended: {self.cluster.read(name)}, {self.log(name)!r}")

    def log(self, name: str) -> str:
        return b"".join(self.cluster.logs(name)).decode()

    def printed(self, name: str, text: str) -> None:
        """Wait until a running pod has printed *text*."""
        self.until(lambda: text in self._log_so_far(name), f"{name} has printed {text!r}")

    def _log_so_far(self, name: str) -> str:
        try:
            return self.log(name)
        except MLRunNotFoundError:
            return ""

    def gone(self, name: str) -> None:
        """Wait until the cluster has forgotten a pod that was deleted."""

        def is_gone() -> bool:
            try:
                self.cluster.read(name)
            except MLRunNotFoundError:
                return True
            return False

        self.until(is_gone, f"{name} is gone")

    def until(self, is_so: Callable[[], bool], claim: str) -> None:
        with self.timer(claim) as late:
            while not is_so():
                assert not late.wait(LOOK_EVERY_S), f"not so after {self._patience_s} s: {claim}"

    @contextmanager
    def watching(self) -> Iterator[Watching]:
        """A thread that watches the pods of this test while the block runs."""
        watching = Watching(self.cluster, self.selector)
        watching.start()
        try:
            yield watching
        finally:
            watching.stop.set()
            watching.join(self._patience_s)
            assert not watching.is_alive(), "watching goes on after it was told to stop"

    @contextmanager
    def timer(self, what: str) -> Iterator[threading.Event]:
        """An event that is set when the patience is at its end."""
        late = threading.Event()
        timer = threading.Timer(self._patience_s, late.set)
        timer.daemon = True
        timer.name = f"waits for {what}"
        timer.start()
        try:
            yield late
        finally:
            timer.cancel()
            timer.join()


class Watching(threading.Thread):
    """Collects the states that a cluster's watch gives."""

    def __init__(self, cluster: Cluster, selector: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self.states: list[PodState] = []
        self.stop = threading.Event()
        self._cluster = cluster
        self._selector = selector

    def run(self) -> None:
        for state in self._cluster.watch(self._selector, self.stop):
            self.states.append(state)

    def of(self, name: str) -> list[PodState]:
        return [state for state in list(self.states) if state.name == name]

    def ended(self) -> set[str]:
        return {state.name for state in list(self.states) if state.is_final}
