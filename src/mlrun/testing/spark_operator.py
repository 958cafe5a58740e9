"""The published models of the API of Spark's operator, as a schema that a Kubernetes holds us to."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_EITHER = "x-kubernetes-int-or-string"
_SPECIAL = {
    "IoK8sApimachineryPkgApiResourceQuantity": {_EITHER: True},
    "IoK8sApimachineryPkgUtilIntstrIntOrString": {_EITHER: True},
}


def spec_schema() -> dict[str, Any]:
    """Of a SparkApplication's ``spec``: fields, types, and what is required; a field too many is left out."""
    from kubeflow_spark_api.models.spark_v1beta2_spark_application_spec import (
        SparkV1beta2SparkApplicationSpec,
    )

    schema = SparkV1beta2SparkApplicationSpec.model_json_schema(by_alias=True)
    structural = _structural(schema, schema["$defs"])
    assert isinstance(structural, dict)
    return structural


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
def served(kubernetes: Any) -> Iterator[str]:
    """The path of a resource with that schema, in a group of its own, which goes with the block."""
    group = f"{uuid.uuid4().hex[:8]}.example.com"
    name = f"sparkapplications.{group}"
    properties = {"spec": spec_schema()}
    version = {
        "name": "v1beta2",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
    }
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "SparkApplication", "plural": "sparkapplications"},
            "versions": [version],
        },
    }
    kubernetes.ask("POST", CRDS, body)
    try:
        path = f"/apis/{group}/v1beta2/namespaces/{kubernetes.name}/sparkapplications"
        kubernetes.wait(lambda: kubernetes.serves(path), f"{name} is served")
        yield path
    finally:
        kubernetes.ask("DELETE", f"{CRDS}/{name}")
