"""Secrets of Azure Key Vault."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from mlrun.config import mlconf
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunServiceUnavailableError,
)
from mlrun.secrets.provider import SecretProvider, fields_of, not_installed

FIELDS = ("name", "secrets", "k8s_secret")


class KeyVault(SecretProvider):
    """
    The name of a vault, or a mapping.

    Args of the mapping: ``name``; ``secrets``, only these names, else all of the vault. ``k8s_secret`` is
    taken for compatibility: credentials are those of azure-identity (variables, a managed identity, the
    login of the ``az`` command).
    """

    def read(self, source: Any) -> Mapping[str, str]:
        fields = self.shown(source)
        try:
            from azure.core import exceptions
            from azure.identity import DefaultAzureCredential
            from azure.keyvault.secrets import SecretClient
        except ImportError as error:
            raise not_installed("azure_vault", error, "azure-secrets") from error
        url = _url(str(fields["name"]))
        try:
            with DefaultAzureCredential() as login, SecretClient(url, login) as client:
                return {name: _value(client, name) for name in fields.get("secrets") or _names(client)}
        except exceptions.ResourceNotFoundError as error:
            raise MLRunNotFoundError(f"Azure vault {url} has no such secret: {_code(error)}") from error
        except (exceptions.ClientAuthenticationError, exceptions.HttpResponseError) as error:
            if getattr(error, "status_code", None) in (None, 401, 403):
                raise MLRunAccessDeniedError(
                    f"Azure vault {url} gives nothing: no credentials that azure-identity finds may read it"
                ) from error
            raise MLRunServiceUnavailableError(f"Azure vault {url} did not answer: {_code(error)}") from error
        except exceptions.AzureError as error:
            raise MLRunServiceUnavailableError(f"Azure vault {url} did not answer: {error}") from error

    def shown(self, source: Any) -> Any:
        return fields_of("azure_vault", source, FIELDS, alone="name", names="secrets")


def _url(name: str) -> str:
    template = str(mlconf.secret_stores.azure_vault.url)
    with contextlib.suppress(LookupError, ValueError):
        return template.format(name=name)
    raise MLRunInvalidArgumentError(
        f"the setting secret_stores.azure_vault.url is {template!r}; it is an address with {{name}} in it"
    )


def _names(client: Any) -> list[str]:
    return [str(one.name) for one in client.list_properties_of_secrets() if one.enabled]


def _value(client: Any, name: str) -> str:
    return str(client.get_secret(name).value)


def _code(error: Any) -> str:
    return str(
        getattr(getattr(error, "error", None), "code", None) or getattr(error, "status_code", "") or error
    )
