"""Images of containers, built on this machine by podman or docker, and pushed where their name says so."""

from __future__ import annotations

import shutil
import subprocess
import threading
from functools import partial
from pathlib import Path
from typing import ClassVar

from mlrun.builders.base import NEVER, Builder, Log
from mlrun.builders.command import Command, outside, run, said_at_the_end, words_of
from mlrun.builders.context import Context, laid_out
from mlrun.builders.names import is_loopback, registry_of
from mlrun.builders.plan import BuildPlan
from mlrun.cluster.environments import is_environment
from mlrun.config import mlconf
from mlrun.errors import MLRunMissingDependencyError, MLRunNotFoundError, MLRunRuntimeError

LABEL = "mlrun.build"  # of an image: the digest of its context


class PodmanBuilder(Builder):
    """
    Runs ``podman build``; an image whose name begins with a registry is pushed there as well.

    An image has the digest of its context as a label, so that one of the same name that was made from
    something else is not taken for it; one without the label is somebody's own, and is.
    """

    kind: ClassVar[str] = "podman"

    def find(self, plan: BuildPlan) -> str:
        with laid_out(plan) as context:
            label = _label(plan.image)
            is_there = label is not None and label in ("", context.digest)
        return plan.image if is_there and not plan.anew else ""

    def runs(self, image: str) -> bool:
        return not is_environment(image)

    def build(self, plan: BuildPlan, log: Log, stop: threading.Event = NEVER) -> str:
        step = partial(run, log=log, stop=stop)
        with laid_out(plan) as context:
            self._fetch_base(plan.base_image, step)
            step(_build(plan, context))
        if registry := registry_of(plan.image):
            step(_command("push", *_without_tls(registry), plan.image))
        return plan.image

    def _fetch_base(self, image: str, step: partial[None]) -> None:
        if _label(image) is not None:
            return
        try:
            if image.startswith("localhost/"):
                raise MLRunRuntimeError("localhost/ are images of this machine")
            step(_command("pull", *_without_tls(registry_of(image)), image))
        except MLRunRuntimeError as error:
            raise MLRunNotFoundError(
                f"there is no image {image!r} to start from on this machine, and none can be pulled;"
                f" base_image= names another one ({str(error).splitlines()[-1]})"
            ) from error


def _build(plan: BuildPlan, context: Context) -> Command:
    arguments = [word for name in plan.env for word in ("--build-arg", name)]  # their values are in env
    own = words_of(str(mlconf.builder.podman.args), "builder.podman.args")
    words = (
        *("--file", str(context.dockerfile), "--tag", plan.image, "--label", f"{LABEL}={context.digest}"),
        *(["--no-cache"] if plan.anew else []),
        *(*arguments, *own, *words_of(plan.extra_args, "extra_args"), str(context.folder)),
    )
    command = _command("build", *words)
    return command._replace(
        said=f"{Path(command.words[0]).name} build {plan.image}", env={**outside(), **plan.env}
    )


def _without_tls(registry: str) -> list[str]:
    """docker has this among the settings of its daemon."""
    mode = str(mlconf.httpdb.builder.insecure_push_registry_mode).lower()
    is_meant = mode == "enabled" or (mode == "auto" and is_loopback(registry))
    return ["--tls-verify=false"] if is_meant and registry and "podman" in Path(_program()[0]).name else []


def _command(*words: str) -> Command:
    program = _program()
    return Command([*program, *words], f"{Path(program[0]).name} {' '.join(words)}", outside())


def _program() -> list[str]:
    """
    Raises:
        MLRunMissingDependencyError: It is not on the PATH.
    """
    words = words_of(str(mlconf.builder.podman.command), "builder.podman.command")
    if not words or not shutil.which(words[0]):
        raise MLRunMissingDependencyError(
            f"images are built by {' '.join(words) or 'podman'!r}, which is not on the PATH: install podman,"
            " or name another program in the setting builder.podman.command"
        )
    return words


def _label(image: str) -> str | None:
    """The digest in the label of *image*; empty where it has none, None where there is no such image."""
    words = [*_program(), "image", "inspect", "--format", f'{{{{ index .Config.Labels "{LABEL}" }}}}', image]
    done = subprocess.run(words, env=outside(), capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode == 0:
        return done.stdout.decode().strip().replace("<no value>", "")
    if b"no such image" in done.stderr.lower() or b"image not known" in done.stderr.lower():
        return None
    raise MLRunRuntimeError(said_at_the_end(f"{words[0]!r} does not work here", done.stderr))
