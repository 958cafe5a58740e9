"""What the pods of a function need."""

from __future__ import annotations

from typing import Any

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError


@pytest.fixture
def fn() -> Any:
    return mlrun.new_function("train", project="iris", kind="job", image="x", command="train.py")


def test_limits_and_requests(fn: Any) -> None:
    fn.with_limits(mem="1Gi", cpu=2, gpus=1).with_requests(mem="512Mi", cpu="500m")

    assert fn.spec.resources == {
        "limits": {"memory": "1Gi", "cpu": 2, "nvidia.com/gpu": 1},
        "requests": {"memory": "512Mi", "cpu": "500m"},
    }


def test_limits_are_replaced_unless_they_patch(fn: Any) -> None:
    fn.with_limits(mem="1Gi").with_limits(cpu=2)
    assert fn.spec.resources["limits"] == {"cpu": 2}

    fn.with_limits(mem="1Gi", patch=True).gpus(2, "amd.com/gpu")
    assert fn.spec.resources["limits"] == {"cpu": 2, "memory": "1Gi", "amd.com/gpu": 2}


@pytest.mark.parametrize(
    ("set_it", "message"),
    [
        (lambda fn: fn.with_limits(mem="1Gb"), "limits.memory: '1Gb' is not a quantity.*1Gi"),
        (lambda fn: fn.with_requests(cpu="two"), "requests.cpu: 'two'"),
        (lambda fn: fn.gpus(-1), "limits.nvidia.com/gpu is 0 or more"),
        (lambda fn: fn.with_node_selection(affinity={"nodeAfinity": {}}), "nodeAfinity is not a field"),
        (lambda fn: fn.with_node_selection(tolerations=[{"kee": "a"}]), r"tolerations\[0\].kee"),
        (lambda fn: fn.with_preemption_mode("maybe"), "'maybe' is not a preemption mode"),
        (lambda fn: fn.set_state_thresholds({"excuting": "1h"}), "'excuting' is not a state threshold"),
        (
            lambda fn: fn.set_image_pull_configuration("Allways"),
            "'Allways' is not an image pull policy.*'Always'",
        ),
    ],
)
def test_what_is_wrong_is_refused_at_once(fn: Any, set_it: Any, message: str) -> None:
    before = fn.to_dict()

    with pytest.raises(MLRunInvalidArgumentError, match=message):
        set_it(fn)

    assert fn.to_dict() == before


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("resources", {"limits": {"memory": "1Gb"}}, "limits.memory: '1Gb'"),
        ("affinity", {"nodeAfinity": {}}, "nodeAfinity"),
        ("tolerations", [{"kee": "a"}], "kee"),
        ("state_thresholds", {"executing": "soon"}, "executing is a span"),
    ],
)
def test_what_was_assigned_is_looked_at_before_a_run(
    fn: Any, db: Any, field: str, value: Any, message: str
) -> None:
    setattr(fn.spec, field, value)

    with pytest.raises(MLRunInvalidArgumentError, match=message):
        fn.run()

    assert db.list_runs() == []


def test_where_its_pods_may_go(fn: Any) -> None:
    fn.with_node_selection("node-1", {"disk": "ssd"}, tolerations=[{"key": "gpu", "operator": "Exists"}])
    fn.with_node_selection(node_selector={"disk": "hdd"}).with_priority_class("high")
    fn.with_preemption_mode("prevent").with_security_context({"runAsUser": 1000})

    spec = fn.spec
    assert (spec.node_name, spec.node_selector) == ("node-1", {"disk": "hdd"})
    assert spec.tolerations == [{"key": "gpu", "operator": "Exists"}]
    assert (spec.priority_class_name, spec.preemption_mode) == ("high", "prevent")
    assert spec.security_context == {"runAsUser": 1000}


def test_thresholds_add_up_unless_they_replace(fn: Any) -> None:
    fn.set_state_thresholds({"executing": "2h"}).set_state_thresholds({"pending_scheduled": "5m"})
    assert fn.spec.state_thresholds == {"executing": "2h", "pending_scheduled": "5m"}

    fn.set_state_thresholds({"executing": "-1"}, patch=False)
    assert fn.spec.state_thresholds == {"executing": "-1"}


def test_how_its_image_is_pulled(fn: Any) -> None:
    fn.set_image_pull_configuration("Never", "registry")

    assert (fn.spec.image_pull_policy, fn.spec.image_pull_secret) == ("Never", "registry")


def test_a_variable_may_be_a_secret_of_the_project_or_of_the_cluster(fn: Any) -> None:
    fn.set_env_from_secret("TOKEN").set_env_from_secret("KEY", "aws", "key-id").set_env_from_secret("TOKEN")

    assert fn.get_env("TOKEN") == {"secretKeyRef": {"name": "mlrun-project-secrets-iris", "key": "TOKEN"}}
    assert fn.get_env("KEY") == {"secretKeyRef": {"name": "aws", "key": "key-id"}}
    assert len(fn.spec.env) == 2
