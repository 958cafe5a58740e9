"""The volumes of a pod that its container mounts: folders of the machine, empty folders, and secrets."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Union

from mlrun import files
from mlrun.cluster.base import Secrets
from mlrun.cluster.manifest_parts import (
    Container,
    EmptyDir,
    HostPath,
    PodSpec,
    SecretItem,
    SecretVolume,
    Volume,
    VolumeMount,
    Wrong,
)
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.quantity import memory_bytes


class HostFolder(NamedTuple):
    """A folder or file of the machine."""

    path: str
    is_created: bool  # as a folder, where there is none

    @property
    def what(self) -> str:
        return f"hostPath {self.path}"


class EmptyFolder(NamedTuple):
    """A new folder that goes with its pod."""

    in_memory: bool
    size: int | None  # bytes

    @property
    def what(self) -> str:
        return "emptyDir"


class SecretFiles(NamedTuple):
    """A folder with a file for each key of a secret."""

    files: Mapping[str, str]  # relative path to text

    @property
    def what(self) -> str:
        return "secret"


Source = Union[HostFolder, EmptyFolder, SecretFiles]


class Mount(NamedTuple):
    """A volume, and where the container has it."""

    volume: str  # its name
    path: str
    source: Source
    read_only: bool = False
    sub_path: str = ""


def read_mounts(
    spec: PodSpec, container: Container, secrets: Secrets, wrong: Wrong, missing: Wrong
) -> list[Mount]:
    """What the container mounts; a volume that it does not is checked, and made nowhere."""
    volumes: dict[str, Source] = {}
    for number, volume in enumerate(Volume.read_all(spec.volumes, "spec.volumes", wrong)):
        source = _source(volume, f"spec.volumes[{number}]", secrets, wrong, missing)
        if source is not None:
            volumes[volume.name] = source
    declared = {str(volume.get("name")) for volume in spec.volumes or [] if isinstance(volume, Mapping)}
    mounts = []
    for number, mount in enumerate(
        VolumeMount.read_all(container.volumeMounts, "container.volumeMounts", wrong)
    ):
        where = f"container.volumeMounts[{number}]"
        if mount.name not in declared:
            wrong.append(f"{where}: there is no volume {mount.name!r} in spec.volumes")
        elif mount.name in volumes and _is_sound(mount, where, wrong):
            path = os.path.normpath(mount.mountPath)
            mounts.append(Mount(mount.name, path, volumes[mount.name], mount.readOnly, mount.subPath))
    return mounts


def _is_sound(mount: VolumeMount, where: str, wrong: Wrong) -> bool:
    if not mount.mountPath.startswith("/") or os.path.normpath(mount.mountPath) == "/":
        wrong.append(f"{where}.mountPath is an absolute path below /, not {mount.mountPath!r}")
        return False
    if _climbs(mount.subPath):
        wrong.append(f"{where}.subPath stays in its volume; {mount.subPath!r} does not")
        return False
    return True


def _climbs(path: str) -> bool:
    return path.startswith("/") or ".." in path.split("/")


def _source(volume: Volume, where: str, secrets: Secrets, wrong: Wrong, missing: Wrong) -> Source | None:
    """None where something is wrong with it, or is missing."""
    if volume.hostPath is not None:
        return _host_folder(HostPath.read(volume.hostPath, f"{where}.hostPath", wrong), where, wrong, missing)
    if volume.secret is not None:
        secret = SecretVolume.read(volume.secret, f"{where}.secret", wrong)
        return _secret_files(secret, where, secrets, wrong, missing)
    if volume.emptyDir is not None:
        return _empty_folder(EmptyDir.read(volume.emptyDir, f"{where}.emptyDir", wrong), where, wrong)
    if not set(volume._unknown()):  # else that has been said
        wrong.append(f"{where} ({volume.name!r}) is a hostPath, an emptyDir or a secret here")
    return None


def _host_folder(host: HostPath, where: str, wrong: Wrong, missing: Wrong) -> Source | None:
    if not host.path.startswith("/"):
        wrong.append(f"{where}.hostPath.path is an absolute path, not {host.path!r}")
        return None
    if host.type != "DirectoryOrCreate" and not os.path.exists(host.path):
        missing.append(f"no folder {host.path} on this machine")
        return None
    return HostFolder(os.path.normpath(host.path), host.type == "DirectoryOrCreate")


def _empty_folder(empty: EmptyDir, where: str, wrong: Wrong) -> Source | None:
    try:
        size = memory_bytes(empty.sizeLimit, f"{where}.emptyDir.sizeLimit") if empty.sizeLimit else None
    except MLRunInvalidArgumentError as error:
        wrong.append(str(error))
        return None
    return EmptyFolder(empty.medium == "Memory", size)


def _secret_files(
    secret: SecretVolume, where: str, secrets: Secrets, wrong: Wrong, missing: Wrong
) -> Source | None:
    values = secrets.get(secret.secretName)
    if values is None:
        if secret.optional:
            return SecretFiles({})
        missing.append(f"no secret {secret.secretName!r}")
        return None
    if secret.items is None:
        return SecretFiles(values)
    files = {}
    for item in SecretItem.read_all(secret.items, f"{where}.secret.items", wrong):
        if not item.path or _climbs(item.path):
            wrong.append(f"{where}.secret.items: {item.path!r} is no path below the volume")
        elif item.key in values:
            files[item.path] = values[item.key]
        elif not secret.optional:
            missing.append(f"no secret {secret.secretName!r} with a key {item.key!r}")
    return SecretFiles(files)


def make_host_folders(mounts: Iterable[Mount]) -> None:
    """
    Raises:
        MLRunAccessDeniedError, MLRunRuntimeError: One can not be made.
    """
    for mount in mounts:
        if isinstance(mount.source, HostFolder) and mount.source.is_created:
            with files.explained("make", mount.source.path):
                os.makedirs(mount.source.path, exist_ok=True)
