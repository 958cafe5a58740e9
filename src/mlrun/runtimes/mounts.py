"""Modifiers for ``fn.apply``: storage, and the credentials for it, in the pods of a function."""

from __future__ import annotations

import os
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError

Modifier = Callable[[Any], Any]
PVC_VARIABLE = "MLRUN_PVC_MOUNT"  # "claim:path", several separated by commas
VolumeMount = namedtuple("VolumeMount", ["path", "sub_path"])  # as it is published


def mount_pvc(
    pvc_name: str | None = None, volume_name: str = "pipeline", volume_mount_path: str = "/mnt/pipeline"
) -> Modifier:
    """
    A persistent volume claim at a path; without a name those of ``MLRUN_PVC_MOUNT`` (``claim:path``).

    Raises:
        MLRunInvalidArgumentError: No name is given there either, or a path is missing.
    """
    claims = [(pvc_name, volume_mount_path)] if pvc_name else _claims()
    if not claims:
        raise MLRunInvalidArgumentError(
            f"mount_pvc() needs pvc_name=, or the variable {PVC_VARIABLE} with a text such as data:/mnt/data"
        )
    if not all(path for _, path in claims):
        raise MLRunInvalidArgumentError(f"mount_pvc({pvc_name!r}) needs volume_mount_path= beside the name")

    def modify(function: Any) -> Any:
        for at, (claim, path) in enumerate(claims):
            name = volume_name if at == 0 else f"{volume_name}-{at}"
            volume = {"name": name, "persistentVolumeClaim": {"claimName": claim}}
            _add(function, volume, [{"name": name, "mountPath": path}])
        return function

    return modify


def mount_secret(
    secret_name: str, mount_path: str, volume_name: str = "secret", items: list[dict[str, Any]] | None = None
) -> Modifier:
    """A secret of the cluster as files at a path; *items* are ``{"key", "path"}``, by default every key."""
    source = {"secretName": secret_name, **({"items": items} if items else {})}
    return _mounted({"name": volume_name, "secret": source}, mount_path)


def mount_configmap(
    configmap_name: str,
    mount_path: str,
    volume_name: str = "configmap",
    items: list[dict[str, Any]] | None = None,
) -> Modifier:
    """A config map of the cluster as files at a path; *items* as of :func:`mount_secret`."""
    source = {"name": configmap_name, **({"items": items} if items else {})}
    return _mounted({"name": volume_name, "configMap": source}, mount_path)


def mount_hostpath(host_path: str, mount_path: str, volume_name: str = "hostpath") -> Modifier:
    """A folder of the machine that the pod runs on."""
    return _mounted({"name": volume_name, "hostPath": {"path": host_path}}, mount_path)


def mount_s3(
    secret_name: str | None = None,
    aws_access_key: str = "",
    aws_secret_key: str = "",
    endpoint_url: str | None = None,
    prefix: str = "",
    aws_region: str | None = None,
    non_anonymous: bool = False,
) -> Modifier:
    """
    Credentials for S3, as variables.

    Args:
        secret_name: The cluster's secret with the keys ``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``.
        aws_access_key, aws_secret_key: The keys themselves, which then stand in the function's record.
        prefix: Put before each name.

    Raises:
        MLRunInvalidArgumentError: Both a secret and keys are given.
    """
    keys = {"AWS_ACCESS_KEY_ID": aws_access_key, "AWS_SECRET_ACCESS_KEY": aws_secret_key}
    if secret_name and any(keys.values()):
        raise MLRunInvalidArgumentError(
            f"mount_s3() takes either secret_name={secret_name!r} or the keys themselves, and not both"
        )
    plain = {
        "S3_ENDPOINT_URL": endpoint_url,
        "AWS_REGION": aws_region,
        "S3_NON_ANONYMOUS": "true" if non_anonymous else "",
        **keys,
    }

    def modify(function: Any) -> Any:
        for name, value in plain.items():
            if value:
                function.set_env(prefix + name, value)
            elif secret_name and name in keys:
                function.set_env_from_secret(prefix + name, secret_name, name)
        return function

    return modify


def v3io_cred(api: str = "", user: str = "", access_key: str = "") -> Modifier:
    """Credentials for Iguazio's storage, by default those of this process."""
    given = {"V3IO_API": api, "V3IO_USERNAME": user, "V3IO_ACCESS_KEY": access_key}
    values = {name: value or os.environ.get(name, "") for name, value in given.items()}
    return set_env_variables({name: value for name, value in values.items() if value})


def mount_v3io(
    name: str = "v3io",
    remote: str = "",
    access_key: str = "",
    user: str = "",
    secret: str | None = None,
    volume_mounts: list[Any] | None = None,
) -> Modifier:
    """
    Iguazio's storage as a folder: by default all of it at ``/v3io``, and the user's part at ``/User``.

    Args:
        remote: The folder of the storage to mount; ``~/x`` is in the user's part. It needs *volume_mounts*.
        secret: The cluster's secret with the access key.
        volume_mounts: :class:`VolumeMount` s.

    Raises:
        MLRunInvalidArgumentError: *remote* without *volume_mounts*, or nobody's name is known.
    """
    if remote and not volume_mounts:
        raise MLRunInvalidArgumentError(
            "mount_v3io(remote=...) needs volume_mounts=: where it goes in the pod"
        )
    user = user or os.environ.get("V3IO_USERNAME", "")
    if not user and (not volume_mounts or remote.startswith("~")):
        raise MLRunInvalidArgumentError("mount_v3io() needs user=, or the variable V3IO_USERNAME")
    mounts = volume_mounts or [VolumeMount("/v3io", ""), VolumeMount("/User", f"users/{user}")]
    source = _v3io(remote, user, access_key or os.environ.get("V3IO_ACCESS_KEY", ""), secret)

    def modify(function: Any) -> Any:
        places = [
            {"name": name, "mountPath": mount.path, **({"subPath": mount.sub_path} if mount.sub_path else {})}
            for mount in mounts
        ]
        _add(function, {"name": name, "flexVolume": source}, places)
        return v3io_cred(user=user, access_key=access_key)(function)

    return modify


def auto_mount(pvc_name: str = "", volume_mount_path: str = "", volume_name: str | None = None) -> Modifier:
    """
    The storage that there is: a claim that is named here or in ``MLRUN_PVC_MOUNT``, else Iguazio's.

    Raises:
        MLRunInvalidArgumentError: There is none.
    """
    if pvc_name or has_claims():
        named = {"volume_name": volume_name} if volume_name else {}
        placed = {"volume_mount_path": volume_mount_path} if volume_mount_path else {}
        return mount_pvc(pvc_name or None, **named, **placed)
    if is_on_iguazio():
        return mount_v3io(name=volume_name or "v3io")
    raise MLRunInvalidArgumentError(
        f"there is no storage to mount: auto_mount(pvc_name=...) names a claim, and so does {PVC_VARIABLE}"
    )


def set_env_variables(env_vars_dict: dict[str, Any] | None = None, **kwargs: Any) -> Modifier:
    """Environment variables, by name."""
    variables = {**(env_vars_dict or {}), **kwargs}
    return lambda function: function.set_envs(variables)


def has_claims() -> bool:
    """Whether this process has been told of claims."""
    return bool(os.environ.get(PVC_VARIABLE))


def is_on_iguazio() -> bool:
    """Whether this process has been given Iguazio's storage."""
    return bool(os.environ.get("V3IO_ACCESS_KEY") and os.environ.get("V3IO_USERNAME"))


def _claims() -> list[tuple[str, str]]:
    """Of the variable: each claim with its path."""
    texts = [text.strip() for text in os.environ.get(PVC_VARIABLE, "").split(",") if text.strip()]
    pairs = [text.partition(":") for text in texts]
    if wrong := [text for text, (claim, _, path) in zip(texts, pairs) if not (claim and path)]:
        raise MLRunInvalidArgumentError(
            f"{PVC_VARIABLE} is claim:path, such as data:/mnt/data, not {wrong[0]!r}"
        )
    return [(claim, path) for claim, _, path in pairs]


def _v3io(remote: str, user: str, access_key: str, secret: str | None) -> dict[str, Any]:
    options: dict[str, str] = {} if secret else {"accessKey": access_key}
    if remote:
        container, _, path = remote.replace("~", f"users/users/{user}", 1).strip("/").partition("/")
        options |= {"container": container, "subPath": f"/{path}"}
    reference = {"secretRef": {"name": secret}} if secret else {}
    return {"driver": "v3io/fuse", "options": options, **reference}


def _mounted(volume: dict[str, Any], path: str) -> Modifier:
    def modify(function: Any) -> Any:
        return _add(function, volume, [{"name": volume["name"], "mountPath": path}])

    return modify


def _add(function: Any, volume: Mapping[str, Any], mounts: Iterable[Mapping[str, Any]]) -> Any:
    """Put a volume into *function*, in place of one of its name, and of what was at its paths."""
    spec, mounts = function.spec, list(mounts)
    paths = {mount["mountPath"] for mount in mounts}
    spec.volumes = [one for one in spec.volumes if one.get("name") != volume["name"]] + [dict(volume)]
    kept = [
        one
        for one in spec.volume_mounts
        if one.get("mountPath") not in paths and one.get("name") != volume["name"]
    ]
    spec.volume_mounts = kept + [dict(mount) for mount in mounts]
    return function
