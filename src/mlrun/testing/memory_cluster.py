"""A cluster in memory: pods do nothing, and are in the states that a test says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from mlrun.cluster.base import Cluster, Events, Reach, Resource, Secrets, Selector
from mlrun.db import times
from mlrun.errors import MLRunConflictError, MLRunNotFoundError
from mlrun.model.pod import PodPhase, PodState


class MemoryCluster(Cluster):
    """
    Keeps what it was told to create, for a test to look at::

        cluster = MemoryCluster()
        launcher.submit(function, run)
        cluster.set(name, phase="failed", reason="OOMKilled", exit_code=137)
    """

    kind = "memory"

    def __init__(self, reach: Reach = Reach.FILES) -> None:
        self.reach = reach  # type: ignore[misc]  # each test has the one that it is about
        self.resources: dict[str, Resource] = {}
        self.secrets: dict[str, Any] = {}  # by the name of their pod
        self.printed: dict[str, bytes] = {}
        self.graces: list[float | None] = []  # of what was deleted
        self._states: dict[str, PodState] = {}
        self._changes: list[PodState] = []
        self._changed = threading.Condition()

    def set(self, name: str, **fields: Any) -> None:
        """Change the state of a pod; one that ends does so now."""
        with self._changed:
            state = self._states[name]
            for field, value in fields.items():
                setattr(state, field, value)
            if state.is_final:
                state.ended = state.ended or times.now()
            self._tell(state)

    def create(self, resource: Resource, secrets: Secrets | None = None) -> str:
        name = str(resource["metadata"]["name"])
        with self._changed:
            if name in self._states:
                raise MLRunConflictError(f"pod {name} exists")
            self.resources[name], self.secrets[name] = resource, dict(secrets or {})
            labels = dict(resource["metadata"].get("labels", {}))
            self._states[name] = PodState(name=name, labels=labels, created=times.now())
            self._tell(self._states[name])
        return name

    def read(self, name: str, kind: str = "Pod") -> PodState:
        with self._changed:
            if name not in self._states:
                raise MLRunNotFoundError(f"no pod {name!r}")
            return self._states[name].copy()

    def list(self, selector: Selector | None = None, kind: str = "Pod") -> list[PodState]:
        with self._changed:
            return [state.copy() for state in self._states.values() if _has(state, selector)]

    def delete(self, name: str, kind: str = "Pod", grace_s: float | None = None) -> None:
        with self._changed:
            if (state := self._states.pop(name, None)) is None:
                return
            self.graces.append(grace_s)
            self.printed.pop(name, None)
            if not state.is_final:
                state.phase, state.reason = PodPhase.FAILED.value, "Deleted"
                self._tell(state)

    def logs(self, name: str, offset: int = 0, follow: bool = False) -> Iterator[bytes]:
        self.read(name)
        yield self.printed.get(name, b"")[offset:]

    def events(self, name: str) -> Events:
        return []

    def watch(
        self, selector: Selector | None = None, stop: threading.Event | None = None, kind: str = "Pod"
    ) -> Iterator[PodState]:
        stop = stop or threading.Event()
        seen = 0
        while not stop.is_set():
            with self._changed:
                if seen == len(self._changes):
                    self._changed.wait(0.05)
                new, seen = self._changes[seen:], len(self._changes)
            yield from (state for state in new if _has(state, selector))

    def _tell(self, state: PodState) -> None:
        self._changes.append(state.copy())
        self._changed.notify_all()


def _has(state: PodState, selector: Selector | None) -> bool:
    return all(state.labels.get(name) == value for name, value in (selector or {}).items())
