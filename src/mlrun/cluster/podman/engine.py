"""The docker-compatible command that runs containers, and what it means by its errors."""

from __future__ import annotations

import functools
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from typing import NamedTuple

from mlrun.config import mlconf
from mlrun.errors import MLRunRuntimeError, MLRunServiceUnavailableError, MLRunTimeoutError

ANSWERS_WITHIN_S = 60.0
_UNREACHABLE = (
    "Cannot connect to the Docker daemon",
    "unable to connect to Podman",
    "permission denied while",
)


class Answer(NamedTuple):
    """What a command has said."""

    code: int
    out: str
    error: str  # the sentence that says why it failed

    def has_said(self, *words: str) -> bool:
        return any(word.lower() in self.error.lower() for word in words)


class Engine:
    """One command line; threads may share it."""

    def __init__(self, words: list[str]) -> None:
        self.words = words

    @functools.cached_property
    def is_docker(self) -> bool:
        """Not podman, which some machines have under that name."""
        if os.path.basename(self.words[0]).startswith("podman"):
            return False
        return "podman" not in self.ask("--version").out.lower()

    def ask(
        self,
        *words: str,
        env: Mapping[str, str] | None = None,
        timeout_s: float = ANSWERS_WITHIN_S,
        folder: str | None = None,
    ) -> Answer:
        """
        Run the command with *words* to its end.

        Args:
            env: Variables beside those of this process.
            folder: Where it works, and what it starts; by default, where this process does.

        Raises:
            MLRunServiceUnavailableError: It is not installed, or reaches no engine.
            MLRunTimeoutError: It has not answered in time, and was ended.
        """
        try:
            done = subprocess.run(
                [*self.words, *words],
                env={**os.environ, **env} if env else None,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout_s,
            )
        except FileNotFoundError as error:
            raise not_installed(self.words[0]) from error
        except subprocess.TimeoutExpired:
            raise MLRunTimeoutError(
                f"{self.words[0]} {words[0]} has not answered within {timeout_s:g} s"
            ) from None
        answer = Answer(done.returncode, done.stdout.decode(errors="replace"), _sentence(done.stderr))
        if done.returncode and answer.has_said(*_UNREACHABLE):
            raise MLRunServiceUnavailableError(f"{self.words[0]}: {answer.error}")
        return answer

    def tell(self, *words: str) -> str:
        """
        As :meth:`ask`, for what has to succeed.

        Raises:
            MLRunRuntimeError: It does not.
        """
        answer = self.ask(*words)
        if answer.code:
            raise MLRunRuntimeError(f"{self.words[0]} {words[0]}: {answer.error}")
        return answer.out

    def stream(self, *words: str) -> subprocess.Popen[bytes]:
        """The running command, with both of its streams in one pipe."""
        try:
            return subprocess.Popen(
                [*self.words, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except FileNotFoundError as error:
            raise not_installed(self.words[0]) from error


def find_engine() -> Engine:
    """
    The one that the setting ``cluster.podman.command`` names, else podman, else docker.

    Raises:
        MLRunServiceUnavailableError: There is none.
    """
    if command := shlex.split(str(mlconf.cluster.podman.command)):
        return Engine([_found_anywhere(command[0]), *command[1:]])
    for name in ("podman", "docker"):
        if shutil.which(name):
            return Engine([name])
    raise not_installed("podman")


def _found_anywhere(program: str) -> str:
    """A path that means the same in every working folder; a name stays one."""
    return os.path.abspath(program) if os.sep in program else program


def not_installed(name: str) -> MLRunServiceUnavailableError:
    return MLRunServiceUnavailableError(
        f"the command {name!r} is not here: install podman or docker, name it by the setting"
        " cluster.podman.command, or run pods on the cluster 'process', which needs nothing"
    )


def _sentence(stderr: bytes) -> str:
    """What went wrong, without what was logged on the way."""
    lines = stderr.decode(errors="replace").strip().splitlines()
    errors = [line for line in lines if re.match(r"(Error|docker: |Error response)", line)]
    text = (errors or lines or ["it gave no reason"])[-1]
    return re.sub(r"^(docker: )?(Error: |Error response from daemon: )*", "", text).rstrip(".")
