"""The port: a place where pods run; one contract suite holds every adapter to it."""

from __future__ import annotations

import abc
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from mlrun.backports import StrEnum
from mlrun.model.pod import PodEvent, PodState

Resource = dict[str, Any]
Secrets = Mapping[str, Mapping[str, str]]
Selector = Mapping[str, str]
Events = list[PodEvent]  # the port has a method of that name
_HAS_NO_MLRUN = re.compile(
    'executable file `mlrun` not found|exec: "mlrun": executable file not found|^mlrun can not be executed'
)


def advice_on_start(problem: str) -> str:
    """What helps where *problem* is why a container can not be started; empty where that is not known."""
    if not _HAS_NO_MLRUN.search(problem):
        return ""
    return "; its image has no mlrun: `mlrun build` adds it to one that has Python 3.9 or newer"


class Reach(StrEnum):
    """What a pod has of the machine that creates it."""

    FILES = "files"  # every file, by its path
    MOUNTS = "mounts"  # the folders that its volumes name
    NETWORK = "network"  # nothing but addresses


class Cluster(abc.ABC):
    """
    Runs pods, and tells how they are.

    What goes in is a Kubernetes resource as a dictionary: a ``v1`` Pod with one container ``base``, or,
    where :attr:`runs_operators`, the resource of an operator. An adapter reads of a pod what it can do
    (docs/clusters.md has the table), and refuses with a sentence what it can not do and a user would miss.
    A pod outlives the process that created it: another one of this user finds it by its name and labels.

    Threads may share an instance.

    Example::

        cluster = get_cluster("process")
        name = cluster.create(pod)
        for state in cluster.watch({"mlrun/uid": uid}):
            if state.is_final:
                break
    """

    kind: ClassVar[str] = ""
    reach: ClassVar[Reach] = Reach.NETWORK
    runs_operators: ClassVar[bool] = False

    @property
    def place(self) -> str:
        """Names this place among all: whoever has the same sees the same pods."""
        return self.kind if self.reach is Reach.NETWORK else f"{self.kind}@{socket.gethostname()}"

    @abc.abstractmethod
    def create(self, resource: Resource, secrets: Secrets | None = None) -> str:
        """
        Start a pod and give its name; it has not always begun to run when this returns.

        Args:
            resource: ``metadata.name`` is its name, which whoever creates it chooses, so that creating it
                twice is found out.
            secrets: Name of a secret to key to value: those that ``secretKeyRef``s and volumes of
                *resource* name and the cluster does not keep itself. They live as long as the pod, and are
                in no argument list, state, log or error.

        Raises:
            MLRunConflictError: There is a pod of that name: ``pod train-3f2a81bc exists``.
            MLRunInvalidArgumentError: The cluster can not run this; the message names the field.
            MLRunNotFoundError: A secret, volume or (where that is known at once) image that is not there.
            MLRunServiceUnavailableError: It can not be reached.
            MLRunTimeoutError: It has not answered in time, as while it waits for an image.
            MLRunRuntimeError: It refuses for a reason of its own; nothing is left of the pod.
        """

    @abc.abstractmethod
    def read(self, name: str, kind: str = "Pod") -> PodState:
        """
        Raises:
            MLRunNotFoundError: ``no pod 'train-3f2a81bc'``.
        """

    @abc.abstractmethod
    def list(self, selector: Selector | None = None, kind: str = "Pod") -> list[PodState]:
        """Those that have every label of *selector*, oldest first; with those that have ended."""

    @abc.abstractmethod
    def delete(self, name: str, kind: str = "Pod", grace_s: float | None = None) -> None:
        """
        End it with all that it has started, and forget it with its log; nothing happens if there is none.

        Args:
            grace_s: Between being asked to end (SIGTERM) and being killed; by default what its resource says
                (``terminationGracePeriodSeconds``), else 30. When this returns nothing of it runs, or the
                cluster has taken over to see to that.
        """

    @abc.abstractmethod
    def logs(self, name: str, offset: int = 0, follow: bool = False) -> Iterator[bytes]:
        """
        What the pod has printed, both streams in one, from byte *offset* on.

        Args:
            follow: Go on until it has ended.

        Raises:
            MLRunNotFoundError: As :meth:`read`.
        """

    @abc.abstractmethod
    def events(self, name: str) -> Events:
        """What the cluster has to say about it, oldest first; empty where that is nothing."""

    @abc.abstractmethod
    def watch(
        self, selector: Selector | None = None, stop: threading.Event | None = None, kind: str = "Pod"
    ) -> Iterator[PodState]:
        """
        The state of every pod that has the labels, now and at each change, until *stop* is set.

        No change is left out for good: after a break of the connection every state is given again. One that
        was deleted is given once more, ``failed`` with the reason ``Deleted`` (unless it had ended before),
        also where it ends in good order and with exit code 0 because of that; its exit code need not be
        known. It returns within a second of *stop*; where nothing changes it costs next to nothing.
        """

    def close(self) -> None:  # noqa: B027 - most have nothing open
        """Give connections back; pods go on."""
