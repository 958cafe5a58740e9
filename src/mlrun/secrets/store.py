"""The secrets of one run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mlrun.config import mlconf
from mlrun.db.base import RunDB
from mlrun.errors import MLRunAccessDeniedError, MLRunInvalidArgumentError
from mlrun.secrets.kubernetes import variables
from mlrun.secrets.mask import Masker
from mlrun.secrets.provider import kinds, provider_of
from mlrun.secrets.secret import Secret

if TYPE_CHECKING:
    from typing_extensions import Self


class SecretsStore:
    """
    The secrets of one run, by name; printing it shows names only.

    :attr:`masker` makes stars of them. The whole environment (``*``) is not masked: most of it is no secret.

    Example::

        store = SecretsStore.from_list([{"kind": "inline", "source": {"TOKEN": "abc"}}])
        store.get("TOKEN")
    """

    def __init__(self) -> None:
        self._secrets: dict[str, Secret] = {}
        self._whole_env: list[str] = []  # prefixes under which every environment variable is a secret
        self._of_project: dict[str, str] | None = None  # None: not read yet
        self.masker = Masker()
        for text in (*variables(), *mlconf.secrets()):
            self.masker.add(text)

    @classmethod
    def from_list(cls, sources: Iterable[Mapping[str, Any]] | None = None) -> Self:
        """
        Args:
            sources: As ``run.spec.secret_sources`` has them: mappings with kind, source and, perhaps, prefix.

        Raises:
            MLRunInvalidArgumentError: One is no such mapping.
            MLRunBaseError: As :meth:`add_source` does.
        """
        store = cls()
        for source in sources or ():
            store.add_source(*_parts(source))
        return store

    def add_source(self, kind: str, source: Any, prefix: str = "") -> None:
        """
        Add secrets; a name that is there already gets the new value.

        Args:
            kind: inline, file, env, kubernetes, vault ..., or that of another package.
            source: What the kind takes, see docs/secrets.md.
            prefix: Put before each name.

        Raises:
            MLRunInvalidArgumentError: Not a kind, or not a source of that kind.
            MLRunNotFoundError: No such file.
            MLRunMissingDependencyError: The kind needs a library that is not installed.
            MLRunBaseError: Who keeps the secrets does not give them.
        """
        is_whole_env = kind == "env" and source == "*"
        for name, text in provider_of(kind).read(source).items():
            self._secrets[prefix + name] = Secret(text)
            if not is_whole_env:
                self.masker.add(text)
        if is_whole_env:
            self._whole_env.append(prefix)

    def get(self, key: str, default: str | None = None) -> str | None:
        """The plain text of the secret *key*."""
        secret = self._secrets.get(key)
        return default if secret is None else secret.reveal()

    def learn_project(self, db: RunDB, project: str) -> None:
        """Read the secrets of *project*, once; they are masked from now on. An API server gives none out."""
        if self._of_project is not None:
            return
        try:
            self._of_project = dict(db.read_project_secrets(project))
        except MLRunAccessDeniedError:
            self._of_project = {}
        for text in self._of_project.values():
            self.masker.add(text)

    def of_project(self, key: str) -> str | None:
        """The secret *key* of the project, once that was read."""
        return (self._of_project or {}).get(key)

    def items(self) -> Iterator[tuple[str, str]]:
        """Names and plain texts."""
        return ((name, secret.reveal()) for name, secret in self._secrets.items())

    def to_serial(self) -> list[dict[str, Any]]:
        """
        What :meth:`from_list` makes this store from in another process: plain text, for that process only.

        The whole environment (``*``) is not copied; that process has its own.
        """
        environment = {(prefix + name, os.environ[name]) for prefix in self._whole_env for name in os.environ}
        plain = {name: text for name, text in self.items() if (name, text) not in environment}
        serial: list[dict[str, Any]] = [
            {"kind": "env", "source": "*", "prefix": prefix} for prefix in self._whole_env
        ]
        return serial + ([{"kind": "inline", "source": plain}] if plain else [])

    def to_values(self) -> dict[str, str]:
        """Name to plain text, for a process elsewhere: without this one's whole environment (``*``)."""
        return {
            name: text
            for entry in self.to_serial()
            if entry["kind"] == "inline"
            for name, text in entry["source"].items()
        }

    def __contains__(self, key: object) -> bool:
        return key in self._secrets

    def __repr__(self) -> str:
        return f"SecretsStore({', '.join(self._secrets)})"


def masked_sources(sources: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """
    What may be stored of *sources*: names, paths and variables, and stars for each inline value.

    Raises:
        MLRunInvalidArgumentError: One is not a source; it might be a secret.
    """
    return [_masked(*_parts(source)) for source in sources or ()]


def _parts(source: Mapping[str, Any]) -> tuple[str, Any, str]:
    """Kind, source and prefix of one entry of ``secret_sources``."""
    if not isinstance(source, Mapping) or "kind" not in source or "source" not in source:
        raise MLRunInvalidArgumentError(
            f"a secret source is a mapping with 'kind' ({', '.join(kinds.targets)}) and 'source'"
        )
    return source["kind"], source["source"], str(source.get("prefix") or "")


def _masked(kind: str, source: Any, prefix: str) -> dict[str, Any]:
    shown = provider_of(kind).shown(source)
    return {"kind": kind, "source": shown, **({"prefix": prefix} if prefix else {})}
