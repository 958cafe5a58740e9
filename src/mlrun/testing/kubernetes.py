"""A namespace of its own on a real Kubernetes, where one is named, for a session of tests."""

from __future__ import annotations

import fcntl
import os
import shlex
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlrun.errors import MLRunConflictError, MLRunNotFoundError

if TYPE_CHECKING:
    from typing_extensions import Self

    from mlrun.cluster.kubernetes import KubernetesCluster
    from mlrun.testing.images import Podman

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
VARIABLE = "MLRUN_TEST_KUBECONFIG"
HOW_TO_GET_ONE = (
    f"no Kubernetes: set {VARIABLE} to a kubeconfig whose current context may make namespaces and pods"
)
IMAGE = os.environ.get("MLRUN_TEST_KUBERNETES_IMAGE", "localhost/python:test")  # with python and sh
LOAD = os.environ.get("MLRUN_TEST_KUBERNETES_LOAD", "")  # "kind load image-archive"
_LONGEST_S = 300


def host_for_pods(kubeconfig: str) -> str:
    """The address of the API server: where it runs on this machine, pods find other servers there, too."""
    from mlrun.cluster.kubernetes.account import open_account

    return urlsplit(open_account(kubeconfig).configuration.host).hostname or ""


def load_image(podman: Podman, image: str) -> None:
    """Give the nodes an *image* of *podman*, by the command that does so for this cluster."""
    import pytest

    if not LOAD:
        pytest.skip("no command that loads an image's tar file: set MLRUN_TEST_KUBERNETES_LOAD to one")
    archive = podman.folder / "saved.tar"
    podman("save", "--quiet", "--output", str(archive), image)
    done = subprocess.run([*shlex.split(LOAD), str(archive)], capture_output=True, text=True)
    archive.unlink()
    assert done.returncode == 0, f"{LOAD}: {done.stdout}{done.stderr}"


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Of all processes of this machine one is in a block of that name, which changes the whole cluster."""
    with open(Path(tempfile.gettempdir(), f"mlrun-test-{name}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class KubernetesNamespace:
    """
    A namespace, gone with all that is in it when the block ends.

    Example::

        with KubernetesNamespace(os.environ[VARIABLE]) as namespace:
            cluster = namespace.cluster()
    """

    def __init__(self, kubeconfig: str) -> None:
        self.kubeconfig = kubeconfig
        self.name = f"mlrun-test-{uuid.uuid4().hex[:8]}"

    def __enter__(self) -> Self:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name}}
        accounts = f"/api/v1/namespaces/{self.name}/serviceaccounts"
        self.ask("POST", "/api/v1/namespaces", namespace)
        try:
            self.wait(
                lambda: bool(self.ask("GET", accounts)["items"]), f"{self.name} has an account for pods"
            )
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.ask("DELETE", f"/api/v1/namespaces/{self.name}")

    def cluster(self) -> KubernetesCluster:
        """Opened anew each time."""
        from mlrun.cluster.kubernetes import KubernetesCluster

        return KubernetesCluster(kubeconfig=self.kubeconfig, namespace=self.name)

    @property
    def settings(self) -> Mapping[str, str]:
        """Variables by which this package runs functions there."""
        return {
            "MLRUN_CLUSTER__KIND": "kubernetes",
            "MLRUN_CLUSTER__KUBERNETES__KUBECONFIG": self.kubeconfig,
            "MLRUN_NAMESPACE": self.name,
        }

    def wait(self, is_so: Callable[[], bool], claim: str) -> None:
        end = time.monotonic() + _LONGEST_S
        while not is_so():
            assert time.monotonic() < end, f"not so after {_LONGEST_S} s: {claim}"
            time.sleep(0.02)

    def define(self, body: Any) -> bool:
        """
        Whether this has defined a kind of resources, and not somebody else; one that is going is waited for.

        Args:
            body: A CustomResourceDefinition.
        """
        there = f"{DEFINITIONS}/{body['metadata']['name']}"
        while True:
            try:
                self.ask("POST", DEFINITIONS, body)
                # The server may still answer for the one before, but establishes none that it has not seen.
                self.wait(lambda: self._is_established(there), f"{there} is established")
                return True
            except MLRunConflictError:
                with suppress(MLRunNotFoundError):
                    if not self.ask("GET", there)["metadata"].get("deletionTimestamp"):
                        return False
            self.wait(lambda: not self.serves(there), f"{there} is gone")

    def undefine(self, body: Any) -> None:
        """Take away what :meth:`define` has made, and wait until it is not answered for any more."""
        spec = body["spec"]
        self.ask("DELETE", f"{DEFINITIONS}/{body['metadata']['name']}")
        group, plural = spec["group"], spec["names"]["plural"]
        paths = [f"/apis/{group}/{version['name']}/{plural}" for version in spec["versions"]]
        self.wait(lambda: not any(map(self.serves, paths)), f"{plural}.{group} are gone")

    def _is_established(self, definition: str) -> bool:
        conditions = self.ask("GET", definition).get("status", {}).get("conditions") or []
        return ("Established", "True") in [(one["type"], one["status"]) for one in conditions]

    def serves(self, path: str) -> bool:
        try:
            self.ask("GET", path)
        except MLRunNotFoundError:
            return False
        return True

    @contextmanager
    def spare_node(self) -> Iterator[str]:
        """
        A node with the label and the taint ``<name>=yes``, where nothing else goes; gives its name.

        It is a record only: pods are placed there, and start nowhere.
        """
        name = f"mlrun-test-{uuid.uuid4().hex[:8]}"
        node = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": {name: "yes"}},
            "spec": {"taints": [{"key": name, "value": "yes", "effect": "NoSchedule"}]},
        }
        room = {"cpu": "4", "memory": "8Gi", "pods": "20"}
        ready = {"type": "Ready", "status": "True", "reason": "Test", "message": ""}
        status = {"capacity": room, "allocatable": room, "conditions": [ready]}
        self.ask("POST", "/api/v1/nodes", node)
        try:
            patch = f"/api/v1/nodes/{name}/status"
            self.ask("PATCH", patch, {"status": status}, "application/merge-patch+json")
            self.wait(lambda: self._taints(name) == [name], f"{name} is ready")
            yield name
        finally:
            self._delete_pods_of(name)
            self.ask("DELETE", f"/api/v1/nodes/{name}")

    def _taints(self, node: str) -> list[str]:
        """Their keys: a node that is new has one more until the cluster has seen that it is ready."""
        return [taint["key"] for taint in self.ask("GET", f"/api/v1/nodes/{node}")["spec"].get("taints", [])]

    def _delete_pods_of(self, node: str) -> None:
        """At once, as there is nobody on the node who could end them."""
        pods = f"/api/v1/namespaces/{self.name}/pods"
        for pod in self.ask("GET", pods)["items"]:
            if pod["spec"].get("nodeName") == node:
                self.ask("DELETE", f"{pods}/{pod['metadata']['name']}", {"gracePeriodSeconds": 0})

    def ask(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> dict[str, Any]:
        """What the API server answers."""
        from mlrun.cluster.kubernetes.account import open_account
        from mlrun.cluster.kubernetes.connection import Connection

        connection = Connection(lambda: open_account(self.kubeconfig), self.name)
        try:
            return connection.ask(method, path, body=body, content_type=content_type)
        finally:
            connection.close()
