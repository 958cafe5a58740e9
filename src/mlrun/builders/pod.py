"""The pod that builds an image on Kubernetes: BuildKit without root, and the context in secrets."""

from __future__ import annotations

import base64
import io
import tarfile
from collections.abc import Iterator, Sequence
from typing import Any

from mlrun.builders import variables
from mlrun.builders.command import words_of
from mlrun.builders.context import Context
from mlrun.builders.names import is_insecure, registry_of
from mlrun.builders.plan import BuildPlan
from mlrun.builders.podman import LABEL
from mlrun.cluster.base import Resource
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError

PIECE = 700_000  # characters; a Secret has 1 MiB, and is base64 once more
MOST_PIECES = 16
_PARTS, _PLACE, _LOGIN, _DAEMON, _STATE = (
    "/mlrun/parts",
    "/mlrun/context",
    "/mlrun/login",
    "/mlrun/daemon",
    "/home/user/.local/share/buildkit",
)
_CONFIG = "buildkitd.toml"
# The pieces have names in order; what follows are the words of the program.
_SCRIPT = f"""\
set -e
cat {_PARTS}/* | base64 -d | tar -xz -C {_PLACE}
[ -z "$MLRUN_LOGIN" ] || printf %s "$MLRUN_LOGIN" > {_LOGIN}/config.json
unset MLRUN_LOGIN
exec "$@"
"""
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
    config = _config(plan.base_image)
    env = {**plan.env, variables.NAME: variables.script(plan.env)} if plan.env else {}
    own = {**env, **({_CONFIG: config} if config else {})}
    pieces = {f"{name}-{number:02}": {"part": piece} for number, piece in enumerate(_pieces(context))}
    secrets = {**({name: own} if own else {}), **pieces}  # the pod waits for the last
    container: dict[str, Any] = {
        "name": "base",
        "image": str(mlconf.builder.kubernetes.image),
        "command": ["/bin/sh", "-c", _SCRIPT, "mlrun-build", *program],
        "args": _arguments(plan, context),
        "env": [
            {"name": "BUILDKITD_FLAGS", "value": " ".join(_flags(config))},
            {"name": "BUILDCTL_CONNECT_RETRIES_MAX", "value": "30"},  # 12 s; by itself 2 s
            *(_from_secret(key, name, key) for key in env),
            *(_login(plan.secret) if plan.secret else []),
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
            {"name": "login", "mountPath": _LOGIN},
            *([{"name": "daemon", "mountPath": _DAEMON, "readOnly": True}] if config else []),
        ],
    }
    parts = [
        {"secret": {"name": part, "items": [{"key": "part", "path": part.rpartition("-")[2]}]}}
        for part in pieces
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
            "terminationGracePeriodSeconds": 1,  # it has nothing to put in order
            "activeDeadlineSeconds": max(1, int(mlconf.builder.timeout)),
            "automountServiceAccountToken": False,  # commands of a build have no business with the cluster
            "containers": [container],
            "volumes": [
                {"name": "parts", "projected": {"sources": parts}},
                {"name": "context", "emptyDir": {}},
                {"name": "state", "emptyDir": {}},
                {"name": "login", "emptyDir": {"medium": "Memory"}},
                *([_daemon(name)] if config else []),
            ],
        },
    }, secrets


def _config(base_image: str) -> str:
    """
    What the daemon has to be told of the registry of *base_image*.

    That of the output has its own word among the arguments, but where both are one this holds for it as well.
    """
    registry = registry_of(base_image)
    is_meant = is_insecure(registry, mlconf.httpdb.builder.insecure_pull_registry_mode)
    return f'[registry."{registry}"]\nhttp = true\ninsecure = true\n' if is_meant else ""


def _flags(config: str) -> list[str]:
    return ["--oci-worker-no-process-sandbox", *([f"--config={_DAEMON}/{_CONFIG}"] if config else [])]


def _arguments(plan: BuildPlan, context: Context) -> list[str]:
    output = f"type=image,name={plan.image},push=true"
    if is_insecure(registry_of(plan.image), mlconf.httpdb.builder.insecure_push_registry_mode):
        output += ",registry.insecure=true"
    arguments = variables.named_in(plan.extra, plan.env)
    return [
        *("build", "--progress", "plain", "--frontend", "dockerfile.v0"),
        *("--local", f"context={_PLACE}", "--local", f"dockerfile={_PLACE}", "--output", output),
        *("--opt", f"label:{LABEL}={context.digest}"),
        *variables.options(plan.env),
        # the cluster puts the values in their places
        *(word for key in arguments for word in ("--opt", f"build-arg:{key}=$({key})")),
        *(["--no-cache"] if plan.anew else []),
        *_own(words_of(plan.extra_args, "extra_args")),
    ]


def _own(words: list[str]) -> Iterator[str]:
    """The words of ``extra_args``; a build argument has another name than with podman, docker and kaniko."""
    rest = iter(words)
    for word in rest:
        option, is_one, value = word.partition("=")
        if option == "--build-arg":
            yield from ("--opt", f"build-arg:{value if is_one else next(rest, '')}")
        else:
            yield word


def _login(secret: str) -> list[dict[str, Any]]:
    """
    Variables that the script makes a file of.

    The pod would wait without end for a volume of a secret that is not there; with a variable it says so.
    """
    return [
        {"name": "DOCKER_CONFIG", "value": _LOGIN},
        _from_secret("MLRUN_LOGIN", secret, ".dockerconfigjson"),
    ]


def _from_secret(variable: str, secret: str, key: str) -> dict[str, Any]:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def _daemon(secret: str) -> dict[str, Any]:
    items = [{"key": _CONFIG, "path": _CONFIG}]
    return {"name": "daemon", "secret": {"secretName": secret, "items": items}}


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
