"""From a plan to the words of ``podman run``; nothing secret is in them."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator

from mlrun.cluster.manifest import PodPlan
from mlrun.cluster.manifest_volumes import EmptyFolder, HostFolder, Mount
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError

LABEL = "mlrun.pod"  # of every container that is a pod; other labels of ours begin with it
DEADLINE = f"{LABEL}.deadline"
_PULL = {"Always": "always", "IfNotPresent": "missing", "Never": "never", "": "missing"}


def run_words(plan: PodPlan, token: str, files: str, env_words: list[str], is_docker: bool) -> list[str]:
    """
    Args:
        token: Whatever tells this container from another one of its name.
        files: Folder with the files of the pod's secrets, one folder for each volume.
        env_words: Those that give the variables.

    Raises:
        MLRunInvalidArgumentError: It asks for what containers of one machine can not have.
    """
    check(plan, is_docker)
    words = ["run", "--detach", "--name", plan.name, "--pull", _PULL[plan.pull_policy]]
    words += ["--stop-timeout", str(math.ceil(plan.grace_s))]
    for key, value in _labels(plan, token).items():
        words += ["--label", f"{key}={value}"]
    words += env_words
    words += [*_limits(plan, is_docker), *_security(plan), *_place(plan), *_mounts(plan, files)]
    if plan.deadline_s:
        words += ["--timeout", str(math.ceil(plan.deadline_s))]
    if plan.command:
        words += ["--entrypoint", plan.command[0]]
    return [*words, plan.image, *plan.command[1:], *plan.args]


def check(plan: PodPlan, is_docker: bool) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: Lists what containers of one machine can not have.
    """
    wrong = []
    if not plan.image:
        wrong.append("container.image names the image to run")
    if plan.image.startswith(("-", "environment:")):
        wrong.append(f"container.image is the name of an image, not {plan.image!r}")
    if plan.deadline_s and is_docker:
        wrong.append("spec.activeDeadlineSeconds is known to podman, and not to docker")
    if plan.security.runAsNonRoot and not plan.security.runAsUser:
        wrong.append("securityContext.runAsNonRoot needs runAsUser, which says who else")
    if plan.limits.gpus and plan.limits.gpu_type not in ("nvidia.com/gpu", "amd.com/gpu"):
        wrong.append(f"limits.{plan.limits.gpu_type}: nvidia.com/gpu and amd.com/gpu can be passed on")
    wrong += [
        f"volume {mount.volume!r}: a path with a comma can not be mounted"
        for mount in plan.mounts
        if "," in mount.path or (isinstance(mount.source, HostFolder) and "," in mount.source.path)
    ]
    if wrong:
        raise MLRunInvalidArgumentError(f"pod {plan.name}: {'; '.join(wrong)}")


def _labels(plan: PodPlan, token: str) -> dict[str, str]:
    deadline = {DEADLINE: f"{plan.deadline_s:g}"} if plan.deadline_s else {}
    return {**plan.labels, LABEL: token, **deadline}


def _limits(plan: PodPlan, is_docker: bool) -> Iterator[str]:
    limits = plan.limits
    if limits.memory is not None:
        yield from ("--memory", str(limits.memory), "--memory-swap", str(limits.memory))
    if limits.cpus is not None:
        yield from ("--cpus", f"{limits.cpus:.3f}")
    if limits.gpus and limits.gpu_type == "amd.com/gpu":
        yield from ("--device", "/dev/kfd", "--device", "/dev/dri")
    elif limits.gpus and is_docker:
        yield from ("--gpus", str(limits.gpus))
    else:
        for number in range(limits.gpus):
            yield from ("--device", f"nvidia.com/gpu={number}")


def _security(plan: PodPlan) -> Iterator[str]:
    security = plan.security
    if security.runAsUser is not None or security.runAsGroup is not None:
        group = "" if security.runAsGroup is None else f":{security.runAsGroup}"
        yield from ("--user", f"{security.runAsUser or 0}{group}")
    if security.readOnlyRootFilesystem:
        yield "--read-only"
    if not security.allowPrivilegeEscalation:
        yield from ("--security-opt", "no-new-privileges")
    for action in ("add", "drop"):
        for name in security.capabilities.get(action, ()):
            yield from (f"--cap-{action}", name)
    if any(isinstance(mount.source, HostFolder) for mount in plan.mounts):
        yield from ("--security-opt", "label=disable")  # SELinux would hide them


def _place(plan: PodPlan) -> Iterator[str]:
    network = "host" if plan.host_network else str(mlconf.cluster.podman.network)
    if network:
        yield from ("--network", network)
    if plan.workdir:
        yield from ("--workdir", plan.workdir)


def _mounts(plan: PodPlan, files: str) -> Iterator[str]:
    for mount in plan.mounts:
        yield from ("--mount", _mount(mount, files))


def _mount(mount: Mount, files: str) -> str:
    if isinstance(mount.source, EmptyFolder):
        if not mount.source.in_memory:
            return f"type=volume,destination={mount.path}"
        size = f",tmpfs-size={mount.source.size}" if mount.source.size else ""
        return f"type=tmpfs,destination={mount.path},tmpfs-mode=1777{size}"
    if isinstance(mount.source, HostFolder):
        source, read_only = mount.source.path, mount.read_only
    else:
        source, read_only = f"{files}/{mount.volume}", True
    if mount.sub_path:
        source = os.path.join(source, mount.sub_path)
    return f"type=bind,source={source},destination={mount.path}{',readonly' if read_only else ''}"


# Variables that the command itself would obey if they were in its environment.
_OBEYED = re.compile(
    r"PATH|HOME|TMPDIR|USER|PWD|TERM|LANG|LC_.*|TZ|SSL_.*|\w+_proxy|\w+_PROXY|LD_.*|GO[A-Z]+|XDG_.*"
    r"|CONTAINERS?_.*|PODMAN_.*|DOCKER_.*|STORAGE_.*|REGISTRY_.*|BUILDAH_.*|NOTIFY_SOCKET|LISTEN_.*|_.*"
)


def split_env(plan: PodPlan) -> tuple[dict[str, str], dict[str, str]]:
    """
    The variables that are passed on by their name from the environment of the command, and those that a
    file has to give as the command would obey them.

    Raises:
        MLRunInvalidArgumentError: One for a file has several lines, which such a file can not have.
    """
    passed = {name: value for name, value in plan.env.items() if not _OBEYED.fullmatch(name)}
    filed = {name: value for name, value in plan.env.items() if name not in passed}
    if long := [name for name, value in filed.items() if "\n" in value or "\r" in value]:
        raise MLRunInvalidArgumentError(f"pod {plan.name}: the variable {', '.join(long)} has one line only")
    return passed, filed
