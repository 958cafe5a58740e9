"""Every change of the resources that have some labels, through broken connections, without polling."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, Union

from mlrun.cluster.base import Resource
from mlrun.cluster.kubernetes.connection import (
    Answer,
    Connection,
    ExpiredError,
    InterruptedRequestError,
    NoSuchKindError,
    Pauses,
    Stream,
    refusal,
)
from mlrun.cluster.kubernetes.kinds import Kind
from mlrun.cluster.kubernetes.marks import age
from mlrun.errors import MLRunBaseError, MLRunRuntimeError, MLRunServiceUnavailableError
from mlrun.log import logger
from mlrun.model.base import dump_json, load_json
from mlrun.model.pod import PodState

PAGE = 500  # resources
_SERVER_ENDS_S = 300  # a watch; it goes on in the next one
_SOON_S = 1.0  # a watch that ends within this is followed by a pause
_LOOK_S = 0.25  # after so long a caller's `stop` is seen


class Listing:
    """All resources of a kind that match, and the version of the whole: where a watch begins."""

    def __init__(self, connection: Connection, kind: Kind, selector: str) -> None:
        self.items: list[Resource] = []
        self.version = ""
        query: dict[str, Any] = {"labelSelector": selector, "limit": PAGE}
        while not self.version:
            try:
                page = connection.ask("GET", kind.path(connection.namespace), query)
            except ExpiredError:
                if "continue" not in query:
                    raise
                self.items.clear()  # the next page came too late: from the beginning
                del query["continue"]
                continue
            self.items += page["items"]
            if token := page["metadata"].get("continue"):
                query["continue"] = token
            else:
                self.version = page["metadata"]["resourceVersion"]
        for item in self.items:  # what a list holds does not say what it is
            item["kind"], item["apiVersion"] = kind.name, kind.api


Told = queue.SimpleQueue[Union[PodState, BaseException]]


def states_of(watches: Sequence[Watch], stop: threading.Event) -> Iterator[PodState]:
    """Of all of them, until *stop*; an error that another try will not mend is raised."""
    told: Told = queue.SimpleQueue()
    for watch in watches:
        watch.start(told)
    try:
        while not stop.is_set():
            try:
                one = told.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            if isinstance(one, BaseException):
                raise one
            yield one
    finally:
        for watch in watches:
            watch.close()


class Watch:
    """
    One watch, read by a thread of its own, so that a server that does not answer holds no caller up.

    A watch that the server ends goes on where it was; after a break everything is listed again.

    Args:
        may_go: An operator that is taken away meanwhile takes all of its kind with it, and is no error.
    """

    def __init__(self, connection: Connection, kind: Kind, selector: str, may_go: bool = False) -> None:
        self._connection = connection
        self._kind = kind
        self._selector = selector
        self._may_go = may_go
        self._known: dict[str, PodState] = {}  # uid to what was told of it last
        self._told: Told
        self._closed = threading.Event()
        self._stream: Stream | None = None

    def start(self, told: Told) -> None:
        """Tell every state, and an error that another try will not mend, until it is closed."""
        self._told = told
        threading.Thread(target=self._run, name="mlrun-watch", daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        if stream := self._stream:
            stream.stop()

    def _run(self) -> None:
        try:
            self._follow_on(self._list())
        except BaseException as error:  # whoever waits for states is told
            if not (self._may_go and isinstance(error, NoSuchKindError)):
                self._told.put(error)
                return
            for uid in [*self._known]:
                self._tell_gone(uid)

    def _follow_on(self, version: str) -> None:
        pauses = Pauses()
        while not self._closed.is_set():
            try:
                version = self._follow(version or self._list(), pauses)
            except ExpiredError:
                version = ""
                self._closed.wait(pauses.next())
            except (InterruptedRequestError, MLRunServiceUnavailableError, MLRunRuntimeError) as error:
                version = ""
                if not self._closed.is_set():
                    logger.warning("a watch was interrupted and goes on", reason=str(error))
                wait_s = error.retry_after_s if isinstance(error, InterruptedRequestError) else 0
                self._closed.wait(pauses.next(wait_s))

    def _list(self) -> str:
        """Tell how everything is, and what is gone; gives the version from which on to watch."""
        listing = Listing(self._connection, self._kind, self._selector)
        there = {item["metadata"]["uid"] for item in listing.items}
        for uid in self._known.keys() - there:
            self._tell_gone(uid)
        for item in sorted(listing.items, key=age):
            self._tell(item["metadata"]["uid"], self._kind.state(item))
        return listing.version

    def _follow(self, version: str, pauses: Pauses) -> str:
        """Tell changes until the server ends the watch; gives the version of the last one."""
        query = {
            "watch": "true",
            "labelSelector": self._selector,
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": _SERVER_ENDS_S,
        }
        path = self._kind.path(self._connection.namespace)
        began = time.monotonic()
        with self._connection.open(path, query) as self._stream:
            if self._closed.is_set():  # between the last look and now
                return version
            for event in events_of(self._stream):
                version = event["object"]["metadata"]["resourceVersion"]
                self._take(event)
        if time.monotonic() - began > _SOON_S:
            pauses.reset()
        else:
            self._closed.wait(pauses.next())
        return version

    def _take(self, event: Answer) -> None:
        if event["type"] == "BOOKMARK":
            return
        uid, state = event["object"]["metadata"]["uid"], self._kind.state(event["object"])
        if self._known.get(uid) != state and (event["type"] != "DELETED" or state.is_final):
            self._tell(uid, state)
        if event["type"] == "DELETED":
            self._known.setdefault(uid, state)
            self._tell_gone(uid)

    def _tell(self, uid: str, state: PodState) -> None:
        self._known[uid] = state
        self._told.put(state)

    def _tell_gone(self, uid: str) -> None:
        state = self._known.pop(uid)
        if not state.is_final:
            self._told.put(state.deleted())


def events_of(stream: Stream) -> Iterator[Answer]:
    """
    Events of a watch.

    Raises:
        ExpiredError: The version that it began from, or has come to, is too old.
        InterruptedRequestError: The connection broke, or the server can not go on just now.
    """
    for line in stream.lines():
        event: Any = load_json(line, "an event of a watch")
        if event["type"] == "ERROR":
            raise _failure(event["object"])
        yield event


def _failure(status: Any) -> MLRunBaseError:
    error = refusal(int(status.get("code") or 500), dump_json(status), "the cluster")
    return error if isinstance(error, ExpiredError) else InterruptedRequestError(error)
