"""Which fields a node selection may have, so that a misspelled one is found before a pod waits for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union

from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.model.base import to_builtins

Shape = Union[Mapping[str, Any], list[Any], None]  # fields and their shapes, a list of one shape, or anything

_EXPRESSION: Shape = {"key": None, "operator": None, "values": None}
_SELECTOR: Shape = {"matchLabels": None, "matchExpressions": [_EXPRESSION]}
_NODE_TERM: Shape = {"matchExpressions": [_EXPRESSION], "matchFields": [_EXPRESSION]}
_POD_TERM: Shape = {
    "labelSelector": _SELECTOR,
    "namespaceSelector": _SELECTOR,
    "namespaces": None,
    "topologyKey": None,
    "matchLabelKeys": None,
    "mismatchLabelKeys": None,
}
_POD: Shape = {
    "requiredDuringSchedulingIgnoredDuringExecution": [_POD_TERM],
    "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": None, "podAffinityTerm": _POD_TERM}],
}
AFFINITY: Shape = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [_NODE_TERM]},
        "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": None, "preference": _NODE_TERM}],
    },
    "podAffinity": _POD,
    "podAntiAffinity": _POD,
}
TOLERATIONS: Shape = [
    {"key": None, "operator": None, "value": None, "effect": None, "tolerationSeconds": None}
]


def plain(value: Any) -> Any:
    """*value* as JSON has it: an object of the Kubernetes client becomes what the API takes."""
    return to_builtins(value)


def check_affinity(affinity: Any) -> Any:
    """
    *affinity* as the API takes it.

    Raises:
        MLRunInvalidArgumentError: A field is none; the message has its path, and the nearest right one.
    """
    return _checked(plain(affinity), AFFINITY, "affinity")


def check_tolerations(tolerations: Any) -> Any:
    """As :func:`check_affinity`."""
    return _checked(plain(tolerations), TOLERATIONS, "tolerations")


def _checked(value: Any, shape: Shape, path: str) -> Any:
    if shape is None or value is None:
        return value
    if isinstance(shape, list):
        if not isinstance(value, list):
            raise MLRunInvalidArgumentError(f"{path} is a list, not {value!r}")
        for at, item in enumerate(value):
            _checked(item, shape[0], f"{path}[{at}]")
        return value
    if not isinstance(value, dict):
        raise MLRunInvalidArgumentError(f"{path} is a mapping of {', '.join(shape)}, not {value!r}")
    for name, item in value.items():
        if name not in shape:
            raise MLRunInvalidArgumentError(
                f"{path}.{name} is not a field: {', '.join(shape)}.{nearest(str(name), shape)}"
            )
        _checked(item, shape[name], f"{path}.{name}")
    return value
