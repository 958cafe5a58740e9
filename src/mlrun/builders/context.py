"""The folder that a build starts from: source, requirements, this package, and the build file."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from mlrun import urls
from mlrun.backports import file_digest
from mlrun.builders.dockerfile import REQUIREMENTS, SOURCE, dockerfile
from mlrun.builders.plan import BuildPlan
from mlrun.builders.wheel import write_wheel
from mlrun.errors import MLRunNotFoundError

_DIGITS = 16


class Context(NamedTuple):
    """What a build starts from, on this machine; it is gone when the block of :func:`laid_out` ends."""

    folder: Path
    digest: str  # of every byte in it, and of the variables: equal plans of equal sources have equal ones
    told: str = ""  # which source it is, for people

    @property
    def dockerfile(self) -> Path:
        return self.folder / "Dockerfile"

    @property
    def source(self) -> Path:
        return self.folder / SOURCE

    @property
    def requirements(self) -> Path:
        return self.folder / REQUIREMENTS


@contextlib.contextmanager
def laid_out(plan: BuildPlan) -> Iterator[Context]:
    """
    The context of *plan*, its source fetched.

    Raises:
        MLRunNotFoundError: There is no such source.
        MLRunBaseError: As :func:`mlrun.code.source.fetch`.
    """
    with tempfile.TemporaryDirectory(prefix="mlrun-build-") as name:
        folder = Path(name)
        wheel = write_wheel(folder) if plan.mlrun == "." else ""
        (folder / "Dockerfile").write_text(dockerfile(plan, wheel))
        if plan.requirements:
            (folder / REQUIREMENTS).write_text("\n".join(plan.requirements) + "\n")
        told = _fetch(plan, folder / SOURCE) if plan.source else ""
        yield Context(folder, digest_of(folder, plan.env), told)


def digest_of(folder: Path, env: Mapping[str, str]) -> str:
    """16 hex digits of the variables, and of the names, bytes and modes of everything in *folder*."""
    total = hashlib.sha256(repr(sorted(env.items())).encode("utf-8", "surrogateescape"))
    for path in sorted(folder.rglob("*")):
        about = f"{path.relative_to(folder)}\0{path.lstat().st_mode & 0o170111:o}\0"
        total.update(about.encode("utf-8", "surrogateescape"))
        if path.is_symlink():
            total.update(os.fsencode(os.readlink(path)))
        elif path.is_file():
            with open(path, "rb") as file:
                total.update(file_digest(file, "sha256").digest())
    return total.hexdigest()[:_DIGITS]


def _fetch(plan: BuildPlan, target: Path) -> str:
    """Put the source into *target*; says what it is."""
    from mlrun.code import source  # 15 ms with what reads archives

    folder = Path(plan.source.removeprefix("file://")).expanduser()
    if folder.is_dir():
        found = source.copy(str(folder), target)
    elif urls.scheme(plan.source) in ("", "file") and not folder.exists():
        raise MLRunNotFoundError(f"there is no source {plan.source!r} in {os.getcwd()}")
    else:
        found = source.fetch(plan.source, target, plan.logins, project=plan.project)
        shutil.rmtree(target / ".git", ignore_errors=True)  # whose bytes are others with each fetch
    commit = f" at commit {found.commit}" if found.commit else ""
    return f"source {found.source}{commit}{', changed since' if found.changes else ''}"
