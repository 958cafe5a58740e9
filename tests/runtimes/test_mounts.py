"""Modifiers that put storage into the pods of a function."""

from __future__ import annotations

import os
from typing import Any

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.runtimes import mounts


@pytest.fixture
def fn() -> Any:
    return mlrun.new_function("train", kind="job", command="train.py")


def test_a_claim_is_mounted(fn: Any) -> None:
    fn.apply(mounts.mount_pvc("data", "volume", "/data"))

    assert fn.spec.volumes == [{"name": "volume", "persistentVolumeClaim": {"claimName": "data"}}]
    assert fn.spec.volume_mounts == [{"name": "volume", "mountPath": "/data"}]


def test_claims_may_be_named_by_a_variable(fn: Any) -> None:
    os.environ["MLRUN_PVC_MOUNT"] = "a:/mnt/a, b:/mnt/b"

    fn.apply(mounts.mount_pvc())

    assert [one["persistentVolumeClaim"]["claimName"] for one in fn.spec.volumes] == ["a", "b"]
    assert [one["mountPath"] for one in fn.spec.volume_mounts] == ["/mnt/a", "/mnt/b"]


@pytest.mark.parametrize(
    ("volume", "modifier"),
    [
        ({"secret": {"secretName": "s"}}, mounts.mount_secret("s", "/m", "v")),
        ({"configMap": {"name": "s"}}, mounts.mount_configmap("s", "/m", "v")),
        ({"hostPath": {"path": "/h"}}, mounts.mount_hostpath("/h", "/m", "v")),
        (
            {"secret": {"secretName": "s", "items": [{"key": "a", "path": "b"}]}},
            mounts.mount_secret("s", "/m", "v", [{"key": "a", "path": "b"}]),
        ),
    ],
)
def test_a_volume_is_mounted(fn: Any, volume: Any, modifier: Any) -> None:
    assert fn.apply(modifier) is fn

    assert fn.spec.volumes == [{"name": "v", **volume}]
    assert fn.spec.volume_mounts == [{"name": "v", "mountPath": "/m"}]


def test_a_volume_of_the_same_name_or_place_is_replaced(fn: Any) -> None:
    fn.apply(mounts.mount_hostpath("/old", "/a", "v")).apply(mounts.mount_hostpath("/other", "/b", "w"))

    fn.apply(mounts.mount_hostpath("/new", "/b", "v"))

    assert [one["name"] for one in fn.spec.volumes] == ["w", "v"]
    assert fn.spec.volume_mounts == [{"name": "v", "mountPath": "/b"}]


def test_credentials_for_s3_come_from_a_secret(fn: Any) -> None:
    fn.apply(
        mounts.mount_s3("aws", endpoint_url="http://s3", aws_region="eu", non_anonymous=True, prefix="A_")
    )

    reference = {"secretKeyRef": {"name": "aws", "key": "AWS_ACCESS_KEY_ID"}}
    assert fn.get_env("A_AWS_ACCESS_KEY_ID") == reference
    told = {name: fn.get_env(f"A_{name}") for name in ("S3_ENDPOINT_URL", "AWS_REGION", "S3_NON_ANONYMOUS")}
    assert told == {"S3_ENDPOINT_URL": "http://s3", "AWS_REGION": "eu", "S3_NON_ANONYMOUS": "true"}


def test_credentials_for_s3_may_be_given(fn: Any) -> None:
    fn.apply(mounts.mount_s3(aws_access_key="id", aws_secret_key="key"))

    assert (fn.get_env("AWS_ACCESS_KEY_ID"), fn.get_env("AWS_SECRET_ACCESS_KEY")) == ("id", "key")


def test_variables_are_set(fn: Any) -> None:
    fn.apply(mounts.set_env_variables({"A": 1}, B="2"))

    assert (fn.get_env("A"), fn.get_env("B")) == ("1", "2")


def test_storage_of_iguazio_is_mounted_with_its_credentials(fn: Any) -> None:
    os.environ |= {"V3IO_USERNAME": "me", "V3IO_ACCESS_KEY": "key", "V3IO_API": "http://v3io"}

    fn.apply(mlrun.mount_v3io())

    (volume,) = fn.spec.volumes
    assert volume["flexVolume"] == {"driver": "v3io/fuse", "options": {"accessKey": "key"}}
    assert fn.spec.volume_mounts == [
        {"name": "v3io", "mountPath": "/v3io"},
        {"name": "v3io", "mountPath": "/User", "subPath": "users/me"},
    ]
    assert [fn.get_env(f"V3IO_{name}") for name in ("API", "USERNAME", "ACCESS_KEY")] == [
        *("http://v3io", "me", "key")
    ]


def test_a_folder_of_iguazios_storage_is_mounted_with_a_secret(fn: Any) -> None:
    places = [mlrun.VolumeMount("/data", "")]

    fn.apply(mlrun.mount_v3io(remote="~/x", user="me", secret="v3io", volume_mounts=places))

    assert fn.spec.volumes[0]["flexVolume"] == {
        "driver": "v3io/fuse",
        "options": {"container": "users", "subPath": "/users/me/x"},
        "secretRef": {"name": "v3io"},
    }


def test_the_storage_that_there_is_is_mounted(fn: Any) -> None:
    os.environ |= {"V3IO_USERNAME": "me", "V3IO_ACCESS_KEY": "key"}
    assert fn.copy().apply(mlrun.auto_mount()).spec.volumes[0]["name"] == "v3io"
    assert fn.copy().apply(mlrun.auto_mount("data", "/d")).spec.volume_mounts[0]["mountPath"] == "/d"
    os.environ["MLRUN_PVC_MOUNT"] = "a:/mnt/a"

    assert fn.apply(mlrun.auto_mount()).spec.volume_mounts == [{"name": "pipeline", "mountPath": "/mnt/a"}]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mounts.mount_pvc(), "needs pvc_name=, or the variable MLRUN_PVC_MOUNT"),
        (lambda: mounts.mount_pvc("a", volume_mount_path=""), "needs volume_mount_path="),
        (lambda: mounts.mount_s3("aws", aws_access_key="id"), "either secret_name='aws' or the keys"),
        (lambda: mounts.auto_mount(), "there is no storage to mount"),
        (lambda: mounts.mount_v3io(remote="a/b"), "needs volume_mounts="),
        (lambda: mounts.mount_v3io(), "needs user=, or the variable V3IO_USERNAME"),
    ],
)
def test_what_is_missing_is_said(make: Any, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        make()


def test_a_variable_without_a_path_is_named() -> None:
    os.environ["MLRUN_PVC_MOUNT"] = "a:/mnt/a,b"

    with pytest.raises(ValueError, match="claim:path, such as data:/mnt/data, not 'b'"):
        mounts.mount_pvc()
