"""Where services are reached."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.errors import MLRunNotFoundError, MLRunServiceUnavailableError
from mlrun.testing.kubernetes_api import Reply, ScriptedApiServer

PORTS = [{"name": "tcp-comm", "port": 8786, "nodePort": 30786}]


def serve(server: ScriptedApiServer, kind: str, **status: Any) -> None:
    spec = {"type": kind, "clusterIP": "10.0.0.7", "ports": PORTS}
    server.on("GET", "/services/a", Reply(body={"metadata": {"name": "a"}, "spec": spec, "status": status}))


def test_one_of_the_cluster_has_an_address_in_it(server: ScriptedApiServer, scripted: Any) -> None:
    serve(server, "ClusterIP")

    assert scripted.service_address("a", "tcp-comm") == "10.0.0.7:8786"


def test_one_with_a_balancer_has_that_ones(server: ScriptedApiServer, scripted: Any) -> None:
    serve(server, "LoadBalancer", loadBalancer={"ingress": [{"hostname": "lb.example"}]})

    assert scripted.service_address("a", "tcp-comm") == "lb.example:8786"


def test_a_balancer_without_an_address_is_said(server: ScriptedApiServer, scripted: Any) -> None:
    serve(server, "LoadBalancer", loadBalancer={})

    with pytest.raises(MLRunServiceUnavailableError, match="service a has no address yet"):
        scripted.service_address("a", "tcp-comm")


def test_one_of_nodes_has_that_of_a_node(server: ScriptedApiServer, scripted: Any) -> None:
    serve(server, "NodePort")
    addresses = [{"type": "Hostname", "address": "n"}, {"type": "InternalIP", "address": "192.0.2.1"}]
    server.on("GET", "/nodes", Reply(body={"items": [{"status": {"addresses": addresses}}]}))

    assert scripted.service_address("a", "tcp-comm") == "192.0.2.1:30786"


def test_a_port_that_is_not_there_is_said(server: ScriptedApiServer, scripted: Any) -> None:
    serve(server, "ClusterIP")

    with pytest.raises(MLRunNotFoundError, match="has no port 'web': tcp-comm"):
        scripted.service_address("a", "web")
