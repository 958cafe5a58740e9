"""Secrets of Google Cloud Secret Manager."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunServiceUnavailableError,
)
from mlrun.secrets.fields import json_fields
from mlrun.secrets.provider import SecretProvider, fields_of, not_installed

FIELDS = ("name", "project", "version", "keys", "endpoint_url")
TIMEOUT_S = 30
_FULL = re.compile(r"projects/[^/]+/secrets/(?P<name>[^/]+)(/versions/(?P<version>[^/]+))?")


class SecretManager(SecretProvider):
    """
    The name of a secret (``projects/p/secrets/s`` in full), or a mapping.

    A secret that is a JSON object has a secret in each field; another one is a secret of its own name.

    Args of the mapping: ``name``; ``project``, by default that of the credentials; ``version`` (latest);
    ``keys``, only these fields; ``endpoint_url``, where it answers. Credentials are the application's
    default ones: ``GOOGLE_APPLICATION_CREDENTIALS``, the login of ``gcloud``, the account of the machine.
    """

    def read(self, source: Any) -> Mapping[str, str]:
        fields = self.shown(source)
        match = _FULL.fullmatch(str(fields["name"]))
        name = match["name"] if match else str(fields["name"])
        return json_fields(name, _value(name, fields), fields.get("keys"), "Google's Secret Manager")

    def shown(self, source: Any) -> Any:
        return fields_of("gcp_secret_manager", source, FIELDS, alone="name", names="keys")


def _value(name: str, fields: Mapping[str, Any]) -> str:
    try:
        import google.auth
        from google.api_core import exceptions
        from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
        from google.cloud.secretmanager_v1 import SecretManagerServiceClient
    except ImportError as error:
        raise not_installed("gcp_secret_manager", error, "gcp-secrets") from error
    where = f"secret {name!r} of Google's Secret Manager"
    options = {"api_endpoint": fields["endpoint_url"]} if fields.get("endpoint_url") else None
    try:
        login, project = google.auth.default()
        with SecretManagerServiceClient(
            credentials=login, transport="rest", client_options=options
        ) as client:
            version = _version(name, fields, project)
            answer = client.access_secret_version(name=version, timeout=TIMEOUT_S, retry=None)
        return str(answer.payload.data.decode())
    except UnicodeDecodeError as error:
        raise MLRunInvalidArgumentError(f"{where} is binary; a text is needed") from error
    except exceptions.NotFound as error:
        raise MLRunNotFoundError(f"{where} is not there: {version}") from error
    except (exceptions.Forbidden, exceptions.Unauthorized, DefaultCredentialsError) as error:
        raise MLRunAccessDeniedError(
            f"{where} is not given: no credentials (GOOGLE_APPLICATION_CREDENTIALS), or they may not read it"
        ) from error
    except (exceptions.GoogleAPIError, GoogleAuthError, OSError) as error:
        raise MLRunServiceUnavailableError(f"{where} did not answer: {error}") from error


def _version(name: str, fields: Mapping[str, Any], project: str | None) -> str:
    full = _FULL.fullmatch(str(fields["name"]))
    if full:
        return str(fields["name"]) + (
            "" if full["version"] else f"/versions/{fields.get('version', 'latest')}"
        )
    project = fields.get("project") or project
    if not project:
        raise MLRunInvalidArgumentError(
            f"secret {name!r} of Google's Secret Manager is in a project: GOOGLE_CLOUD_PROJECT, or 'project'"
            " in the source"
        )
    return f"projects/{project}/secrets/{name}/versions/{fields.get('version', 'latest')}"
