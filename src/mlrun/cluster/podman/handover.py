"""How variables and logins reach the command: by files and an environment that only this user can read."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from mlrun.cluster.base import Secrets
from mlrun.cluster.manifest import PodPlan
from mlrun.cluster.podman.arguments import split_env
from mlrun.errors import MLRunNotFoundError

_LOGINS = ".dockerconfigjson"  # Kubernetes' key


class Handover(NamedTuple):
    """What the command is given beside its words."""

    env: dict[str, str]  # of the command
    words: list[str]  # that pass the variables on


@contextmanager
def handover(plan: PodPlan, secrets: Secrets) -> Iterator[Handover]:
    """
    While the block runs, the command can read the variables of the pod and the logins for its image.

    Raises:
        MLRunInvalidArgumentError: A variable that can not be passed on.
        MLRunNotFoundError: A pull secret that is not there.
    """
    passed, filed = split_env(plan)
    words = [word for name in passed for word in ("--env", name)]
    logins = _logins(plan, secrets)
    if not filed and not logins:
        yield Handover(passed, words)
        return
    with tempfile.TemporaryDirectory(prefix="mlrun-podman-") as folder:  # mode 700
        if filed:
            _write(f"{folder}/env", "".join(f"{name}={value}\n" for name, value in filed.items()))
            words += ["--env-file", f"{folder}/env"]
        if logins:
            _write(f"{folder}/config.json", logins)
            passed = {**passed, "REGISTRY_AUTH_FILE": f"{folder}/config.json", "DOCKER_CONFIG": folder}
        yield Handover(passed, words)


def _logins(plan: PodPlan, secrets: Secrets) -> str:
    """The logins of all pull secrets, as one file has them; empty without any."""
    auths: dict[str, object] = {}
    for name in plan.pull_secrets:
        text = secrets.get(name, {}).get(_LOGINS)
        if text is None:
            raise MLRunNotFoundError(f"pod {plan.name}: no secret {name!r} with a key {_LOGINS!r}")
        auths |= json.loads(text).get("auths", {})
    return json.dumps({"auths": auths}) if auths else ""


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
