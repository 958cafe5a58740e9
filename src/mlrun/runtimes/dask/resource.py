"""From a function to what the Dask operator makes its cluster of (``kubernetes.dask.org/v1``)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from mlrun.cluster.base import Resource
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.launcher.base import Private
from mlrun.model.function import Function, FunctionSpec
from mlrun.model.quantity import quantity
from mlrun.model.run import Run
from mlrun.runtimes.manifest import container_fields, dns, given, image_of, label, pod_fields, scheduling
from mlrun.runtimes.variables import Variables

CLUSTER, AUTOSCALER = "DaskCluster", "DaskAutoscaler"
NAME, COMPONENT = "dask.org/cluster-name", "dask.org/component"  # labels that the operator gives
PORT, WEB = "tcp-comm", "http-dashboard"  # names of ports by which it asks
_API = "kubernetes.dask.org/v1"
_PORTS = {PORT: 8786, WEB: 8787}
_LONGEST = 36  # characters: the operator adds to it, and a name in DNS has 63
_MOST_WORKERS = 16  # where the function says nothing
_IDLE = "60 minutes"
_SERVICES = ("ClusterIP", "NodePort", "LoadBalancer")


def new_name(function: Function) -> str:
    """Another one each time: what is left of an earlier cluster of the function may be about to go."""
    return f"{dns(function.metadata.name, _LONGEST - 9)}-{uuid.uuid4().hex[:8]}"


def labels_of(function: Function) -> dict[str, str]:
    """By which whoever has the function finds its cluster."""
    meta = function.metadata
    return {
        "mlrun/class": function.kind,
        "mlrun/project": label(meta.project or str(mlconf.current_project)),
        "mlrun/function": label(meta.name),
        "mlrun/tag": label(meta.tag or "latest"),
    }


def cluster_resource(function: Function, name: str) -> tuple[Resource, dict[str, str]]:
    """
    A DaskCluster, and the data of the secret *name* that its variables refer to.

    Raises:
        MLRunInvalidArgumentError: Something in the function can not be said in it; the message says what.
    """
    variables = Variables(name, Private())
    variables.add_own(function.spec.env)
    if packages := function.spec.extra_pip:
        words = packages if isinstance(packages, str) else " ".join(packages)
        variables.set("EXTRA_PIP_PACKAGES", words)  # read by the images of Dask
    spec, env = function.to_dict().get("spec", {}), variables.entries()
    scheduler = _pod(function, spec, "scheduler", ["scheduler", "--host", "0.0.0.0"], env)
    worker = _pod(function, spec, "worker", _worker_words(function.spec), env)
    resource = {
        "apiVersion": _API,
        "kind": CLUSTER,
        "metadata": {"name": name, "labels": {NAME: name, **labels_of(function)}},
        "spec": {
            "idleTimeout": _idle_s(function.spec.scheduler_timeout or _IDLE),
            "scheduler": {"spec": scheduler, "service": _service(function.spec, name)},
            "worker": {"replicas": _replicas(function.spec), "spec": worker},
        },
    }
    return resource, variables.hidden


def autoscaler_resource(function: Function, name: str) -> Resource:
    """What keeps the number of workers of the cluster *name* between the least and the most."""
    limits = {"minimum": function.spec.min_replicas or 0, "maximum": most_workers(function.spec)}
    return {
        "apiVersion": _API,
        "kind": AUTOSCALER,
        "metadata": {"name": name, "labels": {NAME: name, **labels_of(function)}},
        "spec": {"cluster": name, **limits},
    }


def is_scaled(spec: FunctionSpec) -> bool:
    """Whether the number of workers follows the work, as it does where none is said."""
    return spec.replicas is None


def most_workers(spec: FunctionSpec) -> int:
    return spec.replicas or spec.max_replicas or _MOST_WORKERS


def _replicas(spec: FunctionSpec) -> int:
    return (spec.min_replicas or 0) if is_scaled(spec) else int(spec.replicas or 0)


def _pod(
    function: Function, spec: Mapping[str, Any], part: str, words: list[str], env: list[dict[str, Any]]
) -> Resource:
    container = {
        "name": part,
        "image": image_of(function),
        "args": ["python", "-m", "dask", *words],  # no command: an image's own entry point comes first
        **container_fields(spec),
        **given(env=env, resources=spec.get(f"{part}_resources"), volumeMounts=spec.get("volume_mounts")),
    }
    if part == "scheduler":
        container["ports"] = [
            {"name": port, "containerPort": number, "protocol": "TCP"} for port, number in _PORTS.items()
        ]
        container["readinessProbe"] = {"httpGet": {"port": WEB, "path": "/health"}, "periodSeconds": 2}
    return {
        "containers": [container],
        **scheduling(spec, Run()),
        **pod_fields(spec),
        **given(volumes=spec.get("volumes")),
    }


def _worker_words(spec: FunctionSpec) -> list[str]:
    limit = spec.worker_resources.get("limits", {}).get("memory")
    memory = str(int(quantity(limit, "worker_resources.limits.memory"))) if limit else "auto"
    options = {
        "--name": "$(DASK_WORKER_NAME)",
        "--nthreads": str(spec.nthreads or 1),
        "--memory-limit": memory,
    }
    return ["worker", *(word for option in options.items() for word in option)]


def _service(spec: FunctionSpec, name: str) -> Resource:
    kind = spec.service_type or _SERVICES[0]
    if kind not in _SERVICES:
        raise MLRunInvalidArgumentError(f"spec.service_type {kind!r} is none of {', '.join(_SERVICES)}")
    ports = [
        {"name": port, "protocol": "TCP", "port": number, "targetPort": port}
        for port, number in _PORTS.items()
    ]
    if spec.node_port:
        ports[0]["nodePort"] = spec.node_port
    return {"type": kind, "selector": {NAME: name, COMPONENT: "scheduler"}, "ports": ports}


def _idle_s(text: str) -> int:
    from dask.utils import parse_timedelta

    try:
        return int(parse_timedelta(text))
    except (KeyError, ValueError, TypeError) as error:
        raise MLRunInvalidArgumentError(
            f"spec.scheduler_timeout {text!r} is no span of time, such as '60 minutes'"
        ) from error
