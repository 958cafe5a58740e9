"""What installs packages into an environment: uv or pip."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from mlrun.config import mlconf
from mlrun.errors import MLRunMissingDependencyError


class Installer(NamedTuple):
    name: str  # for people
    words: list[str]  # a command that takes pip's


def installer(python: Path) -> Installer:
    """
    What the setting ``builder.process.installer`` says; without one uv, which is quicker, where it is there.

    Args:
        python: Of the environment.

    Raises:
        MLRunMissingDependencyError: It is not installed.
    """
    wanted = str(mlconf.builder.process.installer)
    if wanted == "pip":
        return pip(python)
    if found := _uv():
        return found
    if wanted == "uv":
        raise MLRunMissingDependencyError(
            "builder.process.installer is uv, and it is not here: pip install uv"
        )
    return pip(python)


def pip(python: Path) -> Installer:
    """pip, which is that of this installation; uv in its name where there is none."""
    if importlib.util.find_spec("pip"):
        return Installer("pip", [str(python), "-m", "pip"])
    if found := _uv():
        return found
    raise MLRunMissingDependencyError(
        "an environment is made with pip or uv, and neither is installed here: pip install uv"
    )


def _uv() -> Installer | None:
    if found := shutil.which("uv"):
        return Installer("uv pip", [found, "pip"])
    if importlib.util.find_spec("uv"):
        return Installer("uv pip", [sys.executable, "-m", "uv", "pip"])
    return None
