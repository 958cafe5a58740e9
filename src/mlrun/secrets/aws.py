"""Secrets of AWS Secrets Manager."""

from __future__ import annotations

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

FIELDS = ("name", "keys", "region", "endpoint_url")
_NO_ACCESS = ("AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException")


class SecretsManager(SecretProvider):
    """
    The name (or ARN) of a secret, or a mapping.

    A secret that is a JSON object has a secret in each field; another one is a secret of its own name.

    Args of the mapping: ``name``; ``keys``, only these fields; ``region`` and ``endpoint_url`` in place of
    those of the environment. Credentials are found by botocore: variables, ``~/.aws``, the machine's role.
    """

    def read(self, source: Any) -> Mapping[str, str]:
        fields = self.shown(source)
        name = str(fields["name"])
        return json_fields(name, _value(name, fields), fields.get("keys"), "AWS Secrets Manager")

    def shown(self, source: Any) -> Any:
        return fields_of("aws_secrets_manager", source, FIELDS, alone="name", names="keys")


def _value(name: str, fields: Mapping[str, Any]) -> str:
    try:
        from botocore import exceptions
        from botocore.session import Session
    except ImportError as error:
        raise not_installed("aws_secrets_manager", error, "aws-secrets") from error
    try:
        client = Session().create_client(  # a session of its own: another one keeps old credentials
            "secretsmanager", region_name=fields.get("region"), endpoint_url=fields.get("endpoint_url")
        )
        answer = client.get_secret_value(SecretId=name)
        client.close()
    except exceptions.NoRegionError as error:
        raise MLRunInvalidArgumentError(
            f"secret {name!r} of AWS Secrets Manager is in a region: AWS_DEFAULT_REGION, or 'region' in the"
            " source"
        ) from error
    except exceptions.NoCredentialsError as error:
        raise MLRunAccessDeniedError(
            f"secret {name!r} of AWS Secrets Manager needs credentials: AWS_ACCESS_KEY_ID and"
            " AWS_SECRET_ACCESS_KEY, or a profile or role"
        ) from error
    except exceptions.ClientError as error:
        raise _translated(name, error.response["Error"]["Code"]) from error
    except exceptions.BotoCoreError as error:
        raise MLRunServiceUnavailableError(f"AWS Secrets Manager did not answer: {error}") from error
    if "SecretString" not in answer:
        raise MLRunInvalidArgumentError(f"secret {name!r} of AWS Secrets Manager is binary; a text is needed")
    return str(answer["SecretString"])


def _translated(name: str, code: str) -> Exception:
    if code == "ResourceNotFoundException":
        return MLRunNotFoundError(f"AWS Secrets Manager has no secret {name!r} in this region")
    if code in _NO_ACCESS:
        return MLRunAccessDeniedError(f"AWS Secrets Manager does not give secret {name!r}: {code}")
    return MLRunServiceUnavailableError(f"AWS Secrets Manager does not give secret {name!r} now: {code}")
