"""What git knows of a folder: its commit, and what is not in it yet."""

from __future__ import annotations

import os
import time
from typing import NamedTuple

from mlrun.code.git import Failed, git
from mlrun.errors import MLRunMissingDependencyError, MLRunTimeoutError
from mlrun.log import logger

_NAMED = 20  # changed files
_LONGEST_S = 10.0


class WorkTree(NamedTuple):
    """A folder of a git repository, as it is checked out; empty for another folder."""

    commit: str = ""
    branch: str = ""
    changes: tuple[str, ...] = ()  # as ``git status --short`` has them: "M train.py", "?? new.py"

    @property
    def summary(self) -> str:
        """Of the changes, on one line."""
        more = len(self.changes) - _NAMED
        return ", ".join(self.changes[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def read(folder: str) -> WorkTree:
    """
    The commit that *folder* has, and what was changed in it since.

    What can not be known, because there is no git, or git does not trust the folder's owner, is logged.
    """
    if not _is_in_repository(folder):
        return WorkTree()
    words = ["-C", folder, "--no-optional-locks", "status", "--porcelain=v2", "--branch", "-z", "--", "."]
    try:
        said = git(words, until=time.monotonic() + _LONGEST_S)
    except (Failed, MLRunMissingDependencyError, MLRunTimeoutError) as error:
        reason = " ".join(str(error).split())
        logger.warning(f"the commit of {folder} is not recorded: {reason}")
        return WorkTree()
    return _parsed(said)


def _is_in_repository(folder: str) -> bool:
    folder = os.path.abspath(folder)
    while not os.path.lexists(os.path.join(folder, ".git")):
        folder, before = os.path.dirname(folder), folder
        if folder == before:
            return False
    return True


def _parsed(said: str) -> WorkTree:
    commit, branch = "", ""
    changes: list[str] = []
    words = iter(said.split("\0"))
    for word in words:
        kind, _, rest = word.partition(" ")
        if word.startswith("# branch.oid "):
            commit = word.removeprefix("# branch.oid ").replace("(initial)", "")
        elif word.startswith("# branch.head "):
            branch = word.removeprefix("# branch.head ").replace("(detached)", "")
        elif kind in ("1", "2", "u"):  # changed, renamed (its old path follows), in conflict
            changes.append(f"{rest[:2].replace('.', '')} {rest.split(' ', _FIELDS[kind])[-1]}")
            if kind == "2":
                next(words, "")
        elif kind == "?":
            changes.append(f"?? {rest}")
    return WorkTree(commit, branch, tuple(changes))


_FIELDS = {"1": 7, "2": 8, "u": 9}  # between the kind and the path
