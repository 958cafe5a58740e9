"""
The variables of a build's commands: a secret that is mounted while one runs.

Build arguments would stand in the history of the image, for whoever pulls it.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Mapping

NAME = "MLRUN_BUILD_VARIABLES"  # the variable of the builder's command that has them all
_ID = "builder_env-"
_DIGITS = 8  # enough to tell values from one another, and few to guess them by


def script(env: Mapping[str, str]) -> str:
    """Lines of a shell that set them."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(env.items()))


def options(env: Mapping[str, str]) -> list[str]:
    """Words for the builder's command, which finds the values in its own variables."""
    return ["--secret", f"id={_secret(env)},env={NAME}"] if env else []


def flag(env: Mapping[str, str]) -> str:
    """What ``RUN`` is told; it differs where a value does, as nothing made with another one may be reused."""
    return f"--mount=type=secret,id={_secret(env)},mode=0444 " if env else ""


def with_variables(command: str, env: Mapping[str, str]) -> str:
    return f". /run/secrets/{_secret(env)}; {command}" if env else command


def without_variables(command: str) -> str:
    """The inverse of :func:`with_variables`."""
    return re.sub(rf"^\. /run/secrets/{_ID}[0-9a-f]{{{_DIGITS}}}; ", "", command)


def named_in(text: str, env: Mapping[str, str]) -> list[str]:
    """Those that the lines of a build file speak of."""
    return [name for name in env if re.search(rf"\b{name}\b", text)]


def _secret(env: Mapping[str, str]) -> str:
    return _ID + hashlib.sha256(script(env).encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]
