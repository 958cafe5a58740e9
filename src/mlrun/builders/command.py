"""The commands of a build: said before they run, followed, ended in time, and quoted when they fail."""

from __future__ import annotations

import os
import shlex
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mlrun.builders.base import NEVER, Log
from mlrun.child import Tree
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunRuntimeError, MLRunTimeoutError

TAIL = 8_000  # bytes of output kept to say why a command failed
LINES = 10  # of them that are said


class Command(NamedTuple):
    """One step of a build."""

    words: Sequence[str]  # what is executed
    said: str  # what people know it as
    env: Mapping[str, str]
    folder: str | Path = ""
    kept: Sequence[int] = ()  # descriptors that it keeps open, see Child


def run(command: Command, log: Log, stop: threading.Event = NEVER) -> None:
    """
    Run *command* to its end; with it all that it has started ends.

    Raises:
        MLRunRuntimeError: It failed, or *stop* was set.
        MLRunTimeoutError: It takes longer than the setting ``builder.timeout``.
    """
    if stop.is_set():
        raise _stopped(command)
    log(f"$ {command.said}\n".encode())
    tail = b""
    timeout_s = float(mlconf.builder.timeout)
    deadline = time.monotonic() + timeout_s

    def take(data: bytes) -> None:
        nonlocal tail
        tail = (tail + data)[-TAIL:]
        log(data)

    def is_over() -> bool:
        return stop.is_set() or time.monotonic() > deadline

    child = Tree(command.words, command.env, str(command.folder), take, command.kept)
    try:
        code = child.wait(is_over)
    finally:
        child.kill()  # what it has left behind
    if stop.is_set():
        raise _stopped(command)
    if code and time.monotonic() > deadline:
        raise MLRunTimeoutError(
            f"{command.said!r} took longer than {timeout_s:g} s (setting builder.timeout)"
        )
    if code:
        how = f"ended with exit code {code}" if code > 0 else f"was killed by signal {-code}"
        raise MLRunRuntimeError(said_at_the_end(f"{command.said!r} {how}", tail))


def words_of(text: str, where: str) -> list[str]:
    """
    The words of *text*, as a shell splits them.

    Raises:
        MLRunInvalidArgumentError: A quote is open.
    """
    try:
        return shlex.split(text)
    except ValueError as error:
        raise MLRunInvalidArgumentError(f"{where}={text!r} can not be split into words: {error}") from error


def outside() -> dict[str, str]:
    """This process's variables without those of this package, which may have its logins in them."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith("MLRUN_")}


def _stopped(command: Command) -> MLRunRuntimeError:
    return MLRunRuntimeError(f"the build was stopped at {command.said!r}")


def said_at_the_end(what: str, output: bytes) -> str:
    """*what*, and below it the last lines of *output*."""
    last = output.decode("utf-8", "replace").rstrip().splitlines()[-LINES:]
    return "\n".join([f"{what}:", *last]) if last else what
