"""The storage that every function mounts, by the settings."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import pytest

import mlrun
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.runtimes.auto_mount import TYPES, automatic_mount, parameters_of


@pytest.fixture
def fn() -> Any:
    return mlrun.new_function("train", kind="job", command="train.py")


@pytest.mark.parametrize("kind", ["none", "auto"])
def test_a_machine_without_storage_mounts_none(fn: Any, kind: str) -> None:
    mlconf.storage.auto_mount_type = kind

    assert automatic_mount() is None
    assert fn.mounted() is fn


def test_a_claim_of_the_machine_is_mounted_and_the_function_stays_as_it_is(fn: Any) -> None:
    os.environ["MLRUN_PVC_MOUNT"] = "data:/mnt/data"

    mounted = fn.mounted()

    assert mounted.spec.volume_mounts == [{"name": "pipeline", "mountPath": "/mnt/data"}]
    assert fn.spec.volume_mounts == []


@pytest.mark.parametrize(
    ("kind", "params", "env"),
    [
        ("env", "A=1,B=2", {"A": "1", "B": "2"}),
        (
            "s3",
            "aws_access_key=id,endpoint_url=http://s3",
            {"AWS_ACCESS_KEY_ID": "id", "S3_ENDPOINT_URL": "http://s3"},
        ),
        ("v3io_credentials", "api=http://v3io", {"V3IO_API": "http://v3io"}),
    ],
)
def test_a_type_and_its_parameters(fn: Any, kind: str, params: str, env: dict[str, str]) -> None:
    mlconf.storage.auto_mount_type, mlconf.storage.auto_mount_params = kind, params

    assert {item["name"]: item["value"] for item in fn.mounted().spec.env} == env


def test_a_claim_by_parameters(fn: Any) -> None:
    mlconf.storage.auto_mount_type = "pvc"
    mlconf.storage.auto_mount_params = "pvc_name=data,volume_mount_path=/mnt/data"

    assert fn.mounted().spec.volume_mounts[0]["mountPath"] == "/mnt/data"


@pytest.mark.parametrize(
    "change", [{"disable_auto_mount": True}, {"volume_mounts": [{"name": "v", "mountPath": "/v"}]}]
)
def test_a_function_may_do_without(fn: Any, change: dict[str, Any]) -> None:
    os.environ["MLRUN_PVC_MOUNT"] = "data:/mnt/data"
    for field, value in change.items():
        setattr(fn.spec, field, value)

    assert fn.mounted() is fn


def test_parameters_are_pairs_or_base64_of_json() -> None:
    given = {"pvc_name": "data", "items": [1]}

    assert parameters_of(base64.b64encode(json.dumps(given).encode()).decode()) == given
    assert parameters_of("a = 1, b=x=y") == {"a": "1", "b": "x=y"}
    assert parameters_of("") == {}


def test_what_is_no_parameter_is_refused() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="key=value,key=value"):
        parameters_of("data")
    mlconf.storage.auto_mount_type, mlconf.storage.auto_mount_params = "pvc", "claim=data"
    with pytest.raises(
        MLRunInvalidArgumentTypeError, match="auto_mount_params has claim; storage of type 'pvc'"
    ):
        automatic_mount()


def test_the_setting_knows_every_type() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=", ".join(TYPES)):
        mlconf.storage.auto_mount_type = "nfs"
