"""Where a service of a cluster is reached."""

from __future__ import annotations

from mlrun.cluster.base import Resource
from mlrun.cluster.kubernetes.connection import Connection
from mlrun.errors import MLRunNotFoundError, MLRunServiceUnavailableError


def address(connection: Connection, name: str, port: str) -> str:
    """See :meth:`mlrun.cluster.kubernetes.KubernetesCluster.service_address`."""
    service = connection.ask("GET", f"/api/v1/namespaces/{connection.namespace}/services/{name}")
    spec = service["spec"]
    ports = {one.get("name", ""): one for one in spec["ports"]}
    if port not in ports:
        raise MLRunNotFoundError(f"service {name} has no port {port!r}: {', '.join(ports)}")
    if spec["type"] == "LoadBalancer":
        return f"{_balancer(service)}:{ports[port]['port']}"
    if spec["type"] == "NodePort":
        return f"{_node(connection)}:{ports[port]['nodePort']}"
    return f"{spec['clusterIP']}:{ports[port]['port']}"


def _balancer(service: Resource) -> str:
    ingress = (service.get("status", {}).get("loadBalancer") or {}).get("ingress") or []
    if not ingress:
        raise MLRunServiceUnavailableError(
            f"the load balancer of service {service['metadata']['name']} has no address yet"
        )
    return str(ingress[0].get("ip") or ingress[0]["hostname"])


def _node(connection: Connection) -> str:
    """Of any node, as each of them passes it on; one that is known outside, if there is one."""
    known = [
        (one["type"], one["address"])
        for node in connection.ask("GET", "/api/v1/nodes")["items"]
        for one in node["status"].get("addresses", ())
    ]
    for kind in ("ExternalIP", "InternalIP"):
        for found, place in known:
            if found == kind:
                return str(place)
    raise MLRunNotFoundError("no node of the cluster says its address")
