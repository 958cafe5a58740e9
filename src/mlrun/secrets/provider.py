"""The kinds of secret sources, and what one has to be: built in, or of another package."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

from mlrun.errors import (
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunMissingDependencyError,
    nearest,
)
from mlrun.registry import Registry


class SecretProvider(abc.ABC):
    """
    One kind of source of secrets; without state, an instance is made for each use.

    A source never holds a credential: what opens a vault is in the environment, or in a file of this user.
    """

    @abc.abstractmethod
    def read(self, source: Any) -> Mapping[str, str]:
        """
        Name and plain text of each secret that *source* means.

        Raises:
            MLRunInvalidArgumentError: *source* is none of this kind; the message shows no value of it.
            MLRunBaseError: Who keeps them does not give them; the message has no secret in it.
        """

    @abc.abstractmethod
    def shown(self, source: Any) -> Any:
        """
        What a run's record may say of *source*, a JSON value that :meth:`read` takes again.

        Raises:
            MLRunInvalidArgumentError: *source* is none of this kind, so it might be a secret.
        """


kinds: Registry[SecretProvider] = Registry(
    "kind of secrets",
    "mlrun.secret_providers",
    {
        "inline": "mlrun.secrets.plain:Inline",
        "file": "mlrun.secrets.plain:EnvFile",
        "env": "mlrun.secrets.plain:Environment",
        "kubernetes": "mlrun.secrets.kubernetes:Kubernetes",
        "vault": "mlrun.secrets.vault:Vault",
        "aws_secrets_manager": "mlrun.secrets.aws:SecretsManager",
        "azure_vault": "mlrun.secrets.azure:KeyVault",
        "gcp_secret_manager": "mlrun.secrets.gcp:SecretManager",
    },
)


def provider_of(kind: Any) -> SecretProvider:
    """
    Raises:
        MLRunInvalidArgumentError: *kind* is none; the message lists them.
    """
    return kinds.get(kind if isinstance(kind, str) else type(kind).__name__)()


def not_installed(kind: str, error: ImportError, extra: str) -> MLRunMissingDependencyError:
    """The error of a kind whose library is not there, with the command that installs it."""
    return MLRunMissingDependencyError(
        f"secrets of kind {kind!r} need {error.name}: pip install 'mlrun[{extra}]'"
    )


def fields_of(kind: str, source: Any, known: tuple[str, ...], alone: str, names: str) -> dict[str, Any]:
    """
    The fields of a source that is a mapping.

    Args:
        known: Every field; there is none for a credential.
        alone: The field that is meant where *source* is a text.
        names: The field that holds the wanted names, see :func:`names_of`.

    Raises:
        MLRunInvalidArgumentError: *source* has no *alone*, or a field that is not known.
        MLRunInvalidArgumentTypeError: It is neither a mapping nor a text.
    """
    if isinstance(source, str):
        source = {alone: source}
    if not isinstance(source, Mapping):
        raise MLRunInvalidArgumentTypeError(
            f"secrets of kind {kind!r} need a mapping with {', '.join(known)}, not a {type(source).__name__}"
        )
    for name in source:
        if name not in known:
            raise MLRunInvalidArgumentError(
                f"a source of kind {kind!r} has no field {name!r}: {', '.join(known)}."
                f"{nearest(str(name), known)}"
            )
    if not source.get(alone):
        raise MLRunInvalidArgumentError(f"a source of kind {kind!r} needs {alone!r}")
    listed = {names: names_of(kind, source[names])} if names in source else {}
    return {**source, **listed}


def names_of(kind: str, names: Any) -> list[str]:
    """
    Names from a list, or from a text with commas.

    Raises:
        MLRunInvalidArgumentError: They are something else.
    """
    parts = names.split(",") if isinstance(names, str) else names
    if not isinstance(parts, (list, tuple)) or not all(isinstance(name, str) for name in parts):
        raise MLRunInvalidArgumentError(
            f"secrets of kind {kind!r} need names, as a list or separated by commas: 'KEY1,KEY2'"
        )
    return [name.strip() for name in parts if name.strip()]
