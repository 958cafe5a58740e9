"""Secrets of HashiCorp Vault (or OpenBao), from its key-value engine."""

from __future__ import annotations

import contextlib
import os
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

FIELDS = ("path", "keys", "mount_point", "version", "url", "namespace")
TIMEOUT_S = 30
_POD_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"


class Vault(SecretProvider):
    """
    The path of a secret, whose fields are the secrets; or a mapping.

    Args of the mapping: ``path``; ``keys``, only these fields; ``mount_point`` of the engine (``secret``);
    ``version`` of the engine (2); ``url`` and ``namespace`` in place of the settings and variables.

    The token is ``VAULT_TOKEN``, else in the file of the setting ``secret_stores.vault.token_path``;
    with the setting ``secret_stores.vault.role`` a pod logs in as its service account.
    """

    def read(self, source: Any) -> Mapping[str, str]:
        fields = self.shown(source)
        url = fields.get("url") or str(mlconf.secret_stores.vault.url) or os.environ.get("VAULT_ADDR", "")
        if not url:
            raise MLRunInvalidArgumentError(
                "secrets of kind 'vault' need its address: VAULT_ADDR, MLRUN_SECRET_STORES__VAULT__URL, or"
                " 'url' in the source"
            )
        found = _read(url, fields)
        wanted = fields.get("keys") or list(found)
        if missing := [name for name in wanted if name not in found]:
            raise MLRunNotFoundError(f"vault {fields['path']!r} has no field {', '.join(missing)}")
        return {name: str(found[name]) for name in wanted}

    def shown(self, source: Any) -> Any:
        fields = fields_of("vault", source, FIELDS, alone="path", names="keys")
        if str(fields.get("version", 2)) not in ("1", "2"):
            raise MLRunInvalidArgumentError("the key-value engine of a vault has version 1 or 2")
        return fields


def _read(url: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        import hvac
        from hvac import exceptions
        from requests import RequestException
    except ImportError as error:
        raise not_installed("vault", error, "vault") from error
    path, mount = str(fields["path"]), str(fields.get("mount_point") or "secret")
    where = f"vault {mount}/{path} at {url}"
    try:
        client = hvac.Client(url=url, token=_token(), namespace=fields.get("namespace"), timeout=TIMEOUT_S)
        with contextlib.closing(client.adapter):
            _login(client)
            if str(fields.get("version", 2)) == "1":
                return dict(client.secrets.kv.v1.read_secret(path, mount_point=mount)["data"])
            answer = client.secrets.kv.v2.read_secret_version(
                path, mount_point=mount, raise_on_deleted_version=True
            )
            return dict(answer["data"]["data"])
    except exceptions.InvalidPath as error:
        raise MLRunNotFoundError(f"{where}: there is no such secret") from error
    except (exceptions.Forbidden, exceptions.Unauthorized) as error:
        raise MLRunAccessDeniedError(f"{where}: the token may not read it, or there is none") from error
    except (exceptions.VaultError, RequestException) as error:
        raise MLRunServiceUnavailableError(f"{where} did not answer: {error}") from error


def _token() -> str | None:
    if token := os.environ.get("VAULT_TOKEN"):
        return token
    path = os.path.expanduser(str(mlconf.secret_stores.vault.token_path))
    path = os.path.join(path, "token") if os.path.isdir(path) else path
    if not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


def _login(client: Any) -> None:
    role = str(mlconf.secret_stores.vault.role)
    if role and not client.token and os.path.isfile(_POD_TOKEN):
        with open(_POD_TOKEN, encoding="utf-8") as file:
            client.auth.kubernetes.login(role, file.read())
