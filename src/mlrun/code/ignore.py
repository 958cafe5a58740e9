"""What of a folder is no code: patterns as git has them, and what nobody ships."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, NamedTuple

from mlrun.errors import MLRunInvalidArgumentError

OWN, GIT = ".mlrunignore", ".gitignore"
# Lines as in .mlrunignore, which can take any of them back.
BUILT_IN = (
    *(".git", ".hg", ".svn", ".venv", "__pycache__", "*.py[co]", ".ipynb_checkpoints", ".DS_Store"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".nox"),
)


class Rules(NamedTuple):
    """
    The rules that hold in one folder: those of its own file after those of the folders above.

    Where the top folder has ``.mlrunignore``, that file counts and ``.gitignore`` does not.
    """

    file: str  # whose rules are read on the way down
    levels: tuple[tuple[str, Any], ...]  # the folder of each, with its patterns

    @classmethod
    def of(cls, root: str) -> Rules:
        """Those of the top folder *root*."""
        file = OWN if os.path.exists(os.path.join(root, OWN)) else GIT
        return cls(file, (("", _patterns(BUILT_IN, "")),)).within(root, "")

    def within(self, root: str, folder: str) -> Rules:
        """Those of *folder*, a path from *root*."""
        path = os.path.join(root, folder, self.file)
        try:
            with open(path, encoding="utf-8", errors="surrogateescape") as file:
                return self._replace(levels=(*self.levels, (folder, _patterns(file, path))))
        except (FileNotFoundError, IsADirectoryError):
            return self

    def leave_out(self, path: str, is_folder: bool) -> bool:
        """Whether *path*, from the top, is left out; a folder with all that is in it."""
        for folder, patterns in reversed(self.levels):
            inner = path[len(folder) :].lstrip("/") if folder else path
            said = patterns.check_file(f"{inner}/" if is_folder else inner).include
            if said is not None:
                return bool(said)
        return False


def _patterns(lines: Iterable[str], path: str) -> Any:
    import pathspec

    try:
        return pathspec.GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise MLRunInvalidArgumentError(f"{path}: {error}") from error
