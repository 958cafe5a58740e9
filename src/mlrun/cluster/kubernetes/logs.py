"""What a pod has printed, from a byte on: Kubernetes knows no bytes, and keeps the newest part only."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Generator, Iterator
from typing import NamedTuple

from mlrun.cluster.base import Resource
from mlrun.cluster.kubernetes.connection import (
    Connection,
    ExpiredError,
    InterruptedRequestError,
    Pauses,
)
from mlrun.cluster.kubernetes.kinds import POD, Kind, logged
from mlrun.cluster.kubernetes.marks import age
from mlrun.cluster.kubernetes.states import pod_state, work_of
from mlrun.cluster.kubernetes.watching import events_of
from mlrun.errors import MLRunAccessDeniedError, MLRunInvalidArgumentError, MLRunNotFoundError

_TAIL = 4096  # bytes of what was read last, by which it is found again
_REMEMBERED = 1000  # pods
_LONGEST_WAIT_S = 60  # for a change; then looked at anew
_FOR_OPERATOR_S = 5  # that of its pod is not always one of its resource
_NO_LOG = re.compile(  # what the kubelet says in place of a log, or behind it, with a status of success
    rb"(unable to retrieve container logs for |failed to try resolving symlinks in path "
    rb"|rpc error: code = \w+ desc = .*container )[^\n]*"
)
_BROKEN_S = 0.2  # pause after a watch that broke


class Place(NamedTuple):
    """How far a log was read: *offset* in all that the pod has printed, *skip* in what is kept of it."""

    offset: int
    skip: int
    tail: bytes = b""  # what stands before

    def after(self, read: bytes) -> Place:
        return Place(self.offset + len(read), self.skip + len(read), (self.tail + read[-_TAIL:])[-_TAIL:])

    def in_log(self, kept: bytes) -> int:
        """
        Where in *kept* the rest begins.

        The kubelet begins a new file every 10 MB, and gives the newest one only; then what was read last is
        looked for: in the middle of the new file, or so that the file begins with its end.
        """
        if kept[max(self.skip - len(self.tail), 0) : self.skip] == self.tail:
            return min(self.skip, len(kept))
        if (found := kept.rfind(self.tail)) >= 0:
            return found + len(self.tail)
        lengths = range(min(len(self.tail), len(kept)), 0, -1)
        return next((n for n in lengths if kept[n - 1] == 10 and self.tail.endswith(kept[:n])), 0)


class Logs:
    """Logs of the pods of one namespace. Threads may share it; it remembers how far each was read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._places: OrderedDict[str, Place] = OrderedDict()  # by the pod's uid
        self._lock = threading.Lock()

    def read(self, name: str, offset: int = 0) -> Iterator[bytes]:
        """What there is by now."""
        if pod := self._pod(name):
            yield from self._rest(pod, self._place(pod, offset))

    def follow(self, name: str, offset: int = 0) -> Iterator[bytes]:
        """What there is, and what comes, until the pod has ended or is gone."""
        pod = self._wait_for_pod(name)
        if not pod:
            return
        place, pauses = self._place(pod, offset), Pauses(first_s=1)
        while not pod_state(pod).is_final:
            if _has_started(pod):
                before = place
                if place.tail:
                    place = yield from self._rest(pod, place)
                place = yield from self._live(pod, place)
                if place != before:
                    pauses.reset()
            changed = self._next_change(POD, pod, pauses.next() if _has_started(pod) else _LONGEST_WAIT_S)
            if not changed:
                return
            pod = changed
        yield from self._rest(pod, place)

    def _live(self, pod: Resource, place: Place) -> Generator[bytes, None, Place]:
        """Give what comes until the connection ends, however it does."""
        skip = place.skip
        try:
            with self._connection.open(self._path(pod), _query(pod) | {"follow": "true"}) as log:
                for chunk in log.chunks():
                    if _NO_LOG.fullmatch(chunk):
                        break
                    new, skip = chunk[skip:], max(skip - len(chunk), 0)
                    if new:
                        place = self._remember(pod, place.after(new))
                        yield new
        except (InterruptedRequestError, MLRunNotFoundError, MLRunInvalidArgumentError):
            pass  # the pod's state says how to go on
        return place

    def _rest(self, pod: Resource, place: Place) -> Generator[bytes, None, Place]:
        """Give what is kept and has not been read."""
        try:
            kept = self._connection.fetch("GET", self._path(pod), _query(pod))
        except (MLRunInvalidArgumentError, MLRunNotFoundError):  # it has not started, or is gone
            return place
        if _NO_LOG.fullmatch(kept):
            return place
        begin = place.in_log(kept)
        if new := kept[begin:]:
            place = self._remember(pod, place._replace(skip=begin).after(new))
            yield new
        return place

    def _path(self, pod: Resource) -> str:
        return POD.path(self._connection.namespace, pod["metadata"]["name"]) + "/log"

    def _place(self, pod: Resource, offset: int) -> Place:
        with self._lock:
            place = self._places.get(pod["metadata"]["uid"])
        return place if place and place.offset == offset else Place(offset, offset)

    def _remember(self, pod: Resource, place: Place) -> Place:
        with self._lock:
            self._places[pod["metadata"]["uid"]] = place
            self._places.move_to_end(pod["metadata"]["uid"])
            if len(self._places) > _REMEMBERED:
                self._places.popitem(last=False)
        return place

    def _wait_for_pod(self, name: str) -> Resource | None:
        """The pod, as soon as the operator that makes it has; none if that is never to come."""
        while not (pod := self._pod(name)):
            kind, resource = next(self._resources(name), (POD, None))
            if not resource or kind.state(resource).is_final:
                return None
            self._next_change(kind, resource, _FOR_OPERATOR_S)
        return pod

    def _pod(self, name: str) -> Resource | None:
        """
        The pod of that name, or the one that does the work of an operator's resource of that name.

        Raises:
            MLRunNotFoundError: There is neither; none is given for a resource that has no pod so far.
        """
        if pod := self._read(POD, name):
            return pod
        for kind in logged():
            query = {"labelSelector": kind.selector(name)}
            pods = self._connection.ask("GET", POD.path(self._connection.namespace), query)["items"]
            if pods:
                newest: Resource = max(pods, key=age)
                return newest
        if not any(self._resources(name)):
            raise MLRunNotFoundError(f"no pod {name!r}")
        return None

    def _resources(self, name: str) -> Iterator[tuple[Kind, Resource]]:
        """The resources of that name which an operator sees to."""
        for kind in logged():
            if resource := self._read(kind, name):
                yield kind, resource

    def _read(self, kind: Kind, name: str) -> Resource | None:
        try:
            return self._connection.ask("GET", kind.path(self._connection.namespace, name))
        except MLRunNotFoundError:
            return None
        except MLRunAccessDeniedError:
            if kind is POD:
                raise
            return None  # operators are not for this account

    def _next_change(self, kind: Kind, resource: Resource, wait_s: float) -> Resource | None:
        """The resource when it is another than it was, or after a while; none when it is gone."""
        metadata = resource["metadata"]
        now = self._read(kind, metadata["name"])
        if not now or now["metadata"]["resourceVersion"] != metadata["resourceVersion"]:
            return now
        query = {
            "watch": "true",
            "fieldSelector": f"metadata.name={metadata['name']}",
            "resourceVersion": metadata["resourceVersion"],
            "timeoutSeconds": max(1, round(wait_s)),
        }
        try:
            with self._connection.open(kind.path(self._connection.namespace), query) as watch:
                for event in events_of(watch):
                    return None if event["type"] == "DELETED" else event["object"]
        except (ExpiredError, InterruptedRequestError):
            time.sleep(_BROKEN_S)
        return self._read(kind, metadata["name"])


def _has_started(pod: Resource) -> bool:
    statuses = pod.get("status", {}).get("containerStatuses") or []
    return bool(work_of(statuses).get("state", {}).keys() & {"running", "terminated"})


def _query(pod: Resource) -> dict[str, str]:
    return {"container": work_of(pod["spec"]["containers"])["name"]}
