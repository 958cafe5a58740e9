"""What installs packages into an environment: uv or pip."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
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
    """It works on the environment of ``VIRTUAL_ENV``; ``python -m uv`` would work on that of its Python."""
    found = shutil.which("uv")
    if not found and importlib.util.find_spec("uv"):
        found = str(importlib.import_module("uv").find_uv_bin())
    return Installer("uv pip", [found, "pip"]) if found else None
