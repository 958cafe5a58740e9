"""Pods as containers of this machine, run by podman or docker."""

from __future__ import annotations

import contextlib
import json
import math
import os
import threading
import time
import uuid
from collections.abc import Iterator, Sequence

from mlrun.cluster.base import Cluster, Events, Reach, Resource, Secrets, Selector, advice_on_start
from mlrun.cluster.manifest import PodPlan, read_pod
from mlrun.cluster.manifest_volumes import make_host_folders
from mlrun.cluster.podman.arguments import LABEL, run_words
from mlrun.cluster.podman.belongings import Belongings, sweep
from mlrun.cluster.podman.engine import ANSWERS_WITHIN_S, Answer, Engine, find_engine
from mlrun.cluster.podman.handover import handover
from mlrun.cluster.podman.inspection import (
    Container,
    name_of,
    read_events,
    state_of,
    stop_timeout_of,
    token_of,
)
from mlrun.cluster.podman.watching import Watch
from mlrun.config import mlconf
from mlrun.errors import MLRunBaseError, MLRunConflictError, MLRunNotFoundError, MLRunRuntimeError
from mlrun.model.pod import PodState

_NOT_FOUND = ("no such", "no container with name or ID")
_MANY = 200  # containers that are asked for at once


class PodmanCluster(Cluster):
    """
    Each pod is a container of this machine, which has the pod's name.

    Args:
        engine: The command; None is the one that the settings name.
    """

    kind = "podman"
    reach = Reach.MOUNTS

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine or find_engine()
        sweep(self._folder, lambda: self._names(_filters(None)))

    @property
    def _folder(self) -> str:
        """Of what pods have beside their containers."""
        return os.path.abspath(os.path.join(os.path.expanduser(mlconf.home), "podman"))

    def create(self, resource: Resource, secrets: Secrets | None = None) -> str:
        plan = read_pod(resource, secrets, os.uname().nodename)
        token = uuid.uuid4().hex
        belongings = Belongings(self._folder, plan.name, token)
        make_host_folders(plan.mounts)
        try:
            belongings.write_secrets(plan.mounts)
            with handover(plan, secrets or {}) as given:
                answer = self._engine.ask(
                    *run_words(plan, token, belongings.folder, given.words, self._engine.is_docker),
                    env=given.env,
                    timeout_s=float(mlconf.cluster.podman.pull_timeout),
                    folder=belongings.folder,  # conmon leaves files where podman works
                )
            if answer.code:
                raise self._why_not(plan, answer)
        except BaseException:
            self._discard(plan.name, token)
            belongings.remove()
            raise
        return plan.name

    def _why_not(self, plan: PodPlan, answer: Answer) -> MLRunBaseError:
        """What the failure of ``run`` means."""
        if answer.has_said("is already in use"):
            return MLRunConflictError(f"pod {plan.name} exists")
        if self._engine.ask("image", "inspect", plan.image).code:
            return MLRunNotFoundError(
                f"pod {plan.name}: the image {plan.image} is not here, and can not be pulled"
                f" ({answer.error}); build it with `mlrun build`, or with"
                f" `{self._engine.words[0]} build --tag {plan.image}`"
            )
        return MLRunRuntimeError(
            f"pod {plan.name} can not be started: {answer.error}{advice_on_start(answer.error)}"
        )

    def _discard(self, name: str, token: str) -> None:
        """Remove what a failed creation has left; nobody else's container of that name."""
        with contextlib.suppress(MLRunNotFoundError):
            if token_of(self._container(name)) == token:
                self._engine.ask("rm", "--force", "--volumes", name)

    def read(self, name: str, kind: str = "Pod") -> PodState:
        return self._state(self._container(name))

    def list(self, selector: Selector | None = None, kind: str = "Pod") -> list[PodState]:
        states = self._states(self._names(_filters(selector)))
        return sorted(states, key=lambda state: (state.created, state.name))

    def delete(self, name: str, kind: str = "Pod", grace_s: float | None = None) -> None:
        try:
            container = self._container(name)
        except MLRunNotFoundError:
            return
        grace = [] if grace_s is None else ["-t", str(math.ceil(grace_s))]
        at_most = ANSWERS_WITHIN_S + (stop_timeout_of(container) if grace_s is None else grace_s)
        belongings = self._belongings(container)
        if not self._state(container).is_final:
            belongings.note_deletion()
        for words in (["stop", *grace, name], ["rm", "--force", "--volumes", name]):
            answer = self._engine.ask(*words, timeout_s=at_most)
            if answer.code and not answer.has_said(*_NOT_FOUND):
                raise MLRunRuntimeError(f"pod {name} can not be deleted: {answer.error}")
        belongings.remove()

    def logs(self, name: str, offset: int = 0, follow: bool = False) -> Iterator[bytes]:
        self._container(name)
        return self._log(name, offset, follow)

    def _log(self, name: str, offset: int, follow: bool) -> Iterator[bytes]:
        command = self._engine.stream("logs", *(["--follow"] if follow else []), name)
        assert command.stdout
        try:
            while part := os.read(command.stdout.fileno(), 1 << 16):
                skipped = min(offset, len(part))
                offset -= skipped
                if part := part[skipped:]:
                    yield part
        finally:
            command.kill()
            command.stdout.close()
            command.wait()

    def events(self, name: str) -> Events:
        self._container(name)
        form = "{{json .}}" if self._engine.is_docker else "json"
        until_now = ["--until", f"{time.time():.9f}"] if self._engine.is_docker else ["--stream=false"]
        words = ("--format", form, "--filter", f"container={name}", "--since", "8760h", *until_now)
        return list(read_events(self._engine.tell("events", *words)))

    def watch(
        self, selector: Selector | None = None, stop: threading.Event | None = None, kind: str = "Pod"
    ) -> Iterator[PodState]:
        labels = {LABEL: None, **(selector or {})}
        watch = Watch(self._engine, labels, lambda: self._names(_filters(selector)), self._states)
        return watch.states(stop or threading.Event())

    def _container(self, name: str) -> Container:
        """
        Raises:
            MLRunNotFoundError: There is none of that name, or it is no pod.
        """
        found = self._containers([name])
        if not found:
            raise MLRunNotFoundError(f"no pod {name!r}")
        return found[0]

    def _containers(self, names: Sequence[str]) -> Sequence[Container]:
        """Those of *names* that are there, and are pods."""
        answer = self._engine.ask("inspect", "--type", "container", *names)
        if answer.code and not answer.has_said(*_NOT_FOUND):
            raise MLRunRuntimeError(f"{self._engine.words[0]} inspect: {answer.error}")
        return [found for found in json.loads(answer.out or "[]") if token_of(found)]

    def _states(self, names: Sequence[str]) -> Sequence[PodState]:
        parts = (names[first : first + _MANY] for first in range(0, len(names), _MANY))
        return [self._state(found) for part in parts for found in self._containers(part)]

    def _state(self, container: Container) -> PodState:
        return state_of(container, self._belongings(container).is_deleted())

    def _belongings(self, container: Container) -> Belongings:
        return Belongings(self._folder, name_of(container), token_of(container))

    def _names(self, filters: Sequence[str]) -> Sequence[str]:
        return self._engine.tell("ps", "--all", "--format", "{{.Names}}", *filters).split()


def _filters(selector: Selector | None) -> Sequence[str]:
    """Words that select pods by their labels."""
    labels = [LABEL, *(f"{key}={value}" for key, value in (selector or {}).items())]
    return [word for label in labels for word in ("--filter", f"label={label}")]
