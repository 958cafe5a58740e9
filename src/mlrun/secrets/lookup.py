"""One secret by its name, wherever this process may know it from."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Union

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.secrets.kubernetes import mounted
from mlrun.secrets.secret import Secret
from mlrun.secrets.store import SecretsStore

Provider = Union[Mapping[str, Any], SecretsStore, Callable[[str], Any]]


def get_secret_or_env(
    key: str, secret_provider: Provider | None = None, default: str | None = None, prefix: str | None = None
) -> str | None:
    """
    The secret *key*: from the provider, else a project's secret, else the environment, else *default*.

    Args:
        key: Its name.
        secret_provider: A mapping, a store, or a function of the name; None is its "I do not know".
        default: Where nobody knows it.
        prefix: Put before *key*.

    Raises:
        MLRunInvalidArgumentError: *secret_provider* is nothing that can be asked.
    """
    name = (prefix or "") + key
    for ask in (lambda: _ask(secret_provider, name), lambda: mounted(name), lambda: os.environ.get(name)):
        if (found := ask()) is not None:
            return found.reveal() if isinstance(found, Secret) else str(found)
    return default


def _ask(provider: Provider | None, name: str) -> Any:
    if provider is None:
        return None
    if isinstance(provider, (Mapping, SecretsStore)):
        return provider.get(name)
    if not callable(provider):
        kind = type(provider).__name__
        raise MLRunInvalidArgumentError(
            f"secret_provider is a mapping, a SecretsStore or a function, not this {kind}"
        )
    return provider(name)
