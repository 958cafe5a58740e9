"""Nodes that can be taken away (spot, preemptible): whether pods go there, by the mode of their function."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.model.base import load_json
from mlrun.runtimes import node_fields

MODES = ("allow", "constrain", "prevent", "none")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
Fields = dict[str, Any]  # of a pod's spec, those that choose its node


def check_mode(mode: Any) -> str:
    """
    *mode* as a word.

    Raises:
        MLRunInvalidArgumentError: It is none of :data:`MODES`.
    """
    word = str(getattr(mode, "value", mode))
    if word not in MODES:
        raise MLRunInvalidArgumentError(
            f"{word!r} is not a preemption mode: {', '.join(MODES)}.{nearest(word, MODES)}"
        )
    return word


def placed(fields: Fields, mode: str) -> Fields:
    """
    *fields* with what *mode* adds: tolerations of the taints that such nodes have, and which nodes they are.

    A node is one of them if it has any of the labels of ``preemptible_nodes.node_selector``. A function that
    has no mode of its own gets that of ``function_defaults.preemption_mode``, unless it asks for such nodes.

    Raises:
        MLRunInvalidArgumentError: A setting is none, or the function asks for nodes that its mode excludes.
    """
    word = check_mode(mode or mlconf.function_defaults.preemption_mode)
    labels, tolerations = _labels(), _tolerations()
    asked = [f"{name}={value}" for name, value in labels.items() if _asks_for(fields, name, value)]
    if word == "none" or not (labels or tolerations) or (asked and not mode):
        return fields
    if word == "prevent":
        if asked:
            raise MLRunInvalidArgumentError(
                f"its node_selector asks for {', '.join(asked)}, and preemption mode 'prevent' excludes such"
                " nodes: with_preemption_mode('constrain') goes only there, 'allow' there too"
            )
        kept = [one for one in fields.get("tolerations") or () if one not in tolerations]
        return _with(fields, kept, [[_expression(*pair, "NotIn") for pair in labels.items()]])
    own = fields.get("tolerations") or []
    tolerated = [*own, *(one for one in tolerations if one not in own)]
    alternatives = [[_expression(*pair, "In")] for pair in labels.items()] if word == "constrain" else []
    return _with(fields, tolerated, alternatives)


def _with(fields: Fields, tolerations: list[Any], alternatives: list[list[Any]]) -> Fields:
    """Each of *alternatives* is what a node has to be, beside what it has to be anyway."""
    told = {name: value for name, value in fields.items() if name != "tolerations"}
    if tolerations:
        told["tolerations"] = tolerations
    if any(alternatives):
        told["affinity"] = _narrowed(fields.get("affinity") or {}, alternatives)
    return told


def _narrowed(affinity: Mapping[str, Any], alternatives: list[list[Any]]) -> Fields:
    """Terms are alternatives, the expressions of one have to hold together: so each is crossed with each."""
    of_node = affinity.get("nodeAffinity") or {}
    terms = (of_node.get(_REQUIRED) or {}).get("nodeSelectorTerms") or [{}]
    crossed = [
        {**term, "matchExpressions": [*(term.get("matchExpressions") or ()), *more]}
        for term in terms
        for more in alternatives
    ]
    return {**affinity, "nodeAffinity": {**of_node, _REQUIRED: {"nodeSelectorTerms": crossed}}}


def _expression(name: str, value: str, operator: str) -> Fields:
    return {"key": name, "operator": operator, "values": [str(value)]}


def _asks_for(fields: Fields, name: str, value: str) -> bool:
    return str((fields.get("nodeSelector") or {}).get(name, "")) == str(value)


def _labels() -> dict[str, str]:
    return dict(_read("preemptible_nodes.node_selector", mlconf.preemptible_nodes.node_selector, dict))


def _tolerations() -> list[Any]:
    told = _read("preemptible_nodes.tolerations", mlconf.preemptible_nodes.tolerations, list)
    return list(node_fields.check_tolerations(told))


def _read(name: str, text: str, kind: type) -> Any:
    """A setting that is JSON or the base64 of JSON, as MLRun has it."""
    try:
        told = load_json(text if text[:1] in "[{" else base64.b64decode(text, validate=True), name)
    except (binascii.Error, MLRunInvalidArgumentError):
        told = None
    if not isinstance(told, kind):
        example = '{"spot": "true"}' if kind is dict else '[{"key": "spot", "operator": "Exists"}]'
        raise MLRunInvalidArgumentError(f"{name}={text!r} is no JSON such as {example}, nor base64 of that")
    return told
