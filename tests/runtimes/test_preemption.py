"""Nodes that can be taken away, by the mode of a function."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.runtimes.preemption import placed

TAINT = {"key": "spot", "operator": "Exists", "effect": "NoSchedule"}
OWN = {"key": "gpu", "operator": "Exists"}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


@pytest.fixture(autouse=True)
def preemptible(home: Any) -> None:
    mlconf.preemptible_nodes.node_selector = '{"spot": "true", "cheap": "yes"}'
    mlconf.preemptible_nodes.tolerations = base64.b64encode(json.dumps([TAINT]).encode()).decode()


def terms_of(fields: dict[str, Any]) -> Any:
    terms = fields["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    return [
        [(one["key"], one["operator"], *one["values"]) for one in term["matchExpressions"]] for term in terms
    ]


@pytest.mark.parametrize("mode", ["", "prevent"])
def test_pods_stay_away_from_such_nodes(mode: str) -> None:
    told = placed({"tolerations": [OWN, TAINT], "nodeName": "one"}, mode)

    assert terms_of(told) == [[("spot", "NotIn", "true"), ("cheap", "NotIn", "yes")]]
    assert (told["tolerations"], told["nodeName"]) == ([OWN], "one")


def test_pods_may_go_there() -> None:
    assert placed({"tolerations": [OWN]}, "allow") == {"tolerations": [OWN, TAINT]}


def test_pods_go_only_there_beside_what_they_ask_for() -> None:
    disk = {"key": "disk", "operator": "In", "values": ["ssd"]}
    own = {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [disk]}]}}}

    told = placed({"affinity": {**own, "podAffinity": {}}, "tolerations": [TAINT]}, "constrain")

    ssd = ("disk", "In", "ssd")
    assert terms_of(told) == [[ssd, ("spot", "In", "true")], [ssd, ("cheap", "In", "yes")]]
    assert told["tolerations"] == [TAINT]
    assert own["nodeAffinity"][REQUIRED]["nodeSelectorTerms"] == [{"matchExpressions": [disk]}]


def test_nothing_is_added_where_that_is_said() -> None:
    assert placed({"nodeName": "one"}, "none") == {"nodeName": "one"}


def test_nothing_is_added_where_there_are_no_such_nodes() -> None:
    mlconf.preemptible_nodes.node_selector, mlconf.preemptible_nodes.tolerations = "e30=", "W10="

    assert placed({}, "prevent") == {} and placed({}, "constrain") == {}


def test_a_function_that_asks_for_such_nodes_gets_them_unless_its_mode_excludes_them() -> None:
    asks = {"nodeSelector": {"spot": "true"}}

    assert placed(asks, "") == asks
    with pytest.raises(MLRunInvalidArgumentError, match="asks for spot=true, and preemption mode 'prevent'"):
        placed(asks, "prevent")


@pytest.mark.parametrize("text", ["spot", "[]", "bm9uZQ=="])
def test_a_setting_that_is_none_is_told(text: str) -> None:
    mlconf.preemptible_nodes.node_selector = text

    with pytest.raises(MLRunInvalidArgumentError, match="no JSON such as"):
        placed({}, "")
