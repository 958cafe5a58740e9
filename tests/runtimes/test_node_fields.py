"""Which fields a node selection may have."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.runtimes.node_fields import check_affinity, check_tolerations, plain

TERM = {"matchExpressions": [{"key": "gpu", "operator": "In", "values": ["a100"]}]}
AFFINITY = {
    "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [TERM]}},
    "podAntiAffinity": {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {
                "weight": 1,
                "podAffinityTerm": {"labelSelector": {"matchLabels": {"a": "b"}}, "topologyKey": "h"},
            }
        ]
    },
}


def test_what_kubernetes_takes_is_taken() -> None:
    tolerations = [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]

    assert check_affinity(AFFINITY) == AFFINITY
    assert check_tolerations(tolerations) == tolerations
    assert check_affinity(None) is check_tolerations(None) is None


@pytest.mark.parametrize(
    ("affinity", "message"),
    [
        ({"nodeAfinity": {}}, r"affinity.nodeAfinity is not a field.*'nodeAffinity'"),
        ({"node_affinity": {}}, r"affinity.node_affinity is not a field.*'nodeAffinity'"),
        (
            {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"wieght": 1}]}},
            r"Execution\[0\].wieght is not a field: weight, preference",
        ),
        ({"nodeAffinity": []}, "affinity.nodeAffinity is a mapping of required"),
        (
            {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": {}}},
            "Execution is a list, not",
        ),
    ],
)
def test_a_field_that_is_none_is_named_with_its_path(affinity: Any, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        check_affinity(affinity)


def test_a_toleration_has_its_fields_too() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"tolerations\[1\].efect is not a field.*'effect'"):
        check_tolerations([{"key": "a"}, {"key": "a", "efect": "NoSchedule"}])


def test_an_object_of_the_kubernetes_client_becomes_what_the_api_takes() -> None:
    class Toleration(SimpleNamespace):  # as the client generates them
        attribute_map = {"key": "key", "toleration_seconds": "tolerationSeconds", "value": "value"}  # noqa: RUF012

        def to_dict(self) -> dict[str, Any]:
            return dict(self.__dict__)

    toleration = Toleration(key="gpu", toleration_seconds=60, value=None)

    assert plain([toleration]) == [{"key": "gpu", "tolerationSeconds": 60}]
