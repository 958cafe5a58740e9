"""The Dask operator, beside a Kubernetes, for a session of tests."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlrun.errors import MLRunConflictError, MLRunNotFoundError
from mlrun.testing.kubernetes import DEFINITIONS, KubernetesNamespace
from mlrun.testing.servers import held_port, running

HOME = Path(sys.prefix, "dask-operator")  # of scripts/environment.sh
HOW_TO_GET_IT = f"the Dask operator is not in {HOME}: scripts/check installs it"
_MERGE = "application/merge-patch+json"
_OF_KIND = "/apis/kubernetes.dask.org/v1/namespaces/{namespace}/dask{kind}s"

# The operator asks schedulers by their names, as pods can. Outside, their addresses are looked up instead.
_NAMES = """
import socket
from kubernetes import client, config

config.load_kube_config()
_ask = socket.getaddrinfo

def getaddrinfo(host, port, *args, **kwargs):
    name = host.decode() if isinstance(host, bytes) else host or ""
    parts = name.split(".")
    if parts[0].endswith("-scheduler") and len(parts) > 1:
        try:
            host = client.CoreV1Api().read_namespaced_service(parts[0], parts[1]).spec.cluster_ip
        except client.ApiException as error:
            raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
    return _ask(host, port, *args, **kwargs)

socket.getaddrinfo = getaddrinfo
"""


def is_installed() -> bool:
    return (HOME / "bin" / "kopf").exists()


@contextlib.contextmanager
def dask_operator(kubernetes: KubernetesNamespace) -> Iterator[None]:
    """While the block runs, the operator sees to the clusters of the namespace; none is left after it."""
    words = ["run", "-m", "dask_kubernetes.operator.controller", "--standalone", "-n", kubernetes.name]
    _define(kubernetes)
    with tempfile.TemporaryDirectory(prefix="mlrun-dask-operator-") as folder, held_port() as port:
        command = [str(HOME / "bin" / "kopf"), *words, f"--liveness=http://127.0.0.1:{port}/healthz"]
        Path(folder, "sitecustomize.py").write_text(_NAMES)
        with running(command, port, {"KUBECONFIG": kubernetes.kubeconfig, "PYTHONPATH": folder}):
            try:
                yield
            finally:
                _delete_clusters(kubernetes)


def _define(kubernetes: KubernetesNamespace) -> None:
    """Make the kinds known; they stay, as another session may use them, and do nothing by themselves."""
    import yaml

    for file in sorted(HOME.glob("lib/python*/site-packages/dask_kubernetes/**/helm/**/crds/*.yaml")):
        with contextlib.suppress(MLRunConflictError):
            kubernetes.ask("POST", DEFINITIONS, yaml.safe_load(file.read_text()))
    clusters = _OF_KIND.format(namespace=kubernetes.name, kind="cluster")
    kubernetes.wait(lambda: kubernetes.serves(clusters), "Dask clusters are known")


def _delete_clusters(kubernetes: KubernetesNamespace) -> None:
    """
    Without the operator's consent, which comes late where it looks for a scheduler that is gone: until then
    the namespace would not go either.
    """
    paths = [_OF_KIND.format(namespace=kubernetes.name, kind=kind) for kind in ("cluster", "autoscaler")]
    for path in paths:
        kubernetes.ask("DELETE", path)

    def are_gone() -> bool:
        left = [f"{path}/{one['metadata']['name']}" for path in paths for one in _items(kubernetes, path)]
        for resource in left:
            with contextlib.suppress(MLRunNotFoundError):
                kubernetes.ask("PATCH", resource, {"metadata": {"finalizers": []}}, _MERGE)
        return not left

    kubernetes.wait(are_gone, "Dask clusters go")


def _items(kubernetes: KubernetesNamespace, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = kubernetes.ask("GET", path)["items"]
    return found
