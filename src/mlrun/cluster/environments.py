"""Environments of Python packages on this machine, which stand for images where pods are processes."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from mlrun.config import mlconf
from mlrun.errors import MLRunNotFoundError

PREFIX = "environment:"
COMPLETE = ".complete"  # written last: a folder without it is half made, and is not used
_NAME = re.compile(r"[0-9a-f]{16}-[1-9][0-9]*")


class Environment(NamedTuple):
    """
    One that is whole; it stays as it is for ever, so runs may share it.

    Example::

        found = environment("environment:3f2a81bc90de4455-1")
        subprocess.run(["python", "-m", "pip", "list"], env=found.over(os.environ))
    """

    image: str  # what a function's image says
    folder: Path

    @property
    def programs(self) -> Path:
        """The folder of its ``python`` and of what its packages install, for the front of ``PATH``."""
        return self.folder / "bin"

    def over(self, env: Mapping[str, str]) -> dict[str, str]:
        """*env*, in which its programs come first."""
        path = os.pathsep.join(filter(None, [str(self.programs), env.get("PATH", os.defpath)]))
        kept = {name: value for name, value in env.items() if name != "PYTHONHOME"}  # of another Python
        return {**kept, "PATH": path, "VIRTUAL_ENV": str(self.folder)}

    @property
    def code(self) -> Path:
        """Where its commands have run, on the function's source if it has one; pods start in a copy of it."""
        return self.folder / "code"

    def mark_used(self) -> None:
        """Say that it is used now, for whoever deletes what nobody uses."""
        with contextlib.suppress(PermissionError):  # a home that this user only reads
            os.utime(self.folder / COMPLETE)


def is_environment(image: str) -> bool:
    return image.startswith(PREFIX)


def folder_of_all() -> Path:
    return Path(str(mlconf.home), "environments")


def environment(image: str) -> Environment:
    """
    The environment that *image* names.

    Raises:
        MLRunNotFoundError: It is not on this machine, half made, or no name of one.
    """
    name = image.removeprefix(PREFIX)
    folder = folder_of_all() / name
    if not is_environment(image) or not _NAME.fullmatch(name) or not (folder / COMPLETE).is_file():
        raise MLRunNotFoundError(
            f"the environment {image!r} is not there: build it with `mlrun build`, or deploy its function"
        )
    return Environment(image, folder)


def all_of_them() -> list[Environment]:
    """Those of this machine that are whole, by name."""
    return [Environment(PREFIX + path.name, path) for path in _folders() if (path / COMPLETE).is_file()]


def half_made() -> list[Path]:
    """The folders of those that are being made, or were when somebody killed their build."""
    return [path for path in _folders() if not (path / COMPLETE).is_file()]


def _folders() -> list[Path]:
    return sorted(path for path in folder_of_all().glob("*") if _NAME.fullmatch(path.name))


def newest(digest: str) -> Environment | None:
    """The one that was made last of those with *digest*; None where none is whole."""
    numbers = sorted(_numbers(digest), reverse=True)
    whole = (n for n in numbers if (named(digest, n).folder / COMPLETE).is_file())
    return next((named(digest, n) for n in whole), None)


def named(digest: str, number: int) -> Environment:
    """The *number*-th with *digest*, whole or not."""
    name = f"{digest}-{number}"
    return Environment(PREFIX + name, folder_of_all() / name)


def _numbers(digest: str) -> list[int]:
    return [
        int(place.name.rpartition("-")[2])
        for place in folder_of_all().glob(f"{digest}-*")
        if _NAME.fullmatch(place.name)
    ]
