"""Fields that are none, as a cluster's own document has it."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.cluster.kubernetes.fields import Fields, check_quantities
from mlrun.errors import MLRunInvalidArgumentError

DEFINITIONS: dict[str, Any] = {
    "Pod": {
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"$ref": "#/definitions/Meta"},
            "spec": {"$ref": "#/definitions/Spec"},
        },
        "x-kubernetes-group-version-kind": [{"group": "", "kind": "Pod", "version": "v1"}],
    },
    "Meta": {"properties": {"name": {}, "labels": {"additionalProperties": {"type": "string"}}}},
    "Spec": {
        "properties": {
            "containers": {"items": {"$ref": "#/definitions/Container"}, "type": "array"},
            "nodeSelector": {"additionalProperties": {"type": "string"}},
            "overhead": {"additionalProperties": {"$ref": "#/definitions/Quantity"}},
        }
    },
    "Container": {
        "properties": {"image": {"type": "string"}, "env": {"items": {"properties": {"name": {}}}}}
    },
    "Quantity": {"type": "string"},
    "MPIJob": {
        "properties": {
            "spec": {"x-kubernetes-preserve-unknown-fields": True, "properties": {"a": {}}},
            "apiVersion": {},
            "kind": {},
        },
        "x-kubernetes-group-version-kind": [{"group": "kubeflow.org", "kind": "MPIJob", "version": "v1"}],
    },
}
POD = {"apiVersion": "v1", "kind": "Pod"}


@pytest.mark.parametrize(
    ("more", "unknown"),
    [
        ({"metadata": {"name": "a", "labels": {"any": "1"}}}, []),
        (
            {
                "spec": {
                    "containers": [{"image": "a"}],
                    "nodeSelector": {"any": "1"},
                    "overhead": {"cpu": "1"},
                }
            },
            [],
        ),
        ({"spec": {"containers": "not a list", "nodeSelector": None}}, []),
        ({"sepc": {}}, ["sepc is not a field that this cluster knows. Did you mean 'spec'?"]),
        (
            {"spec": {"containers": [{"image": "a"}, {"imagee": "b", "env": [{"naem": "A"}]}]}},
            [
                "spec.containers[1].imagee is not a field that this cluster knows. Did you mean 'image'?",
                "spec.containers[1].env[0].naem is not a field that this cluster knows. Did you mean 'name'?",
            ],
        ),
    ],
)
def test_each_field_that_is_none_is_told_with_its_path(more: dict[str, Any], unknown: list[str]) -> None:
    assert Fields(DEFINITIONS).unknown(POD | more) == unknown


def test_a_kind_whose_fields_are_open_takes_any() -> None:
    job = {"apiVersion": "kubeflow.org/v1", "kind": "MPIJob", "spec": {"whatever": 1}}

    assert Fields(DEFINITIONS).unknown(job) == []


def test_of_a_kind_that_the_document_does_not_have_nothing_is_said() -> None:
    assert Fields(DEFINITIONS).unknown({"apiVersion": "a/v1", "kind": "B", "x": 1}) == []


def test_a_quantity_that_is_none_is_told_with_its_path() -> None:
    template = {
        "spec": {"containers": [{"resources": {"requests": {"cpu": 1}, "limits": {"memory": "1Gb"}}}]}
    }

    with pytest.raises(
        MLRunInvalidArgumentError, match=r"^spec.t\[0\].spec.containers\[0\].resources.limits.memory: '1Gb'"
    ):
        check_quantities({"spec": {"t": [template]}})


def test_quantities_that_are_some_are_taken() -> None:
    check_quantities({"limits": {"cpu": "500m", "memory": "1Gi", "nvidia.com/gpu": 1}, "requests": None})
