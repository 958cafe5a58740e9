"""Environments of Python packages on this machine, in place of images: what the process cluster runs in."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shlex
import shutil
import site
import sys
import sysconfig
import threading
import venv
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from mlrun import files
from mlrun.builders.base import NEVER, Builder, Log
from mlrun.builders.command import Command, outside, run
from mlrun.builders.context import Context, laid_out
from mlrun.builders.installer import installer, pip
from mlrun.builders.plan import CODE_DIR, BuildPlan
from mlrun.builders.wheel import PACKAGE
from mlrun.cluster.environments import (
    COMPLETE,
    Environment,
    environment,
    folder_of_all,
    is_environment,
    named,
    newest,
)
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, MLRunRuntimeError
from mlrun.model.base import dump_json

LOOK_EVERY_S = 0.1  # whether another build of the same environment has ended
_LINK = "_mlrun_installation.pth"
_DIGITS = 16


class EnvironmentBuilder(Builder):
    """
    Makes a virtual environment that is a layer on this installation: its packages first, then ours.

    So this package, and all that is installed beside it, is in each environment without a copy, as what a
    base image has is in an image. An environment stands in the mlrun home under the digest of what it was
    made from and of what it stands on; it is made in place, under a lock that also the commands hold, and
    is there once its last file is written. It never changes: what is made anew is another one.
    """

    kind: ClassVar[str] = "process"

    def find(self, plan: BuildPlan) -> str:
        with laid_out(_checked(plan)) as context:
            found = newest(_digest(context))
        return found.image if found and not plan.anew else ""

    def runs(self, image: str) -> bool:
        if not is_environment(image):
            return True  # that of this interpreter, whatever it is called
        try:
            return bool(environment(image))
        except MLRunNotFoundError:
            return False

    def build(self, plan: BuildPlan, log: Log, stop: threading.Event = NEVER) -> str:
        with laid_out(_checked(plan)) as context:
            digest = _digest(context)
            seen = newest(digest)
            if seen and not plan.anew:
                return seen.image
            with _locked(digest, log, stop) as lock:
                last = newest(digest)
                if last and last != seen:  # another build has made it meanwhile
                    return last.image
                place = named(digest, _number(last) + 1 if last else 1)
                _make(place, plan, context, partial(run, log=log, stop=stop), log, lock)
                return place.image


def _checked(plan: BuildPlan) -> BuildPlan:
    """
    *plan* without what only images have.

    Raises:
        MLRunInvalidArgumentError: It has lines for a build file.
    """
    if plan.extra:
        raise MLRunInvalidArgumentError(
            "build.extra are lines of a container's build file, and on the cluster 'process' there is none;"
            " commands work everywhere"
        )
    return replace(plan, image="", base_image="", code_dir=CODE_DIR, mlrun="", extra_args="", secret="")


def _digest(context: Context) -> str:
    """Of all that decides what the environment will be."""
    parts = (
        context.digest,
        sys.version,
        sys.base_prefix,
        sysconfig.get_platform(),
        _version(),
        *(f"{folder} {name}" for folder in _site_folders() for name in _distributions(folder)),
    )
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]


def _site_folders() -> list[str]:
    """Where the packages of this installation are."""
    folders = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    own = str(PACKAGE.parent)  # not among them where it is run from its source
    return [folder for folder in dict.fromkeys([*folders, own]) if os.path.isdir(folder)]


def _distributions(folder: str) -> list[str]:
    return sorted(name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info")))


def _version() -> str:
    return str(sys.modules["mlrun"].__version__)


def _number(place: Environment) -> int:
    return int(place.image.rpartition("-")[2])


@contextlib.contextmanager
def _locked(digest: str, log: Log, stop: threading.Event) -> Iterator[int]:
    """
    Inside the block nobody else makes this environment; the descriptor holds the lock wherever it is open.

    So where this process is killed, the next build waits for the command that it has left behind.
    """
    path = folder_of_all() / f"{digest}.lock"
    with files.explained("write", str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        if not _take(descriptor):
            log(b"another build is making the same environment; waiting for it\n")
            while not _take(descriptor):
                if stop.wait(LOOK_EVERY_S):
                    raise MLRunRuntimeError("the build was stopped while it waited for another one")
        yield descriptor
    finally:
        os.close(descriptor)


def drop_half_made(folder: Path) -> bool:
    """Delete what a build that was killed has left in *folder*, unless a build is at it; says whether."""
    lock = os.open(folder_of_all() / f"{folder.name.partition('-')[0]}.lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not _take(lock) or (folder / COMPLETE).is_file():
            return False
        shutil.rmtree(folder)
        return True
    finally:
        os.close(lock)


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make(
    place: Environment, plan: BuildPlan, context: Context, run: partial[None], log: Log, lock: int
) -> None:
    """Make the environment, in the place of what a build that was killed has left there."""
    with files.explained("write", str(place.folder)):
        if place.folder.exists():
            shutil.rmtree(place.folder)
    if context.told:
        log(f"{context.told}\n".encode())
    log(f"making {place.image} with Python {sys.version.split()[0]} in {place.folder}\n".encode())
    try:
        with files.explained("write", str(place.folder)):
            _lay_foundation(place)
            if plan.source:
                shutil.copytree(context.source, place.code, symlinks=True)
            else:
                place.code.mkdir()
        for command in _commands(place, plan, context, lock):
            run(command)
        files.write(str(place.folder / COMPLETE), dump_json(_told(plan)))
    except BaseException:
        shutil.rmtree(place.folder, ignore_errors=True)
        raise


def _told(plan: BuildPlan) -> dict[str, object]:
    """What people find in the last file."""
    return {
        "requirements": list(plan.requirements),
        "commands": list(plan.commands),
        "source": plan.source,
        "python": sys.version,
        "mlrun": _version(),
    }


def _lay_foundation(place: Environment) -> None:
    """A Python of its own, which looks into this installation after its own packages."""
    venv.EnvBuilder(with_pip=False, symlinks=True).create(place.folder)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    link = place.folder / "lib" / version / "site-packages" / _LINK
    # addsitedir, and not a plain line: that one would leave out what is installed as editable
    lines = [f"import site; site.addsitedir({folder!r})" for folder in _site_folders()]
    link.write_text("\n".join(lines) + "\n")
    python = place.programs / "python"
    _write_program(place.programs / "mlrun", shlex.join([str(python), "-m", "mlrun"]))
    _write_program(place.programs / "pip", shlex.join(pip(python).words))


def _write_program(path: Path, command: str) -> None:
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    path.chmod(0o755)


def _commands(place: Environment, plan: BuildPlan, context: Context, lock: int) -> Iterator[Command]:
    own = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PYTHONUNBUFFERED": "1"}
    env = place.over({**outside(), **own, **plan.env})
    for command in plan.commands:
        yield Command(["/bin/sh", "-c", command], command, env, place.code, [lock])
    if plan.requirements:
        tool = installer(place.programs / "python")
        words = [*tool.words, "install", "-r", str(context.requirements)]
        said = f"{tool.name} install {' '.join(plan.requirements)}"
        yield Command(words, said, env, place.code, [lock])
