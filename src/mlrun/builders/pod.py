"""The pod that builds an image on Kubernetes: BuildKit without root, and the context in secrets."""

from __future__ import annotations

import base64
import io
import tarfile
from collections.abc import Sequence
from typing import Any

from mlrun.builders.command import words_of
from mlrun.builders.context import Context
from mlrun.builders.names import is_loopback, registry_of
from mlrun.builders.plan import BuildPlan
from mlrun.builders.podman import LABEL
from mlrun.cluster.base import Resource
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError

PIECE = 700_000  # characters; a Secret has 1 MiB, and is base64 once more
MOST_PIECES = 16
_PARTS, _PLACE, _LOGIN, _STATE = (
    "/mlrun/parts",
    "/mlrun/context",
    "/mlrun/login",
    "/home/user/.local/share/buildkit",
)
# The pieces have names in order; what follows are the words of the program.
_SCRIPT = f'set -e; cat {_PARTS}/* | base64 -d | tar -xz -C {_PLACE}; exec "$@"'
_USER = 1000  # of the image of BuildKit without root


def build_pod(
    name: str, plan: BuildPlan, context: Context, program: Sequence[str]
) -> tuple[Resource, dict[str, dict[str, str]]]:
    """
    A ``v1`` Pod that unpacks *context* and runs *program* on it, and the secrets that it needs.

    Raises:
        MLRunInvalidArgumentError: The context is too large.

    Source: docs/rootless.md and examples/kubernetes of BuildKit, for the user, the profiles and the flag.
    """
    pieces = _pieces(context)
    secrets = {f"{name}-{number:02}": {"part": piece} for number, piece in enumerate(pieces)}
    if plan.env:
        secrets[name] = dict(plan.env)
    container: dict[str, Any] = {
        "name": "base",
        "image": str(mlconf.builder.kubernetes.image),
        "command": ["/bin/sh", "-c", _SCRIPT, "mlrun-build", *program],
        "args": _arguments(plan, context),
        "env": [
            {"name": "BUILDKITD_FLAGS", "value": "--oci-worker-no-process-sandbox"},
            *([{"name": "DOCKER_CONFIG", "value": _LOGIN}] if plan.secret else []),
            *({"name": key, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}} for key in plan.env),
        ],
        "securityContext": {
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "seccompProfile": {"type": "Unconfined"},
        },
        "volumeMounts": [
            {"name": "parts", "mountPath": _PARTS, "readOnly": True},
            {"name": "context", "mountPath": _PLACE},
            {"name": "state", "mountPath": _STATE},
            *([{"name": "login", "mountPath": _LOGIN, "readOnly": True}] if plan.secret else []),
        ],
    }
    parts = [
        {"secret": {"name": part, "items": [{"key": "part", "path": part.rpartition("-")[2]}]}}
        for part in secrets
        if part != name
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {"app.kubernetes.io/managed-by": "mlrun", "mlrun/class": "build", "mlrun/build": name},
            "annotations": {"container.apparmor.security.beta.kubernetes.io/base": "unconfined"},
        },
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": max(1, int(mlconf.builder.timeout)),
            "automountServiceAccountToken": False,  # commands of a build have no business with the cluster
            "securityContext": {"fsGroup": _USER},
            "containers": [container],
            "volumes": [
                {"name": "parts", "projected": {"sources": parts}},
                {"name": "context", "emptyDir": {}},
                {"name": "state", "emptyDir": {}},
                *([_login(plan.secret)] if plan.secret else []),
            ],
        },
    }, secrets


def _arguments(plan: BuildPlan, context: Context) -> list[str]:
    output = f"type=image,name={plan.image},push=true"
    mode = str(mlconf.httpdb.builder.insecure_push_registry_mode).lower()
    if mode == "enabled" or (mode == "auto" and is_loopback(registry_of(plan.image))):
        output += ",registry.insecure=true"
    return [
        *("build", "--progress", "plain", "--frontend", "dockerfile.v0"),
        *("--local", f"context={_PLACE}", "--local", f"dockerfile={_PLACE}", "--output", output),
        *("--opt", f"label:{LABEL}={context.digest}"),
        # the cluster puts the values in their places
        *(word for key in plan.env for word in ("--opt", f"build-arg:{key}=$({key})")),
        *(["--no-cache"] if plan.anew else []),
        *words_of(plan.extra_args, "extra_args"),
    ]


def _login(secret: str) -> dict[str, Any]:
    items = [{"key": ".dockerconfigjson", "path": "config.json"}]
    return {"name": "login", "secret": {"secretName": secret, "items": items}}


def _pieces(context: Context) -> list[str]:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path in sorted(context.folder.iterdir()):  # not the folder itself, which is another user's there
            archive.add(path, arcname=path.name)
    text = base64.b64encode(packed.getvalue()).decode()
    if len(text) > PIECE * MOST_PIECES:
        raise MLRunInvalidArgumentError(
            f"the source has {len(packed.getvalue()):,} bytes when it is packed, and a pod that builds is"
            f" given {PIECE * MOST_PIECES * 3 // 4:,} at most: name in .mlrunignore what the image does not"
            " need, or build with podman (setting builder.kind)"
        )
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
