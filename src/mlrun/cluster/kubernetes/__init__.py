"""Pods, and the resources of operators, on a Kubernetes cluster."""

from __future__ import annotations

import contextlib
import functools
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from mlrun.cluster.base import Cluster, Events, Reach, Resource, Secrets, Selector
from mlrun.cluster.kubernetes import secret, services
from mlrun.cluster.kubernetes.account import open_account
from mlrun.cluster.kubernetes.connection import Connection, NoSuchKindError
from mlrun.cluster.kubernetes.fields import SAYS_IT_ITSELF, Fields, check_quantities
from mlrun.cluster.kubernetes.kinds import POD, Kind, kind_named, kind_of, selector_of
from mlrun.cluster.kubernetes.logs import Logs
from mlrun.cluster.kubernetes.marks import age, mark_of, marked
from mlrun.cluster.kubernetes.watching import Listing, Watch, states_of
from mlrun.cluster.kubernetes.works import Works
from mlrun.config import mlconf
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.model.pod import PodEvent, PodState

_STRICT = "strict decoding error"  # how a server that checks fields begins
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


class KubernetesCluster(Cluster):
    """
    One namespace of a cluster, reached through the official client's account and connections.

    Args:
        kubeconfig: A file; empty is the setting ``cluster.kubernetes.kubeconfig``.
        context: Of it; empty is the setting ``cluster.kubernetes.context``.
        namespace: Empty is the setting ``namespace``, or else that of the context or of this pod.

    Raises:
        MLRunInvalidArgumentError: No account is named, and this is no pod of a cluster.
    """

    kind: ClassVar[str] = "kubernetes"
    reach: ClassVar[Reach] = Reach.NETWORK
    runs_operators: ClassVar[bool] = True

    def __init__(self, kubeconfig: str = "", context: str = "", namespace: str = "") -> None:
        named = mlconf.cluster.kubernetes
        kubeconfig, context = kubeconfig or named.kubeconfig, context or named.context
        self._connection = Connection(
            functools.partial(open_account, kubeconfig, context), namespace or mlconf.namespace
        )
        self._logs = Logs(self._connection)
        self._works = Works(self._connection)
        self._fields: Fields | None = None

    @property
    def namespace(self) -> str:
        return self._connection.namespace

    def create(self, resource: Resource, secrets: Secrets | None = None) -> str:
        kind, name = kind_of(resource), self._name_of(resource)
        check_quantities(resource)
        if self._connection.version < SAYS_IT_ITSELF:
            self._check_fields(resource)
        self._clear(kind, resource, secrets or {})
        try:
            created = self._create(kind, marked(resource))
        except MLRunConflictError:
            self._complete(kind, resource, secrets or {})
            raise
        try:
            for secret_name, values in (secrets or {}).items():
                secret.create_owned(self._connection, secret_name, values, created)
        except BaseException:
            self.delete(name, kind.name, grace_s=0)
            raise
        return name

    def _clear(self, kind: Kind, resource: Resource, secrets: Secrets) -> None:
        """Take away secrets of an earlier one of that name, which this one might start with."""
        for secret_name in secrets:
            there = secret.find(self._connection, secret_name)
            owner = self._find(kind, resource["metadata"]["name"]) if there else None
            if there and secret.is_left_over(there, owner or resource):
                secret.delete_left_over(self._connection, there)

    def _create(self, kind: Kind, resource: Resource) -> Resource:
        name = resource["metadata"]["name"]
        path, query = kind.path(self.namespace), {"fieldValidation": "Strict"}
        try:
            return self._connection.ask("POST", path, query, resource)
        except NoSuchKindError as error:
            raise MLRunInvalidArgumentError(self._no_operator(kind)) from error
        except MLRunInvalidArgumentError as error:
            if _STRICT in str(error):
                self._check_fields(resource)
            raise
        except MLRunConflictError as error:
            there = self._find(kind, name)
            if not there or mark_of(there) != mark_of(resource):
                raise MLRunConflictError(f"{kind.name.lower()} {name} exists") from error
            return there

    def _complete(self, kind: Kind, resource: Resource, secrets: Secrets) -> None:
        """Give what is there its secrets, where whoever created it was killed before."""
        there, labels = self._find(kind, resource["metadata"]["name"]), resource["metadata"].get("labels")
        if there and labels and there["metadata"].get("labels") == labels:
            for secret_name, values in secrets.items():
                secret.create_owned(self._connection, secret_name, values, there)

    def read(self, name: str, kind: str = "Pod") -> PodState:
        if kind == POD.name and (work := self._works.find(name)):
            return work[0].state(work[1])
        if kind != POD.name and (found := self._find(kind_named(kind), name)):
            return kind_named(kind).state(found)
        raise MLRunNotFoundError(f"no {kind.lower()} {name!r}")

    def list(self, selector: Selector | None = None, kind: str = "Pod") -> list[PodState]:
        found = [(row, item) for row in self._rows(kind) for item in self._items(row, selector)]
        return [row.state(item) for row, item in sorted(found, key=lambda one: age(one[1]))]

    def _rows(self, kind: str) -> tuple[Kind, ...]:
        return tuple(self._works.kinds()) if kind == POD.name else (kind_named(kind),)

    def _items(self, row: Kind, selector: Selector | None) -> Iterable[Resource]:
        try:
            return Listing(self._connection, row, selector_of(selector)).items
        except NoSuchKindError:
            if row is POD:
                raise
            return ()  # without its operator there is none

    def delete(self, name: str, kind: str = "Pod", grace_s: float | None = None) -> None:
        options: dict[str, Any] = {"propagationPolicy": "Background"}
        if grace_s is not None:
            options["gracePeriodSeconds"] = max(0, round(grace_s))
        if kind == POD.name:
            self._works.delete(name, options)
            return
        with contextlib.suppress(MLRunNotFoundError):
            self._connection.ask("DELETE", kind_named(kind).path(self.namespace, name), body=options)

    def logs(self, name: str, offset: int = 0, follow: bool = False) -> Iterator[bytes]:
        return self._logs.follow(name, offset) if follow else self._logs.read(name, offset)

    def events(self, name: str) -> Events:
        query = {"fieldSelector": f"involvedObject.name={name}"}
        path = f"/api/v1/namespaces/{self.namespace}/events"
        found = [_event(item) for item in self._connection.ask("GET", path, query)["items"]]
        return sorted(found, key=lambda event: event.time)

    def watch(
        self, selector: Selector | None = None, stop: threading.Event | None = None, kind: str = "Pod"
    ) -> Iterator[PodState]:
        words, of_works = selector_of(selector), kind == POD.name
        watches = [
            Watch(self._connection, row, words, of_works and row is not POD) for row in self._rows(kind)
        ]
        try:
            yield from states_of(watches, stop or threading.Event())
        except NoSuchKindError as error:
            raise MLRunInvalidArgumentError(self._no_operator(kind_named(kind))) from error

    def put_secret(self, name: str, values: Mapping[str, str], labels: Mapping[str, str]) -> None:
        """Set keys of a Secret of the namespace (created if there is none); its other keys stay."""
        secret.put(self._connection, name, values, labels)

    def delete_secret_keys(self, name: str, keys: Iterable[str] | None = None) -> None:
        """Take these keys out of a Secret, or take it away; nothing happens if they are not there."""
        if keys is None:
            secret.delete(self._connection, name)
        else:
            secret.delete_keys(self._connection, name, keys)

    def secret_keys(self, name: str) -> tuple[str, ...]:
        """The keys of a Secret, sorted; none if it is not there."""
        return tuple(secret.keys(self._connection, name))

    def service_address(self, name: str, port: str) -> str:
        """
        Where a service is reached, as ``host:port``: from outside the cluster if its type allows that.

        Args:
            port: The name of one of its ports.

        Raises:
            MLRunNotFoundError: No such service.
            MLRunServiceUnavailableError: Its load balancer has no address yet.
        """
        return services.address(self._connection, name, port)

    def close(self) -> None:
        self._connection.close()

    def _find(self, kind: Kind, name: str) -> Resource | None:
        try:
            return self._connection.ask("GET", kind.path(self.namespace, name))
        except MLRunNotFoundError:
            return None

    def _name_of(self, resource: Resource) -> str:
        metadata = resource.get("metadata") or {}
        name = str(metadata.get("name") or "")
        if not _NAME.fullmatch(name):
            raise MLRunInvalidArgumentError(
                f"metadata.name: {name!r} is not a name: lower case letters, digits and '-', 253 at most"
            )
        if metadata.get("namespace", self.namespace) != self.namespace:
            raise MLRunInvalidArgumentError(
                f"metadata.namespace: this cluster runs in {self.namespace!r}, not {metadata['namespace']!r}"
                " (setting namespace)"
            )
        return name

    def _check_fields(self, resource: Resource) -> None:
        """Against the document of the cluster, which is read once (0.1 s)."""
        self._fields = self._fields or Fields.of(self._connection)
        if unknown := self._fields.unknown(resource):
            about = f"{resource['kind'].lower()} {resource['metadata']['name']}"
            raise MLRunInvalidArgumentError(f"{about}: {' '.join(unknown)}")

    def _no_operator(self, kind: Kind) -> str:
        return (
            f"the cluster {self._connection.host} has no {kind.name} ({kind.api}):"
            " the operator that runs them is not installed there"
        )


def _event(item: Resource) -> PodEvent:
    return PodEvent(
        time=item.get("lastTimestamp") or item.get("eventTime") or item["metadata"]["creationTimestamp"],
        reason=item.get("reason", ""),
        message=item.get("message", ""),
        is_warning=item.get("type") == "Warning",
    )
