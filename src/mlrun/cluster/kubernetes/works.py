"""What does the work of a run: a pod, or the resource of an operator, which makes pods of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from mlrun.cluster.base import Resource
from mlrun.cluster.kubernetes.connection import Connection
from mlrun.cluster.kubernetes.kinds import POD, Kind, operated
from mlrun.errors import MLRunAccessDeniedError, MLRunNotFoundError


class Works:
    """
    Pods of one namespace, and the resources of the operators that the cluster has and this account may see.

    Whoever asks for a pod by its name, or for all with some labels, means what was created for a run; so an
    operator's resource stands for its pods. Threads may share it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def kinds(self) -> Iterator[Kind]:
        """Pods, and the kinds of operators that can be listed here now."""
        yield POD
        there = self._versions()
        for kind in operated():
            if kind.api in there and self._can_list(kind):
                yield kind

    def find(self, name: str) -> tuple[Kind, Resource] | None:
        """The pod of that name, else an operator's resource of that name."""
        for kind, resource in self._look(name, "GET"):
            return kind, resource
        return None

    def delete(self, name: str, options: Resource) -> None:
        """As :meth:`find`; nothing happens if there is neither."""
        for _ in self._look(name, "DELETE", options):
            return

    def _look(self, name: str, verb: str, body: Resource | None = None) -> Iterator[tuple[Kind, Resource]]:
        if found := self._ask(POD, name, verb, body):
            yield POD, found
        there = self._versions()
        for kind in operated():
            if kind.api in there and (found := _if_allowed(partial(self._ask, kind, name, verb, body))):
                yield kind, found

    def _ask(self, kind: Kind, name: str, verb: str, body: Resource | None) -> Resource | None:
        try:
            return self._connection.ask(verb, kind.path(self._connection.namespace, name), body=body)
        except MLRunNotFoundError:
            return None

    def _versions(self) -> set[str]:
        """Every ``group/version`` of the cluster."""
        groups = _if_allowed(lambda: self._connection.ask("GET", "/apis")) or {}
        return {one["groupVersion"] for group in groups.get("groups", ()) for one in group["versions"]}

    def _can_list(self, kind: Kind) -> bool:
        path = kind.path(self._connection.namespace)
        return _if_allowed(lambda: self._connection.ask("GET", path, {"limit": 1})) is not None


def _if_allowed(ask: Callable[[], Resource | None]) -> Resource | None:
    """None where there is nothing, or it is not for this account."""
    try:
        return ask()
    except (MLRunNotFoundError, MLRunAccessDeniedError):
        return None
