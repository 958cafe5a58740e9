"""The part of the port that keeps projects, with their secrets and their datastore profiles."""

from __future__ import annotations

import abc
from typing import Any, Union

from mlrun.errors import MLRunAccessDeniedError

Record = dict[str, Any]
Labels = Union[str, list[str], dict[str, Any], None]


class Projects(abc.ABC):
    """A base of :class:`mlrun.db.base.RunDB`; it has no life of its own."""

    @abc.abstractmethod
    def create_project(self, project: Record) -> Record:
        """
        Raises:
            MLRunConflictError: A project of that name exists.
        """

    @abc.abstractmethod
    def store_project(self, name: str, project: Record) -> Record:
        """Insert or replace."""

    @abc.abstractmethod
    def get_project(self, name: str) -> Record:
        """
        Raises:
            MLRunNotFoundError: ``no project 'iris'``.
        """

    @abc.abstractmethod
    def patch_project(self, name: str, project: Record, patch_mode: str = "replace") -> Record:
        """
        Change parts of a project, in one transaction, and give the whole one.

        Dictionaries are merged key by key, at every depth; a list is replaced, or with *patch_mode*
        ``additive`` lengthened by what is not in it; any other value is replaced.

        Raises:
            MLRunNotFoundError: No such project.
            MLRunInvalidArgumentError: A *patch_mode* that is none.
        """

    @abc.abstractmethod
    def list_projects(
        self, owner: str = "", format_: str = "full", labels: Labels = None, state: str = "", **kwargs: Any
    ) -> list[Any]:
        """
        Projects by name; those that only have runs, artifacts or functions count too.

        Args:
            format_: ``full`` for records, ``name_only`` for names.
        """

    @abc.abstractmethod
    def delete_project(self, name: str, deletion_strategy: str = "restricted") -> None:
        """
        Args:
            deletion_strategy: ``check`` only raises if it would; ``restricted`` deletes an empty
                project; ``cascade`` deletes all that is in it.

        Raises:
            MLRunPreconditionFailedError: It holds records, and the strategy is not ``cascade``.
        """

    @abc.abstractmethod
    def summarize_projects(self, names: list[str]) -> list[Record]:
        """
        How much is in each of the projects, in the order of *names*, counted and not read.

        ``{"name", "files_count", "models_count", "datasets_count", "documents_count", "runs_running_count",
        "runs_failed_recent_count", "runs_completed_recent_count", "distinct_schedules_count", ...}``, as
        MLRun's dashboard wants it; recent is the last 24 hours, and an artifact is a key, not a version.
        A name that is no project's has zeros, or is left out behind an API server.
        """

    # secrets of a project: their keys can be read, their values never leave the machine of the records

    @abc.abstractmethod
    def create_project_secrets(
        self, project: str, provider: str = "kubernetes", secrets: dict[str, str] | None = None
    ) -> None:
        """
        Add secrets to those of *project*; one of the same key is replaced.

        Args:
            provider: Taken for compatibility: ``kubernetes``, which here means the place that this home has.

        Raises:
            MLRunInvalidArgumentError: Another *provider*, a key that is none (letters, digits, ``-_.``), one
                that begins with ``mlrun.`` (those are kept for profiles), or a value that is no text.
        """

    @abc.abstractmethod
    def list_project_secret_keys(
        self, project: str, provider: str = "kubernetes", token: str | None = None
    ) -> Record:
        """``{"provider": "kubernetes", "secret_keys": ["k1"]}``, sorted; also readable as attributes."""

    def list_project_secrets(
        self, project: str, token: str = "", provider: str = "kubernetes", secrets: list[str] | None = None
    ) -> Record:
        """
        Raises:
            MLRunAccessDeniedError: Always; values are not given back.
        """
        raise MLRunAccessDeniedError(
            f"the values of project {project!r}'s secrets are not given back; list_project_secret_keys()"
            " names them, and a run reads one with context.get_secret()"
        )

    @abc.abstractmethod
    def delete_project_secrets(
        self, project: str, provider: str = "kubernetes", secrets: list[str] | None = None
    ) -> None:
        """Delete the secrets of these keys, those that are there; None is every one."""

    @abc.abstractmethod
    def read_project_secrets(self, project: str) -> dict[str, str]:
        """
        Keys and values, for a run that is started where the records are; no door gives them out.

        Raises:
            MLRunAccessDeniedError: The records are behind an API server.
        """

    # datastore profiles of a project: ``ds://name/path``

    @abc.abstractmethod
    def store_datastore_profile(self, profile: Record, project: str = "") -> None:
        """
        Insert or replace.

        Args:
            profile: ``{"name", "type", "object", "private"}``, as MLRun's clients write it: the last two are
                JSON texts with base64 values; *private* is kept as a secret, and never listed.

        Raises:
            MLRunInvalidArgumentError: No name or type, or a part that is no text.
        """

    @abc.abstractmethod
    def get_datastore_profile(self, name: str, project: str = "") -> Record:
        """
        The public part: ``{"name", "type", "object", "project"}``; also readable as attributes.

        Raises:
            MLRunNotFoundError: ``no datastore profile 'lake' in project iris``.
        """

    @abc.abstractmethod
    def list_datastore_profiles(self, project: str = "") -> list[Record]:
        """The public parts, by name."""

    @abc.abstractmethod
    def delete_datastore_profile(self, name: str, project: str = "") -> None:
        """
        With its private part.

        Raises:
            MLRunNotFoundError: As :meth:`get_datastore_profile`.
        """

    @abc.abstractmethod
    def read_datastore_profile_secrets(self, name: str, project: str = "") -> str:
        """
        The private part as it was stored (empty for none), where the records are; no door gives it out.

        Raises:
            MLRunAccessDeniedError: The records are behind an API server.
        """
