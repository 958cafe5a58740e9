"""What the Dask operator is told of a function's cluster."""

from __future__ import annotations

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.runtimes.dask.resource import (
    autoscaler_resource,
    cluster_resource,
    is_scaled,
    labels_of,
    most_workers,
    new_name,
)


@pytest.fixture
def fn():
    return mlrun.new_function("scale", project="iris", kind="dask", image="dask:1")


def container(resource, part):
    [one] = resource["spec"][part]["spec"]["containers"]
    return one


def made(function):
    return cluster_resource(function, "scale-1")[0]


def test_each_cluster_has_a_name_of_its_own_and_the_labels_of_the_function(fn):
    assert new_name(fn).startswith("scale-")
    assert new_name(fn) != new_name(fn)
    assert len(new_name(mlrun.new_function("long" * 15, kind="dask"))) <= 36
    assert made(fn)["metadata"]["labels"] == {"dask.org/cluster-name": "scale-1", **labels_of(fn)}
    assert labels_of(fn)["mlrun/function"] == "scale"


def test_each_part_has_its_own_resources_and_the_same_place(fn):
    fn.with_scheduler_requests(cpu="500m").with_worker_limits(mem="1Gi", cpu=2)
    fn.with_node_selection(node_selector={"disk": "ssd"})
    fn.set_env("A", "1").spec.nthreads = 3

    resource = made(fn)

    scheduler, worker = container(resource, "scheduler"), container(resource, "worker")
    assert scheduler["resources"] == {"requests": {"cpu": "500m"}}
    assert worker["resources"] == {"limits": {"memory": "1Gi", "cpu": 2}}
    assert worker["args"][:4] == ["python", "-m", "dask", "worker"]
    assert worker["args"][6:] == ["--nthreads", "3", "--memory-limit", str(2**30)]
    assert scheduler["env"] == worker["env"] == [{"name": "A", "value": "1"}]
    for part in ("scheduler", "worker"):
        assert resource["spec"][part]["spec"]["nodeSelector"] == {"disk": "ssd"}


def test_storage_account_and_image_secret_are_of_both(fn):
    fn.apply(mlrun.platforms.mount_hostpath("/data", "/data", "data"))
    fn.spec.service_account, fn.spec.image_pull_secret = "analyst", "registry"

    for part in ("scheduler", "worker"):
        spec = made(fn)["spec"][part]["spec"]
        assert spec["volumes"] == [{"name": "data", "hostPath": {"path": "/data"}}]
        assert spec["containers"][0]["volumeMounts"] == [{"name": "data", "mountPath": "/data"}]
        assert (spec["serviceAccountName"], spec["imagePullSecrets"]) == ("analyst", [{"name": "registry"}])


def test_what_is_private_is_referred_to(fn):
    fn.set_env("DB_PASSWORD", "s3cr3t")

    resource, hidden = cluster_resource(fn, "scale-1")

    assert hidden == {"DB_PASSWORD": "s3cr3t"}
    assert "s3cr3t" not in str(resource)


@pytest.mark.parametrize(
    ("given", "replicas", "limits"),
    [
        ({"replicas": 3}, 3, None),
        ({}, 0, (0, 16)),
        ({"min_replicas": 1, "max_replicas": 4}, 1, (1, 4)),
    ],
)
def test_the_number_of_workers_is_given_or_follows_the_work(fn, given, replicas, limits):
    for name, value in given.items():
        setattr(fn.spec, name, value)

    assert made(fn)["spec"]["worker"]["replicas"] == replicas
    assert is_scaled(fn.spec) == bool(limits)
    if limits:
        spec = autoscaler_resource(fn, "scale-1")["spec"]
        assert (spec["cluster"], spec["minimum"], spec["maximum"]) == ("scale-1", *limits)
        assert most_workers(fn.spec) == limits[1]


def test_a_service_is_as_the_function_says(fn):
    fn.spec.service_type, fn.spec.node_port = "NodePort", 30786

    service = made(fn)["spec"]["scheduler"]["service"]

    assert service["type"] == "NodePort"
    assert service["ports"][0] == {
        "name": "tcp-comm",
        "protocol": "TCP",
        "port": 8786,
        "targetPort": "tcp-comm",
        "nodePort": 30786,
    }


def test_an_idle_cluster_ends_after_the_timeout(fn):
    assert made(fn)["spec"]["idleTimeout"] == 3600
    fn.spec.scheduler_timeout = "90s"
    assert made(fn)["spec"]["idleTimeout"] == 90


def test_packages_are_installed_by_the_images_that_can(fn):
    fn.spec.extra_pip = ["a", "b"]

    assert {"name": "EXTRA_PIP_PACKAGES", "value": "a b"} in container(made(fn), "worker")["env"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("service_type", "Nodeport", r"'Nodeport' is none of ClusterIP, NodePort, LoadBalancer"),
        ("scheduler_timeout", "soon", r"'soon' is no span of time, such as '60 minutes'"),
        ("worker_resources", {"limits": {"memory": "1Gb"}}, r"worker_resources\.limits\.memory"),
    ],
)
def test_what_is_wrong_is_said(fn, field, value, sentence):
    setattr(fn.spec, field, value)

    with pytest.raises(MLRunInvalidArgumentError, match=sentence):
        made(fn)
