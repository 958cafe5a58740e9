"""Images that a pod of a Kubernetes cluster builds with rootless BuildKit, and pushes."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Iterator
from typing import ClassVar

from mlrun.builders.base import NEVER, Builder, Log
from mlrun.builders.buildkit import failure
from mlrun.builders.command import TAIL, said_at_the_end
from mlrun.builders.context import laid_out
from mlrun.builders.names import registry_of
from mlrun.builders.plan import BuildPlan
from mlrun.builders.pod import build_pod
from mlrun.cluster import get_cluster
from mlrun.cluster.base import Cluster
from mlrun.cluster.environments import is_environment
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, MLRunRuntimeError, MLRunTimeoutError
from mlrun.model.pod import PodPhase

_WILL_NOT_START = ("ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError")


class KubernetesBuilder(Builder):
    """
    Gives a pod the context of a build, follows its log, and takes it away.

    What a registry has is not asked, so no image is found there. A build whose process was killed goes on in
    its pod, to its end or to the deadline of ``builder.timeout``.

    Args:
        cluster: By default the Kubernetes that the settings name.
    """

    kind: ClassVar[str] = "kubernetes"
    program: ClassVar[tuple[str, ...]] = ("buildctl-daemonless.sh",)  # in the image of the setting

    def __init__(self, cluster: Cluster | None = None) -> None:
        self._cluster = cluster

    def find(self, plan: BuildPlan) -> str:
        _check(plan)
        return ""

    def runs(self, image: str) -> bool:
        return not is_environment(image)

    def build(self, plan: BuildPlan, log: Log, stop: threading.Event = NEVER) -> str:
        _check(plan)
        cluster = self._cluster or get_cluster(self.kind)
        name = f"mlrun-build-{uuid.uuid4().hex[:12]}"
        with laid_out(plan) as context:
            resource, secrets = build_pod(name, plan, context, self.program)
            if context.told:
                log(f"{context.told}\n".encode())
        cluster.create(resource, secrets)
        try:
            log(f"pod {name} builds {plan.image}\n".encode())
            with _ended_by(stop, cluster, name):
                tail = _follow(cluster, name, log)
            if stop.is_set():
                raise MLRunRuntimeError(f"the build was stopped in the pod {name}")
            _check_end(cluster, name, tail)
        finally:
            cluster.delete(name, grace_s=0)
        return plan.image


def _check(plan: BuildPlan) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: The image would go nowhere.
    """
    if not registry_of(plan.image):
        raise MLRunInvalidArgumentError(
            f"the image {plan.image!r} names no registry, and the nodes of a cluster pull images from one:"
            " the setting httpdb.builder.docker_registry names it, or image='registry.example.com/name:tag'"
        )


@contextlib.contextmanager
def _ended_by(stop: threading.Event, cluster: Cluster, name: str) -> Iterator[None]:
    """Inside the block the pod is deleted, and with that its log ended, when *stop* is set."""
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(0.2):
            if stop.is_set():
                cluster.delete(name, grace_s=0)
                return

    looking = threading.Thread(target=look, name="mlrun-build-stop", daemon=True)
    looking.start()
    try:
        yield
    finally:
        is_over.set()
        looking.join()


def _follow(cluster: Cluster, name: str, log: Log) -> bytes:
    """Until the pod has ended, or is gone; gives the end of what it has printed."""
    _wait_for_start(cluster, name, log)
    tail = b""
    for data in cluster.logs(name, follow=True):
        tail = (tail + data)[-TAIL:]
        log(data)
    return tail


def _wait_for_start(cluster: Cluster, name: str, log: Log) -> None:
    """
    Raises:
        MLRunRuntimeError: It never will.
    """
    is_over, before = threading.Event(), ""
    states = cluster.watch({"mlrun/build": name}, is_over)
    try:
        for state in states:
            if state.phase != PodPhase.PENDING:
                return
            if state.reason in _WILL_NOT_START:
                raise MLRunRuntimeError(f"the pod {name} does not start: {state.reason}: {state.message}")
            if state.reason != before:
                before = state.reason
                log(f"pod {name} waits: {state.reason} {state.message}\n".encode())
    finally:
        is_over.set()


def _check_end(cluster: Cluster, name: str, tail: bytes) -> None:
    """
    Raises:
        MLRunNotFoundError: There is no such base image.
        MLRunTimeoutError: It took too long.
        MLRunRuntimeError: It did not end well.
    """
    try:
        state = cluster.read(name)
    except MLRunNotFoundError as error:
        raise MLRunRuntimeError(f"the pod {name} was deleted while it built") from error
    if state.phase == PodPhase.SUCCEEDED:
        return
    if state.reason == "DeadlineExceeded":
        limit = f"{float(mlconf.builder.timeout):g} s (setting builder.timeout)"
        raise MLRunTimeoutError(
            said_at_the_end(f"the build in the pod {name} took longer than {limit}", tail)
        )
    if failed := failure(tail.decode("utf-8", "replace")):
        raise failed
    how = f"{state.reason}: {state.message}" if state.message else state.reason
    raise MLRunRuntimeError(said_at_the_end(f"the build in the pod {name} failed ({how})", tail))
