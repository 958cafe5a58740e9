"""Where a store's credentials come from: the task, the project, a profile, the environment, in this order."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import Any, Protocol

from mlrun.errors import MLRunAccessDeniedError

IN_POD = "MLRUN_K8S_SECRET__"  # what a project's secrets are called in the environment of its pods


class Secrets(Protocol):
    """Somewhere a credential is looked up; a dictionary is one."""

    def get(self, name: str, /) -> Any: ...


class ProjectSecrets:
    """
    The secrets of a project, read when the first is asked for.

    Behind an API server nobody gives them out; then only those of the environment are known.

    Args:
        project: Its name; the current project if empty.
        db: Where its records are; the default database if none.
    """

    def __init__(self, project: str = "", db: Any = None) -> None:
        self._project = project
        self._db = db

    def get(self, name: str) -> str | None:
        found = self._values.get(name)
        return found or os.environ.get(IN_POD + name) or os.environ.get(IN_POD + name.upper())

    @functools.cached_property
    def _values(self) -> Mapping[str, str]:
        from mlrun.config import mlconf

        db = _default_db() if self._db is None else self._db
        if db is None:
            return {}
        try:
            found: Mapping[str, str] = db.read_project_secrets(self._project or str(mlconf.current_project))
        except MLRunAccessDeniedError:  # an API server gives none out
            return {}
        return found


def _default_db() -> Any:
    """The default database; None where there is none yet, and so no secrets: reading makes no files."""
    from mlrun.config import mlconf
    from mlrun.db import FILE_NAME, get_run_db

    is_there = mlconf.dbpath or os.path.exists(os.path.join(os.path.expanduser(mlconf.home), FILE_NAME))
    return get_run_db() if is_there else None


class Credentials:
    """
    Secrets of several places, asked in order; printing it shows none.

    Args:
        places: The task's secrets, the project's, ...; the environment is always the last.
        project: Whose datastore profiles are meant; the current one if empty.
        db: Where they are; the default database if none.
    """

    def __init__(self, *places: Secrets | None, project: str = "", db: Any = None) -> None:
        self._places: tuple[Secrets, ...] = tuple(place for place in places if place is not None)
        self.project = project
        self.db = db

    @classmethod
    def of(cls, secrets: Secrets | None, project: str = "", db: Any = None) -> Credentials:
        """*secrets*, and those of the project after them; credentials stay what they are."""
        if isinstance(secrets, cls):
            return secrets
        return cls(secrets, ProjectSecrets(project, db), project=project, db=db)

    def then(self, place: Secrets) -> Credentials:
        """These, and *place* after them."""
        return Credentials(*self._places, place, project=self.project, db=self.db)

    def get(self, *names: str) -> str:
        """The secret that has one of *names*, spellings of one thing; empty where nobody knows it."""
        found = self.together(*names)
        return next((found[name] for name in names if name in found), "")

    def together(self, *names: str) -> dict[str, str]:
        """
        Those of *names* that the first place knows which knows any.

        The parts of a login belong together: a key of the task and a token of the environment are none.
        """
        for place in (*self._places, os.environ):
            if found := {name: str(value) for name in names if (value := place.get(name))}:
                return found
        return {}

    def __repr__(self) -> str:
        return "Credentials(***)"
