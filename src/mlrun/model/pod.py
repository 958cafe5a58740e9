"""The state of a pod, as any cluster tells it."""

from __future__ import annotations

import datetime

from mlrun.backports import StrEnum
from mlrun.model.base import Model, field


class PodPhase(StrEnum):
    """pending -> running -> succeeded | failed; a pod never leaves the last two."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"  # the cluster has lost sight of it

    @property
    def is_final(self) -> bool:
        return self in (PodPhase.SUCCEEDED, PodPhase.FAILED)


class PodState(Model):
    """
    One look at one pod (or at the resource of an operator); times are ISO 8601 with their zone, empty where
    it has not come so far.
    """

    name: str = ""
    kind: str = "Pod"  # of the resource
    phase: str = PodPhase.PENDING.value
    reason: str = ""  # one word, Kubernetes' where it has one: OOMKilled, Evicted, ErrImagePull, Error ...
    message: str = ""  # a sentence for people
    exit_code: int | None = None
    is_scheduled: bool = False  # has a place to run, and perhaps waits for its image
    node: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    created: str = ""
    started: str = ""
    ended: str = ""

    @property
    def is_final(self) -> bool:
        return PodPhase(self.phase).is_final

    def deleted(self) -> PodState:
        """The last state of one that was deleted before it had ended."""
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="microseconds")
        gone = self.copy()
        gone.phase, gone.reason, gone.message = PodPhase.FAILED.value, "Deleted", "it was deleted"
        gone.ended = now
        return gone


class PodEvent(Model):
    """What a cluster has to say about a pod, such as that an image can not be pulled."""

    time: str = ""
    reason: str = ""
    message: str = ""
    is_warning: bool = False
