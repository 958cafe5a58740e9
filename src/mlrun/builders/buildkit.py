"""Why a build of BuildKit failed, as told by the end of what ``buildctl build --progress plain`` prints."""

from __future__ import annotations

import ast
import re

from mlrun.builders import variables
from mlrun.builders.command import said_at_the_end
from mlrun.errors import MLRunBaseError, MLRunNotFoundError, MLRunRuntimeError

_ERROR = re.compile(r"^error: (?:failed to solve: )?(.*)$", re.MULTILINE)
_PROCESS = re.compile(r'process ("(?:[^"\\]|\\.)*") did not complete successfully: exit code: (\d+)')
# The name that the build file has, and the full one.
_NO_BASE = re.compile(r"(\S+): failed to resolve source metadata for \S+: (.*)")
# Its last lines are said once more, below the step that printed them, with the seconds since it began.
_PRINTED = re.compile(r"^------\n > [^\n]*:\n(.*?)^------$", re.MULTILINE | re.DOTALL)
_SECONDS = re.compile(r"^\d+\.\d+ ", re.MULTILINE)


def failure(output: str) -> MLRunBaseError | None:
    """What went wrong, for people; None where *output* does not end as that of a failed build does."""
    errors = _ERROR.findall(output)
    if not errors:
        return None
    if process := _PROCESS.search(errors[-1]):
        command = _command(process[1])
        return MLRunRuntimeError(
            said_at_the_end(f"{command!r} ended with exit code {process[2]}", _printed(output).encode())
        )
    if base := _NO_BASE.match(errors[-1]):
        return MLRunNotFoundError(
            f"there is no image {base[1]!r} to start from, or it can not be pulled; base_image= names"
            f" another one ({base[2]})"
        )
    return MLRunRuntimeError(f"the build failed: {errors[-1]}")


def _command(quoted: str) -> str:
    """What a function asked to run, of the words of a process, which are quoted as Go does."""
    words = str(ast.literal_eval(quoted))
    return variables.without_variables(words.removeprefix("/bin/sh -c "))


def _printed(output: str) -> str:
    found = _PRINTED.findall(output)
    return _SECONDS.sub("", found[-1]) if found else ""
