"""Images of containers, built on this machine by podman or docker, and pushed where their name says so."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import ClassVar

from mlrun.builders import variables
from mlrun.builders.base import NEVER, Builder, Log
from mlrun.builders.command import Command, outside, run, words_of
from mlrun.builders.context import Context, laid_out
from mlrun.builders.names import is_insecure, registry_of
from mlrun.builders.plan import BuildPlan
from mlrun.cluster.environments import is_environment
from mlrun.cluster.podman.engine import find_engine
from mlrun.config import mlconf
from mlrun.errors import MLRunNotFoundError, MLRunRuntimeError

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
            if context.told:
                log(f"{context.told}\n".encode())
            self._fetch_base(plan.base_image, step)
            step(_build(plan, context))
        if registry := registry_of(plan.image):
            mode = mlconf.httpdb.builder.insecure_push_registry_mode
            step(_command("push", *_without_tls(registry, mode), plan.image))
        return plan.image

    def _fetch_base(self, image: str, step: partial[None]) -> None:
        if _label(image) is not None:
            return
        missing = f"there is no image {image!r} to start from on this machine"
        if image.startswith("localhost/"):  # which are those of this machine, and of no registry
            raise MLRunNotFoundError(f"{missing}; base_image= names another one")
        try:
            mode = mlconf.httpdb.builder.insecure_pull_registry_mode
            step(_command("pull", *_without_tls(registry_of(image), mode), image))
        except MLRunRuntimeError as error:
            why = str(error).splitlines()[-1]
            raise MLRunNotFoundError(
                f"{missing}, and it can not be pulled; base_image= names another one ({why})"
            ) from None  # its lines are in the log


def _build(plan: BuildPlan, context: Context) -> Command:
    named = variables.named_in(plan.extra, plan.env)
    arguments = [word for name in named for word in ("--build-arg", name)]  # their values are in env
    own = words_of(str(mlconf.builder.podman.args), "builder.podman.args")
    words = (
        *("--file", str(context.dockerfile), "--tag", plan.image, "--label", f"{LABEL}={context.digest}"),
        *(["--no-cache"] if plan.anew else []),
        *(
            *variables.options(plan.env),
            *arguments,
            *own,
            *words_of(plan.extra_args, "extra_args"),
            str(context.folder),
        ),
    )
    command = _command("build", *words)
    env = {**outside(), **plan.env, variables.NAME: variables.script(plan.env)}
    return command._replace(said=f"{Path(command.words[0]).name} build {plan.image}", env=env)


def _without_tls(registry: str, mode: object) -> list[str]:
    """docker has this among the settings of its daemon."""
    return ["--tls-verify=false"] if is_insecure(registry, mode) and not find_engine().is_docker else []


def _command(*words: str) -> Command:
    program = find_engine().words
    return Command([*program, *words], f"{Path(program[0]).name} {' '.join(words)}", outside())


def _label(image: str) -> str | None:
    """The digest in the label of *image*; empty where it has none, None where there is no such image."""
    engine = find_engine()
    words = ("image", "inspect", "--format", f'{{{{ index .Config.Labels "{LABEL}" }}}}', image)
    answer = engine.ask(*words)
    if answer.code == 0:
        return answer.out.strip().replace("<no value>", "")
    if answer.has_said("no such image", "image not known"):
        return None
    raise MLRunRuntimeError(f"{engine.words[0]!r} does not work here: {answer.error}")
