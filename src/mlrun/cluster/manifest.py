"""A pod's manifest, read into a plan for one machine; what it can not do is refused by name."""

from __future__ import annotations

import re
from typing import NamedTuple

from mlrun.cluster.base import Resource, Secrets
from mlrun.cluster.manifest_env import Env, read_env
from mlrun.cluster.manifest_parts import Container, Metadata, PodSpec, Resources, SecurityContext, Wrong
from mlrun.cluster.manifest_volumes import Mount, read_mounts
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.model.quantity import memory_bytes, quantity

CONTAINER = "base"
_NAME = r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?"
_GPU = r"[a-z0-9.-]+/gpu"


class Limits(NamedTuple):
    """What a container may use of the machine; None is as much as there is."""

    memory: int | None = None  # bytes
    cpus: float | None = None  # cores
    gpus: int = 0
    gpu_type: str = ""  # nvidia.com/gpu


class PodPlan(NamedTuple):
    """What one machine is asked to run. It has secrets in it, so it is never printed or stored whole."""

    name: str
    labels: dict[str, str]
    image: str
    pull_policy: str  # Always | IfNotPresent | Never | "", which is as the image's tag has it
    pull_secrets: list[str]  # names
    command: list[str]  # empty: the image's own
    args: list[str]
    workdir: str
    env: dict[str, str]
    mounts: list[Mount]
    limits: Limits
    security: SecurityContext
    host_network: bool
    grace_s: float
    deadline_s: float | None


def read_pod(resource: Resource, secrets: Secrets | None, node: str) -> PodPlan:
    """
    The plan of a ``v1`` Pod with one container.

    Args:
        node: The name of this machine, for variables that ask for it.

    Raises:
        MLRunInvalidArgumentError: Lists all that is wrong with it, each with its place.
        MLRunNotFoundError: A secret that it names is not among *secrets*.
    """
    wrong: Wrong = []
    missing: Wrong = []
    metadata = Metadata.read(resource.get("metadata", {}), "metadata", wrong)
    spec = PodSpec.read(resource.get("spec"), "spec", wrong)
    container = _container(spec, wrong)
    context = {**spec.securityContext, **container.securityContext}
    _check_kind(resource, metadata, spec, wrong)
    env = read_env(container, metadata, secrets or {}, node, wrong, missing)
    plan = PodPlan(
        name=metadata.name,
        labels=metadata.labels,
        image=container.image,
        pull_policy=container.imagePullPolicy,
        pull_secrets=[str(one.get("name", "")) for one in spec.imagePullSecrets],
        command=_words(container.command, "command", env, wrong),
        args=_words(container.args, "args", env, wrong),
        workdir=container.workingDir,
        env=env.variables,
        mounts=read_mounts(spec, container, secrets or {}, wrong, missing),
        limits=_limits(container, wrong),
        security=SecurityContext.read(context, "securityContext", wrong),
        host_network=spec.hostNetwork,
        grace_s=spec.terminationGracePeriodSeconds,
        deadline_s=spec.activeDeadlineSeconds,
    )
    if wrong:
        raise MLRunInvalidArgumentError(f"pod {metadata.name}: {'; '.join(wrong)}")
    if missing:
        raise MLRunNotFoundError(f"pod {metadata.name}: {'; '.join(missing)}")
    return plan


def _check_kind(resource: Resource, metadata: Metadata, spec: PodSpec, wrong: Wrong) -> None:
    kind = resource.get("kind", "Pod")
    if kind != "Pod" or resource.get("apiVersion", "v1") != "v1":
        wrong.append(f"a {kind} of {resource.get('apiVersion')} needs an operator; here only v1 Pods run")
    if not re.fullmatch(_NAME, metadata.name):
        wrong.append(
            f"metadata.name is at most 253 of a-z, 0-9, '-' and '.', and begins and ends with a letter or a"
            f" digit; not {metadata.name!r:.80}"
        )
    if spec.restartPolicy != "Never":
        wrong.append(f"spec.restartPolicy is 'Never' where pods run once, not {spec.restartPolicy!r}")
    for name in ("terminationGracePeriodSeconds", "activeDeadlineSeconds"):
        if (getattr(spec, name) or 0) < 0:
            wrong.append(f"spec.{name} is 0 or more seconds, not {getattr(spec, name)}")


def _container(spec: PodSpec, wrong: Wrong) -> Container:
    if len(spec.containers) != 1:
        wrong.append(f"spec.containers has one container, {CONTAINER!r}, not {len(spec.containers)}")
        return Container()
    container = Container.read(spec.containers[0], "container", wrong)
    if container.imagePullPolicy not in ("", "Always", "IfNotPresent", "Never"):
        wrong.append(
            f"container.imagePullPolicy is Always, IfNotPresent or Never, not {container.imagePullPolicy!r}"
        )
    if container.workingDir and not container.workingDir.startswith("/"):
        wrong.append(f"container.workingDir is an absolute path, not {container.workingDir!r}")
    return container


def _words(words: list[str] | None, what: str, env: Env, wrong: Wrong) -> list[str]:
    for word in words or []:
        if secret := env.names_in(word) & env.secret:
            wrong.append(
                f"container.{what} has the secret {sorted(secret)[0]} in it, which every user of the machine"
                " would see there; the program can read the variable"
            )
    return [env.expand(word) for word in words or []]


def _limits(container: Container, wrong: Wrong) -> Limits:
    resources = Resources.read(container.resources, "resources", wrong)
    limits = Limits()
    for part, values in (("requests", resources.requests), ("limits", resources.limits)):
        for name, value in values.items():
            try:
                read = _limit(limits, name, value, f"{part}.{name}")
            except MLRunInvalidArgumentError as error:
                wrong.append(str(error))
                continue
            limits = read if part == "limits" else limits
    return limits


def _limit(limits: Limits, name: str, value: object, what: str) -> Limits:
    if name == "memory":
        return limits._replace(memory=memory_bytes(value, what))
    number = quantity(value, what)
    if name == "cpu":
        return limits._replace(cpus=float(number))
    if re.fullmatch(_GPU, name):
        if number != int(number):
            raise MLRunInvalidArgumentError(f"{what} is a whole number, not {value}")
        return limits._replace(gpus=int(number), gpu_type=name)
    if name in ("ephemeral-storage", "storage"):  # nothing here keeps count of it
        return limits
    raise MLRunInvalidArgumentError(
        f"{what}: a container of one machine has cpu, memory and <vendor>/gpu to ask for"
    )
