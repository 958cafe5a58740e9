"""Spark's operator as far as a test needs it: its API's published schema, and drivers that really run."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mlrun.testing.kubernetes import KubernetesNamespace, one_at_a_time

GROUP, PLURAL = "sparkoperator.k8s.io", "sparkapplications"
_LOOK_EVERY_S = 0.2
_LONGEST_S = 1200
_MERGE = "application/merge-patch+json"
_ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_EITHER = {"x-kubernetes-int-or-string": True}
_SPECIAL = {
    "IoK8sApimachineryPkgApiResourceQuantity": _EITHER,
    "IoK8sApimachineryPkgUtilIntstrIntOrString": _EITHER,
}


def spec_schema() -> dict[str, Any]:
    """Of an application's ``spec``, from the published models: fields, types, and what is required."""
    from kubeflow_spark_api.models.spark_v1beta2_spark_application_spec import (
        SparkV1beta2SparkApplicationSpec,
    )

    schema = SparkV1beta2SparkApplicationSpec.model_json_schema(by_alias=True)
    return _structural(schema, schema["$defs"])


def _structural(schema: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """*schema* as Kubernetes wants it: without references and alternatives."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _SPECIAL.get(name) or _structural(known[name], known)
    if "anyOf" in schema:
        return _structural(next(one for one in schema["anyOf"] if one.get("type") != "null"), known)
    plain: dict[str, Any] = {key: schema[key] for key in ("type", "required") if key in schema}
    if "properties" in schema:
        plain["properties"] = {key: _structural(one, known) for key, one in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            plain[key] = _structural(schema[key], known)
    return plain or {"x-kubernetes-preserve-unknown-fields": True}


@contextmanager
def served(kubernetes: KubernetesNamespace, group: str = "") -> Iterator[str]:
    """
    The path of applications, which the API server knows by that schema while the block runs.

    Args:
        group: By default one of its own, which no other test takes away.
    """
    group = group or f"{uuid.uuid4().hex[:8]}.example.com"
    name = f"{PLURAL}.{group}"
    path = f"/apis/{group}/v1beta2/namespaces/{kubernetes.name}/{PLURAL}"
    definition = _definition(name, group)
    if not kubernetes.define(definition):  # there is an operator
        yield path
        return
    try:
        kubernetes.wait(lambda: kubernetes.serves(path), f"{name} is served")
        yield path
    finally:
        kubernetes.undefine(definition)


@contextmanager
def served_for_all(kubernetes: KubernetesNamespace) -> Iterator[str]:
    """The same in the operator's own group, in one block of this machine at a time."""
    with one_at_a_time(PLURAL), served(kubernetes, GROUP) as path:
        yield path


def _definition(name: str, group: str) -> dict[str, Any]:
    properties = {"spec": spec_schema(), "status": _ANYTHING}
    version = {
        "name": "v1beta2",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name, "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"}},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "SparkApplication", "plural": PLURAL},
            "versions": [version],
        },
    }


class StandIn:
    """
    Does with one application what the operator does: starts its driver, and says how that is.

    Executors are threads of the driver. The operator itself has an image, which no registry of a test has.

    Args:
        path: Of applications.
        spark_home: Where the driver's image has Spark.
    """

    def __init__(self, kubernetes: KubernetesNamespace, path: str, spark_home: str) -> None:
        self._kubernetes, self._path, self._spark_home = kubernetes, path, spark_home

    def start(self, name: str) -> None:
        """Start the driver of the application *name*."""
        application = self._kubernetes.ask("GET", f"{self._path}/{name}")
        self._kubernetes.ask("POST", self._pods(), self._driver(application))
        self.say(name, "RUNNING")

    def settle(self, name: str) -> None:
        """Wait for the end of its driver, and say what it was."""
        ends = {"Succeeded": "COMPLETED", "Failed": "FAILED"}
        pod = f"{self._pods()}/{name}-driver"
        until = time.monotonic() + _LONGEST_S
        while (phase := self._kubernetes.ask("GET", pod)["status"]["phase"]) not in ends:
            assert time.monotonic() < until, f"{pod} has not ended after {_LONGEST_S} s"
            time.sleep(_LOOK_EVERY_S)
        self.say(name, ends[phase])

    def say(self, name: str, state: str, message: str = "") -> None:
        said = {"state": state, **({"errorMessage": message} if message else {})}
        body = {"status": {"applicationState": said}}
        self._kubernetes.ask("PATCH", f"{self._path}/{name}/status", body, _MERGE)

    def _pods(self) -> str:
        return f"/api/v1/namespaces/{self._kubernetes.name}/pods"

    def _driver(self, application: dict[str, Any]) -> dict[str, Any]:
        metadata, spec = application["metadata"], application["spec"]
        driver, name = spec["driver"], metadata["name"]
        labels = {"sparkoperator.k8s.io/app-name": name, "spark-role": "driver"}
        owner = {"apiVersion": application["apiVersion"], "kind": application["kind"]}
        owner |= {"name": name, "uid": metadata["uid"]}
        conf = {"spark.ui.enabled": "false", **spec.get("sparkConf", {})}
        words = [f"{self._spark_home}/bin/spark-submit", "--master", "local[1]"]
        words += ["--driver-memory", driver["memory"]]
        words += [word for key, value in conf.items() for word in ("--conf", f"{key}={value}")]
        words += [spec["mainApplicationFile"].removeprefix("local://"), *spec["arguments"]]
        container = {"name": "spark-kubernetes-driver", "image": spec["image"], "command": words}
        container |= {key: driver[key] for key in ("env", "volumeMounts")}
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"{name}-driver",
                "labels": {**driver["labels"], **labels},
                "ownerReferences": [owner],
            },
            "spec": {
                "restartPolicy": "Never",
                "automountServiceAccountToken": False,
                "volumes": spec["volumes"],
                "containers": [container],
            },
        }
