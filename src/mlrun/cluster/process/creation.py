"""A pod from its plan: its folder, its variables, and its supervisor."""

from __future__ import annotations

import errno
import fnmatch
import marshal
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mlrun import files
from mlrun.cluster import environments
from mlrun.cluster.manifest import PodPlan
from mlrun.cluster.manifest_volumes import EmptyFolder, HostFolder, Mount, make_host_folders
from mlrun.cluster.process import supervisor
from mlrun.cluster.process.folder import LOG, RECORD, WORK, PodRecord, machine
from mlrun.cluster.process.groups import ControlGroups, Group, make
from mlrun.config import mlconf
from mlrun.errors import (
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunRuntimeError,
)

_LIBRARIES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # without which some interpreters do not start


def create(root: str, plan: PodPlan, groups: ControlGroups) -> list[str]:
    """
    Start a pod in the folder *root*; gives what its manifest asks for in vain.

    Raises:
        MLRunConflictError: There is one of that name.
        MLRunInvalidArgumentError, MLRunNotFoundError: It can not run here.
        MLRunRuntimeError: The system refuses.
    """
    check(plan)
    make_host_folders(plan.mounts)
    folder = f"{root}/{plan.name}"
    env = environment(plan, folder)
    made = _make_groups(plan, groups)
    record = PodRecord(
        name=plan.name,
        labels=plan.labels,
        image=plan.image,
        created=time.time(),
        grace_s=plan.grace_s,
        host=socket.gethostname(),
        machine=machine(),
        groups=[group.folder for group in made],
        warnings=_not_kept(plan, groups),
    )
    try:
        with files.explained("make", folder), _folder(root, record) as control:
            _spawn(
                control, f"{folder}/{LOG}", _description(folder, plan, env, groups.outside(), record.groups)
            )
    except BaseException:
        supervisor.remove_groups(record.groups)
        raise
    return record.warnings


def check(plan: PodPlan) -> None:
    """
    Raises:
        MLRunInvalidArgumentError, MLRunNotFoundError: Lists what it asks for and processes can not have.
    """
    wrong = [*(_why_not_mounted(mount) for mount in plan.mounts), *_wrong_users(plan)]
    if not plan.command:
        wrong.append("container.command says what to run, as no image does")
    if plan.limits.gpus and plan.limits.gpus > (found := _gpus(plan.limits.gpu_type)):
        wrong.append(f"it asks for {plan.limits.gpus} {plan.limits.gpu_type}, and {found} are here")
    if wrong := [reason for reason in wrong if reason]:
        raise MLRunInvalidArgumentError(f"pod {plan.name}: {'; '.join(wrong)}")
    if plan.workdir and not os.path.isdir(plan.workdir):
        raise MLRunNotFoundError(f"pod {plan.name}: container.workingDir: no folder {plan.workdir} here")


def _gpus(kind: str) -> int:
    """How many of them processes can see."""
    names = os.listdir("/dev") if kind == "nvidia.com/gpu" else []
    return sum(1 for name in names if re.fullmatch(r"nvidia\d+", name))


def _why_not_mounted(mount: Mount) -> str:
    """Empty where a process has the volume at its path without a mount."""
    if isinstance(mount.source, HostFolder):
        path = os.path.join(mount.source.path, mount.sub_path) if mount.sub_path else mount.source.path
        if path == mount.path:
            return ""
    if isinstance(mount.source, EmptyFolder) and mount.path == "/dev/shm":
        return ""  # that of the machine
    return (
        f"volume {mount.volume!r} ({mount.source.what}) can not be at {mount.path}: processes have no mounts,"
        " and see every folder of this machine by its own path; the clusters 'podman' and 'kubernetes' mount"
    )


def _wrong_users(plan: PodPlan) -> list[str]:
    own, wanted = os.getuid(), plan.security.runAsUser
    if wanted not in (None, own):
        return [f"securityContext.runAsUser is {wanted}, and processes run as who starts them, {own}"]
    if plan.security.runAsNonRoot and own == 0:
        return ["securityContext.runAsNonRoot is set, and processes run as who starts them, root"]
    return []


def environment(plan: PodPlan, folder: str) -> dict[str, str]:
    """
    All variables of a pod: those that the machine gives, then its own.

    Raises:
        MLRunNotFoundError: Its image is an environment that is not there.
    """
    patterns = [word.strip() for word in str(mlconf.cluster.process.environment).split(",")]
    given = {
        name: value
        for name, value in os.environ.items()
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
    }
    env = {**given, **plan.env, supervisor.MARK: folder}
    env["PATH"] = os.pathsep.join(filter(None, [programs(plan.image), env.get("PATH", os.defpath)]))
    return env


def programs(image: str) -> str:
    """
    The folder with the ``python`` that an image means.

    Raises:
        MLRunNotFoundError: It is not there; says how to build it.
    """
    if not environments.is_environment(image):
        return os.path.join(sys.prefix, "bin")
    found = environments.environment(image)
    found.mark_used()
    return str(found.programs)


def _not_kept(plan: PodPlan, groups: ControlGroups) -> list[str]:
    """What the manifest asks for in vain."""
    limits = (("memory", "memory", plan.limits.memory), ("cores", "cpu", plan.limits.cpus))
    return [
        *(
            f"its limit of {what} is not kept: this process can make no control group"
            for what, controller, limit in limits
            if limit is not None and not groups.can_limit(controller)
        ),
        *(
            f"volume {mount.volume!r} can be written, as processes have the rights of who starts them"
            for mount in plan.mounts
            if mount.read_only
        ),
    ]


def _make_groups(plan: PodPlan, groups: ControlGroups) -> list[Group]:
    made = groups.plan(plan.name, plan.limits)
    try:
        make(made)
    except OSError as error:
        supervisor.remove_groups([group.folder for group in made])
        raise MLRunRuntimeError(
            f"pod {plan.name}: the system refuses its limits ({error.strerror}): {plan.limits.memory} bytes,"
            f" {plan.limits.cpus} cores"
        ) from error
    return made


def _lay_out(image: str, workdir: str) -> None:
    """The folder that a pod starts in, with a copy of its image's code: what it writes there is its own."""
    if environments.is_environment(image):
        shutil.copytree(environments.environment(image).code, workdir, symlinks=True)
    else:
        os.mkdir(workdir)


@contextmanager
def _folder(root: str, record: PodRecord) -> Iterator[int]:
    """
    The folder of a pod, in one step for whoever looks, with its control pipe open for the supervisor.

    While the block runs, the pod is alive; when it fails, there is nothing.
    """
    os.makedirs(root, mode=0o700, exist_ok=True)
    temporary = files.temporary_name(f"{root}/{record.name}")
    os.mkdir(temporary, 0o700)
    try:
        os.mkfifo(f"{temporary}/{supervisor.CONTROL}", 0o600)
        control = os.open(f"{temporary}/{supervisor.CONTROL}", os.O_RDWR | os.O_CLOEXEC)
    except BaseException:
        shutil.rmtree(temporary)
        raise
    place = temporary
    try:
        _lay_out(record.image, f"{temporary}/{WORK}")
        files.append(f"{temporary}/{LOG}", b"")
        files.write(f"{temporary}/{RECORD}", record.to_json().encode())
        _rename(temporary, f"{root}/{record.name}")
        place = f"{root}/{record.name}"
        yield control
    except BaseException:
        shutil.rmtree(place)
        raise
    finally:
        os.close(control)


def _rename(source: str, target: str) -> None:
    """
    Raises:
        MLRunConflictError: There is such a pod; a folder that is not empty is not replaced.
    """
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise MLRunConflictError(f"pod {os.path.basename(target)} exists") from None
        raise


def _spawn(control: int, log: str, description: dict[str, object]) -> None:
    """Start a supervisor that is nobody's child, and tell it what to do."""
    reader, writer = os.pipe()
    with open(writer, "wb") as pipe, open(reader, "rb") as told, open(log, "ab") as output:
        words = [sys.executable, "-I", "-S", supervisor.__file__, str(control), str(reader)]
        subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "mlrun-pod", *words],
            env={name: os.environ[name] for name in _LIBRARIES if name in os.environ},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(control, reader),
            start_new_session=True,
            check=True,
        )
        told.close()
        pipe.write(marshal.dumps(description))


def _description(
    folder: str, plan: PodPlan, env: dict[str, str], leave: list[str], groups: list[str]
) -> dict[str, object]:
    """What a supervisor is told, see there."""
    return {
        "folder": folder,
        "words": [os.fsencode(word) for word in [*plan.command, *plan.args]],
        "env": {os.fsencode(name): os.fsencode(value) for name, value in env.items()},
        "workdir": plan.workdir or f"{folder}/{WORK}",
        "groups": groups,
        "leave": leave,
        "grace_s": plan.grace_s,
        "deadline_s": plan.deadline_s or 0.0,
    }
