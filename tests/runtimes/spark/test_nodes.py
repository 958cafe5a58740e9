"""Where the pods of a driver and its executors may go, and what they mount."""

from __future__ import annotations

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError


@pytest.fixture
def fn():
    return mlrun.new_function("count", kind="spark").with_code(body="def count(context):\n    pass\n")


@pytest.mark.parametrize("part", ["driver", "executor"])
def test_each_part_has_limits_and_nodes_of_its_own(fn, part):
    getattr(fn, f"with_{part}_limits")(cpu=2, gpus=1)
    getattr(fn, f"with_{part}_node_selection")(node_selector={"zone": "a"})
    getattr(fn, f"with_{part}_preemption_mode")("allow")

    assert getattr(fn.spec, f"{part}_resources") == {"limits": {"cpu": 2, "nvidia.com/gpu": 1}}
    assert getattr(fn.spec, f"{part}_node_selector") == {"zone": "a"}
    assert getattr(fn.spec, f"{part}_preemption_mode") == "allow"


@pytest.mark.parametrize("method", ["with_limits", "with_requests"])
def test_limits_of_one_pod_are_refused_with_what_there_is(fn, method):
    with pytest.raises(MLRunInvalidArgumentError, match="has a driver and executors: with_driver_"):
        getattr(fn, method)(mem="1g")


@pytest.mark.parametrize(
    "method", ["with_node_selection", "with_driver_node_selection", "with_executor_node_selection"]
)
def test_a_node_is_not_named_but_selected(fn, method):
    with pytest.raises(MLRunInvalidArgumentError, match=r'"kubernetes.io/hostname": "node-1"'):
        getattr(fn, method)(node_name="node-1")


def test_a_field_that_kubernetes_does_not_know_is_refused(fn, db):
    fn.spec.executor_affinity = {"nodeAffinty": {}}

    with pytest.raises(MLRunInvalidArgumentError, match=r"affinity.nodeAffinty is not a field"):
        fn.run(handler="count")

    assert list(db.list_runs()) == []


def test_a_folder_of_a_node_is_mounted_where_it_is_said(fn):
    fn.with_driver_host_path_volume("/data", "/mnt/a", "Directory")
    fn.with_executor_host_path_volume("/data", "/mnt/b", "Directory")

    assert fn.spec.volumes == [
        {"name": "host-path-volume", "hostPath": {"path": "/data", "type": "Directory"}}
    ]
    assert fn.spec.driver_volume_mounts == [{"name": "host-path-volume", "mountPath": "/mnt/a"}]
    assert fn.spec.executor_volume_mounts == [{"name": "host-path-volume", "mountPath": "/mnt/b"}]


def test_two_folders_have_two_names(fn):
    fn.with_driver_host_path_volume("/data", "/mnt/a")

    with pytest.raises(MLRunInvalidArgumentError, match="'host-path-volume' is another folder already"):
        fn.with_executor_host_path_volume("/other", "/mnt/b")


def test_a_restart_policy_is_recorded(fn):
    assert fn.with_restart_policy().spec.restart_policy == {
        "type": "OnFailure",
        "retries": 0,
        "retry_interval": 10,
        "submission_retries": 3,
        "submission_retry_interval": 20,
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("Onfailure",), "'Onfailure' is not a restart policy.*Did you mean 'OnFailure'"),
        (("Never", -1), "retries is a whole number of 0 or more"),
        (("Never", 0, "10s"), "retry_interval is a whole number"),
    ],
)
def test_a_restart_policy_that_is_none_is_refused(fn, arguments, sentence):
    with pytest.raises(MLRunInvalidArgumentError, match=sentence):
        fn.with_restart_policy(*arguments)


def test_iguazios_storage_goes_to_driver_and_executors(fn, monkeypatch):
    monkeypatch.setenv("V3IO_USERNAME", "jo")
    fn.with_igz_spark()

    paths = [mount["mountPath"] for mount in fn.spec.driver_volume_mounts]
    assert paths == ["/v3io", "/User"]
    assert fn.spec.executor_volume_mounts == fn.spec.driver_volume_mounts
    assert fn.spec.volume_mounts == []
