"""From the command of a function to the words that are executed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, nearest
from mlrun.model.function import FunctionSpec

MODES = ("", "pass", "args")
_OLDER_MODES = ("noctx",)  # 0.5: as no mode
_PARAM = re.compile(r"\{(\w+)\}")


def command_line(
    spec: FunctionSpec, workdir: str, parameters: Mapping[str, Any] | None, code_file: str = ""
) -> list[str]:
    """
    The words to execute for *spec*, the first of them a program that is there.

    A Python file is run by this interpreter, a shell file by ``sh`` where it is not executable itself;
    ``mode="pass"`` takes the command as it is; ``mode="args"`` puts parameters where the command or its
    arguments say ``{name}``.

    Args:
        workdir: Where the program will start.
        parameters: Of the run; None where they are not known yet, and the command is only looked at.
        code_file: A Python file that stands for the program: embedded or converted code.

    Raises:
        MLRunInvalidArgumentError: The mode is not known, ``{name}`` is no parameter, or a file can not be
            executed.
        MLRunNotFoundError: There is no such program.
    """
    check_mode(spec.mode)
    words = split_words(spec.command)
    if code_file:
        words[:1] = [code_file]
    words += [str(word) for word in spec.args]
    if not words:
        raise MLRunInvalidArgumentError(
            "there is no command to run; new_function(command='train.py') names one"
        )
    if spec.mode == "args" and parameters is not None:
        words = [_substitute(word, parameters) for word in words]
    program, rest = words[0], words[1:]
    if code_file:
        return [sys.executable, "-u", program, *rest]
    if spec.mode == "args" and _PARAM.search(program):
        return words  # which program it is will be known with the parameters
    if spec.mode != "pass":
        if program.endswith(".py"):
            return [sys.executable, "-u", existing(program, workdir), *rest]
        if program.endswith((".sh", ".bash")) and not _is_executable(program, workdir):
            shell = "bash" if program.endswith(".bash") else "sh"
            return [shell, existing(program, workdir), *rest]
    return [_executable(program, workdir), *rest]


def check_mode(mode: str) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: *mode* is none.
    """
    if mode not in MODES + _OLDER_MODES:
        raise MLRunInvalidArgumentError(
            f"{mode!r} is not a run mode: 'pass' runs the command as it is, 'args' puts parameters where it"
            f" says {{name}}, and without a mode Python runs the file.{nearest(mode, MODES[1:])}"
        )


def split_words(command: str) -> list[str]:
    """
    The words of a command, as a shell splits them.

    Raises:
        MLRunInvalidArgumentError: A quote is open.
    """
    try:
        return shlex.split(command)
    except ValueError as error:
        raise MLRunInvalidArgumentError(
            f"the command {command!r} can not be split into words: {error}"
        ) from error


def words_of(given: str) -> list[str]:
    """
    The words of what a person gives as a command; a file that is here is one word, whatever is in its name.

    Raises:
        MLRunInvalidArgumentError: As :func:`split_words`.
    """
    return [given] if os.path.isfile(given) else split_words(given)


def as_word(path: str) -> str:
    """*path* as one word of a command; quoted only where it has to be."""
    try:
        is_one = shlex.split(path) == [path]
    except ValueError:
        is_one = False
    return path if is_one else shlex.quote(path)


def program_of(command: str) -> str:
    """The first word of a command."""
    return next(iter(split_words(command)), "")


def _substitute(word: str, parameters: Mapping[str, Any]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in parameters:
            raise MLRunInvalidArgumentError(
                f"{match.group(0)} in the command is no parameter of this run:"
                f" {', '.join(parameters) or 'it has none'}.{nearest(name, parameters)}"
            )
        return str(parameters[name])

    return _PARAM.sub(value, word)


def existing(path: str, workdir: str) -> str:
    """
    *path* in full: the program starts in *workdir*; a file that is only here is meant too.

    Raises:
        MLRunNotFoundError: There is no such file.
    """
    for place in (os.path.join(workdir, path), path):
        if os.path.isfile(place):
            return os.path.abspath(place)
    folder = os.path.dirname(os.path.join(workdir, path)) or os.curdir
    near = nearest(os.path.basename(path), os.listdir(folder) if os.path.isdir(folder) else ())
    raise MLRunNotFoundError(f"there is no file {path!r} in {os.path.abspath(workdir)}.{near}")


def _is_executable(path: str, workdir: str) -> bool:
    return os.access(os.path.join(workdir, path), os.X_OK)


def _executable(program: str, workdir: str) -> str:
    if os.sep not in program and (found := shutil.which(program)):
        return found
    place = os.path.join(workdir, program)
    if not os.path.isfile(place):
        raise MLRunNotFoundError(
            f"there is no program {program!r} on the PATH, nor a file in {os.path.abspath(workdir)}"
        )
    if not os.access(place, os.X_OK):
        raise MLRunInvalidArgumentError(f"{program!r} can not be executed: chmod +x {place}")
    return os.path.abspath(place)
