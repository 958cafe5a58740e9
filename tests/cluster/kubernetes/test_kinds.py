"""Kinds of resources, and where a server has them."""

from __future__ import annotations

import pytest

from mlrun.cluster.kubernetes.kinds import POD, kind_named, kind_of, operated, selector_of
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError


def test_an_address_has_the_group_where_there_is_one() -> None:
    assert POD.path("ns", "a") == "/api/v1/namespaces/ns/pods/a"
    assert kind_named("MPIJob").path("ns") == "/apis/kubeflow.org/v1/namespaces/ns/mpijobs"
    assert kind_named("SparkApplication").path("ns", "a") == (
        "/apis/sparkoperator.k8s.io/v1beta2/namespaces/ns/sparkapplications/a"
    )


def test_a_kind_that_is_not_known_is_answered_with_those_that_are() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"no 'MpiJob': Pod, MPIJob, .*mean 'MPIJob'"):
        kind_named("MpiJob")


@pytest.mark.parametrize("resource", [{}, {"kind": "Deployment"}])
def test_a_resource_without_such_a_kind_is_refused(resource: dict[str, str]) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"^kind: "):
        kind_of(resource)


def test_another_version_of_a_kind_is_refused() -> None:
    with pytest.raises(
        MLRunInvalidArgumentError,
        match=r"apiVersion: .* is kubeflow.org/v1 or kubeflow.org/v2beta1, not 'kubeflow.org/v1alpha1'",
    ):
        kind_of({"kind": "MPIJob", "apiVersion": "kubeflow.org/v1alpha1"})


@pytest.mark.parametrize("version", ["v1", "v2beta1"])
def test_an_mpijob_is_of_the_version_of_the_setting(version: str) -> None:
    mlconf.mpijob_crd_version = version

    assert kind_named("MPIJob").api == f"kubeflow.org/{version}"
    assert [kind.name for kind in operated()] == ["MPIJob", "TrainJob", "SparkApplication"]


@pytest.mark.parametrize("version", ["v1", "v2beta1"])
def test_a_resource_is_of_the_version_that_it_says(version: str) -> None:
    api = f"kubeflow.org/{version}"

    assert kind_of({"kind": "MPIJob", "apiVersion": api}).api == api


def test_a_selector_is_written_as_a_query_has_it() -> None:
    assert selector_of({"mlrun/uid": "3f2a", "empty": ""}) == "mlrun/uid=3f2a,empty="
    assert selector_of(None) == ""
