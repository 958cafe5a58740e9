from __future__ import annotations

from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.base import check_keys, load_yaml
from mlrun.model.function import EntrypointParam, Function, FunctionEntrypoint, function_hash

FUNCTION: dict[str, Any] = {
    "kind": "job",
    "metadata": {"name": "trainer", "project": "p1", "tag": "v1"},
    "spec": {
        "image": "mlrun/mlrun",
        "build": {"functionSourceCode": "cHJpbnQoMSk="},
        "env": [{"name": "A", "value": ""}],
    },
}

BUILT_FROM_GIT = """
kind: job
metadata:
  name: remote-git-test
  project: default
  tag: latest
spec:
  command: 'myfunc.py'
  args: []
  image_pull_policy: Always
  build:
    commands: ['pip install pandas']
    base_image: mlrun/mlrun:dev
    source: git://github.com/mlrun/ci-demo.git
"""

SENT_BY_CLIENTS = {
    "job": "filename description state_thresholds image mount_otlp_secret disable_auto_mount default_handler"
    " preemption_mode build command entry_points tolerations affinity node_selector env resources",
    "spark": "driver_preemption_mode use_default_image executor_preemption_mode executor_resources"
    " driver_resources executor_affinity executor_tolerations driver_tolerations executor_node_selector"
    " driver_node_selector driver_affinity",
    "dask": "min_replicas scheduler_timeout nthreads max_replicas remote extra_pip kfp_image node_port"
    " scheduler_resources worker_resources service_type",
    "mpijob": "replicas clean_pod_policy mpi_args",
    "remote": "base_image_pull function_handler source config base_spec no_cache function_kind"
    " readiness_timeout add_templated_ingress_host_mode disable_default_http_trigger",
    "serving": "models graph parameters default_class load_mode function_refs graph_initializer error_stream"
    " track_models secret_sources default_content_type",
}


def test_a_function_file_is_read_and_written_without_loss() -> None:
    data = load_yaml(BUILT_FROM_GIT)

    function = Function.from_dict(data)

    del data["spec"]["args"]  # empty is the default
    assert function.to_dict() == data
    assert list(function.to_dict()) == ["kind", "metadata", "spec"]


@pytest.mark.parametrize("kind", SENT_BY_CLIENTS)
def test_the_keys_of_every_kind_are_known(kind: str) -> None:
    spec = dict.fromkeys(SENT_BY_CLIENTS[kind].split())

    check_keys(Function, {"kind": kind, "spec": spec}, "function.yaml")


def test_a_misspelled_key_is_refused_with_the_right_one() -> None:
    data = {"kind": "job", "spec": {"imag": "x", "build": {"comands": []}}}

    with pytest.raises(MLRunInvalidArgumentError) as caught:
        check_keys(Function, data, "function.yaml")

    message = str(caught.value)
    assert "'spec.imag' is not a known key. Did you mean 'image'?" in message
    assert "'spec.build.comands' is not a known key. Did you mean 'commands'?" in message


def test_keys_of_a_newer_program_survive() -> None:
    data = {"kind": "job", "spec": {"image": "x", "from_tomorrow": {"a": 1}}, "status": {"new": 2}}

    assert Function.from_dict(data).to_dict() == data


def test_the_uri_names_tag_and_hash() -> None:
    function = Function.from_dict({"metadata": {"name": "f", "project": "p", "tag": "v1", "hash": "ab"}})

    assert function.uri == "p/f:v1@ab"


def test_the_hash_is_forty_hex_digits() -> None:
    digest = function_hash(FUNCTION)

    assert len(digest) == 40
    assert set(digest) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "same",
    [
        {"metadata": {**FUNCTION["metadata"], "tag": "v2"}},
        {"metadata": {**FUNCTION["metadata"], "hash": "x", "updated": "today", "credentials": {"k": "v"}}},
        {"metadata": {**FUNCTION["metadata"], "labels": {}, "categories": None}},
        {"status": {"state": "ready"}},
        {"status": None, "verbose": False},
        {"spec": {**FUNCTION["spec"], "affinity": None, "description": "", "disable_auto_mount": False}},
        {"spec": {**FUNCTION["spec"], "build": {**FUNCTION["spec"]["build"], "commands": [], "image": None}}},
        dict(reversed(FUNCTION.items())),
    ],
)
def test_the_hash_does_not_change_with(same: dict[str, Any]) -> None:
    assert function_hash({**FUNCTION, **same}) == function_hash(FUNCTION)


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "local"},
        {"metadata": {**FUNCTION["metadata"], "project": "p2"}},
        {"metadata": {**FUNCTION["metadata"], "labels": {"a": "b"}}},
        {"spec": {**FUNCTION["spec"], "image": "other"}},
        {"spec": {**FUNCTION["spec"], "build": {"functionSourceCode": "cHJpbnQoMik="}}},
        {"spec": {**FUNCTION["spec"], "env": [{"name": "A"}]}},
        {"verbose": True},
    ],
)
def test_the_hash_changes_with(other: dict[str, Any]) -> None:
    assert function_hash({**FUNCTION, **other}) != function_hash(FUNCTION)


def test_a_record_and_its_dictionary_have_one_hash() -> None:
    assert function_hash(Function.from_dict(FUNCTION).to_dict()) == function_hash(FUNCTION)


def test_hashing_changes_nothing() -> None:
    before = Function.from_dict(FUNCTION).to_dict()

    function_hash(FUNCTION)

    assert before == FUNCTION


def test_an_entry_point_survives_its_dictionary() -> None:
    entry = FunctionEntrypoint(
        name="train",
        parameters=[EntrypointParam(name="p1", type="int", default=1)],
        lineno=3,
        has_kwargs=True,
    )

    assert FunctionEntrypoint.from_dict(entry.to_dict()) == entry
