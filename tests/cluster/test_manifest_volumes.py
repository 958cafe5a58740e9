"""Volumes are folders of the machine, empty folders, and secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlrun.cluster.manifest_parts import Container, PodSpec
from mlrun.cluster.manifest_volumes import (
    EmptyFolder,
    HostFolder,
    Mount,
    SecretFiles,
    make_host_folders,
    read_mounts,
)

SECRETS = {"vault": {"key": "s3cr3t", "user": "me"}}


def read(volume: Any, **mount: Any) -> tuple[list[Mount], list[str], list[str]]:
    """The mounts, what is wrong, and what is missing."""
    wrong: list[str] = []
    missing: list[str] = []
    spec = PodSpec(volumes=[volume])
    container = Container(volumeMounts=[{"name": "v", "mountPath": "/data", **mount}])
    return read_mounts(spec, container, SECRETS, wrong, missing), wrong, missing


def test_a_folder_of_the_machine_is_mounted(tmp_path: Path) -> None:
    volume = {"name": "v", "hostPath": {"path": f"{tmp_path}/"}}

    mounts, wrong, _ = read(volume, mountPath="/data/", readOnly=True, subPath="part")

    assert mounts == [Mount("v", "/data", HostFolder(str(tmp_path), False), True, "part")]
    assert wrong == []


def test_a_folder_may_be_created(tmp_path: Path) -> None:
    mounts, _, missing = read(
        {"name": "v", "hostPath": {"path": f"{tmp_path}/new", "type": "DirectoryOrCreate"}}
    )

    assert mounts[0].source == HostFolder(f"{tmp_path}/new", True)
    assert missing == []


@pytest.mark.parametrize(
    ("empty", "source"),
    [
        ({}, EmptyFolder(False, None)),
        ({"medium": "Memory", "sizeLimit": "1Gi"}, EmptyFolder(True, 1024**3)),
    ],
)
def test_an_empty_folder_is_mounted(empty: dict[str, str], source: EmptyFolder) -> None:
    mounts, _, _ = read({"name": "v", "emptyDir": empty})

    assert mounts[0].source == source


@pytest.mark.parametrize(
    ("secret", "files"),
    [
        ({"secretName": "vault"}, SECRETS["vault"]),
        ({"secretName": "vault", "items": [{"key": "key", "path": "a/b"}]}, {"a/b": "s3cr3t"}),
        ({"secretName": "nowhere", "optional": True}, {}),
    ],
)
def test_a_secret_is_mounted(secret: dict[str, Any], files: dict[str, str]) -> None:
    mounts, _, _ = read({"name": "v", "secret": secret})

    assert mounts[0].source == SecretFiles(files)


@pytest.mark.parametrize(
    ("volume", "mount", "message"),
    [
        ({"name": "w", "emptyDir": {}}, {}, "container.volumeMounts[0]: there is no volume 'v'"),
        ({"name": "v"}, {}, "spec.volumes[0] ('v') is a hostPath, an emptyDir or a secret here"),
        (
            {"name": "v", "persistentVolumeClaim": {"claimName": "c"}},
            {},
            "spec.volumes[0].persistentVolumeClaim is only understood by the cluster 'kubernetes'",
        ),
        ({"name": "v", "hostpath": {}}, {}, "hostpath is no field of a pod. Did you mean 'hostPath'?"),
        ({"name": "v", "hostPath": {"path": "data"}}, {}, "hostPath.path is an absolute path, not 'data'"),
        ({"name": "v", "emptyDir": {"sizeLimit": "1Gb"}}, {}, "sizeLimit: '1Gb' is not a quantity"),
        ({"name": "v", "emptyDir": {}}, {"mountPath": "data"}, "mountPath is an absolute path below /"),
        ({"name": "v", "emptyDir": {}}, {"mountPath": "/a/.."}, "mountPath is an absolute path below /"),
        ({"name": "v", "emptyDir": {}}, {"subPath": "../a"}, "subPath stays in its volume; '../a' does not"),
        ({"name": "v", "emptyDir": {}}, {"subPathExpr": "a"}, "subPathExpr is only understood"),
        (
            {"name": "v", "secret": {"secretName": "vault", "items": [{"key": "key", "path": "../a"}]}},
            {},
            "'../a' is no path below the volume",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(volume: Any, mount: dict[str, Any], message: str) -> None:
    _, wrong, _ = read(volume, **mount)

    assert message in " ".join(wrong)


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        ({"hostPath": {"path": "/no/such/folder"}}, "no folder /no/such/folder on this machine"),
        ({"secret": {"secretName": "nowhere"}}, "no secret 'nowhere'"),
        (
            {"secret": {"secretName": "vault", "items": [{"key": "x", "path": "x"}]}},
            "no secret 'vault' with a key 'x'",
        ),
    ],
)
def test_what_is_not_there_is_missing(volume: dict[str, Any], message: str) -> None:
    _, wrong, missing = read({"name": "v", **volume})

    assert (wrong, missing) == ([], [message])


def test_a_folder_is_made_where_that_is_asked_for(tmp_path: Path) -> None:
    mounts, _, _ = read({"name": "v", "hostPath": {"path": f"{tmp_path}/a/b", "type": "DirectoryOrCreate"}})

    make_host_folders(mounts)

    assert (tmp_path / "a" / "b").is_dir()
