"""From the credentials of other clouds and Hadoop to what their libraries are told."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

from mlrun.datastore.credentials import Credentials
from mlrun.errors import MLRunInvalidArgumentError

AZURE = "AZURE_STORAGE_"
AZURE_NAMES = tuple(
    AZURE + name
    for name in (
        *("CONNECTION_STRING", "ACCOUNT_NAME", "ACCOUNT_KEY", "SAS_TOKEN"),
        *("CLIENT_ID", "CLIENT_SECRET", "TENANT_ID"),
    )
)
GOOGLE_NAMES = ("GCP_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS")
HDFS_NAMES = ("HDFS_HOST", "HDFS_PORT", "HDFS_HTTP_PORT", "HDFS_USER", "HADOOP_USER_NAME")
DBFS_NAMES = ("DATABRICKS_HOST", "DATABRICKS_TOKEN")
OSS_NAMES = ("ALIBABA_ACCESS_KEY_ID", "ALIBABA_SECRET_ACCESS_KEY", "ALIBABA_ENDPOINT_URL")
V3IO_NAMES = ("V3IO_ACCESS_KEY", "V3IO_API", "V3IO_USERNAME")


def azure_options(credentials: Credentials, authority: str) -> dict[str, Any]:
    """
    What adlfs connects with; the account may stand in the address (``wasbs://container@account.blob...``).

    adlfs fills what it is not told from the environment, and prefers a connection string: so a key and a
    token become one.

    Raises:
        MLRunInvalidArgumentError: No account, or a login of which a part is missing.
    """
    login = {name.removeprefix(AZURE): text for name, text in credentials.together(*AZURE_NAMES).items()}
    account = authority.partition("@")[2].partition(".")[0] or login.get("ACCOUNT_NAME", "")
    if connection := login.get("CONNECTION_STRING"):
        return {"connection_string": connection}
    if not account:
        raise MLRunInvalidArgumentError(
            f"no Azure account is named: set {AZURE}CONNECTION_STRING, or {AZURE}ACCOUNT_NAME with"
            f" {AZURE}ACCOUNT_KEY or {AZURE}SAS_TOKEN"
        )
    if key := login.get("ACCOUNT_KEY"):
        _check_azure_key(key)
        start = f"DefaultEndpointsProtocol=https;AccountName={account};AccountKey={key}"
        return {"connection_string": f"{start};EndpointSuffix=core.windows.net"}
    if token := login.get("SAS_TOKEN"):
        blob = f"BlobEndpoint=https://{account}.blob.core.windows.net"
        return {"connection_string": f"{blob};SharedAccessSignature={token.removeprefix('?')}"}
    return _azure_principal(account, login)


def _check_azure_key(key: str) -> None:
    try:
        base64.b64decode(key, validate=True)
    except ValueError:
        raise MLRunInvalidArgumentError(f"{AZURE}ACCOUNT_KEY is no key: keys are base64") from None


def _azure_principal(account: str, login: dict[str, str]) -> dict[str, Any]:
    parts = ("CLIENT_ID", "CLIENT_SECRET", "TENANT_ID")
    if not any(name in login for name in parts):
        return {"account_name": account, "anon": True}
    if missing := [AZURE + name for name in parts if name not in login]:
        raise MLRunInvalidArgumentError(f"a login to Azure as a client also needs {', '.join(missing)}")
    if os.environ.get(f"{AZURE}CONNECTION_STRING"):
        raise MLRunInvalidArgumentError(
            f"adlfs would take {AZURE}CONNECTION_STRING of the environment instead of {AZURE}CLIENT_ID;"
            " unset it"
        )
    return {"account_name": account, **{name.lower(): login[name] for name in parts}}


def google_options(credentials: Credentials, authority: str) -> dict[str, Any]:
    """
    What gcsfs connects with: a service account (its JSON, or the path of its file), or what Google's
    library finds by itself; with ``STORAGE_EMULATOR_HOST``, an emulator.

    Raises:
        MLRunInvalidArgumentError: The credentials are no JSON; the message does not show them.
    """
    emulator = credentials.get("STORAGE_EMULATOR_HOST")
    endpoint = {"endpoint_url": emulator} if emulator else {}
    login = credentials.together(*GOOGLE_NAMES)
    token: Any = login.get("GCP_CREDENTIALS") or login.get("GOOGLE_APPLICATION_CREDENTIALS")
    if not token:
        return {**endpoint, **({"token": "anon"} if emulator else {})}
    if token.lstrip().startswith("{"):
        token = _mapping("GCP_CREDENTIALS", token)
        _check_google(token)
    elif not os.path.exists(token):
        raise MLRunInvalidArgumentError(
            f"the credentials of Google ({', '.join(login)}) are neither JSON nor the path of a file here"
        )
    return {**endpoint, "token": token}


def _check_google(token: dict[str, Any]) -> None:
    """What is wrong with *token*, where gcsfs would only say that it is no login of a person."""
    if "refresh_token" in token:
        return
    from google.oauth2.service_account import Credentials as ServiceAccount

    try:
        ServiceAccount.from_service_account_info(token)  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise MLRunInvalidArgumentError(
            f"GCP_CREDENTIALS is no service account that can be used: {str(error).partition('. ')[0]}"
        ) from None


def hadoop_options(credentials: Credentials, authority: str) -> dict[str, Any]:
    """Where the name node is, and who asks; ``default`` is what Hadoop's own configuration says."""
    host, port = _host(authority or credentials.get("HDFS_HOST") or "default")
    port = port or int(credentials.get("HDFS_PORT") or 0)
    user = credentials.get("HDFS_USER", "HADOOP_USER_NAME")
    return {"host": host, "port": port, **({"user": user} if user else {})}


def webhdfs_options(credentials: Credentials, authority: str) -> dict[str, Any]:
    """
    Raises:
        MLRunInvalidArgumentError: No host, neither in the address nor as ``HDFS_HOST``.
    """
    host, port = _host(authority or credentials.get("HDFS_HOST"))
    if not host:
        raise MLRunInvalidArgumentError("webhdfs:// names no host: webhdfs://host:9870/path, or HDFS_HOST")
    port = port or int(credentials.get("HDFS_HTTP_PORT") or 9870)
    user = credentials.get("HDFS_USER", "HADOOP_USER_NAME")
    return {"host": host, "port": port, **({"user": user} if user else {})}


def databricks_options(credentials: Credentials, authority: str) -> dict[str, Any]:
    """
    Raises:
        MLRunInvalidArgumentError: No host or no token.
    """
    login = credentials.together(*DBFS_NAMES)
    host = authority or login.get("DATABRICKS_HOST", "")
    if not host or "DATABRICKS_TOKEN" not in login:
        raise MLRunInvalidArgumentError(
            "dbfs:// needs DATABRICKS_HOST (or dbfs://host/path) and DATABRICKS_TOKEN"
        )
    return {"instance": host.removeprefix("https://").rstrip("/"), "token": login["DATABRICKS_TOKEN"]}


def alibaba_options(credentials: Credentials, authority: str) -> dict[str, Any]:
    """
    Raises:
        MLRunInvalidArgumentError: No endpoint.
    """
    login = credentials.together(*OSS_NAMES)
    endpoint = login.get("ALIBABA_ENDPOINT_URL") or credentials.get("ALIBABA_ENDPOINT_URL")
    if not endpoint:
        raise MLRunInvalidArgumentError(
            "oss:// needs ALIBABA_ENDPOINT_URL, such as https://oss-cn-hangzhou.aliyuncs.com"
        )
    key, secret = login.get("ALIBABA_ACCESS_KEY_ID"), login.get("ALIBABA_SECRET_ACCESS_KEY")
    return {"endpoint": endpoint, **({"key": key, "secret": secret} if key else {})}


def iguazio_options(credentials: Credentials, authority: str) -> dict[str, Any]:
    """
    Raises:
        MLRunInvalidArgumentError: No access key, or no address of the web API.
    """
    login = credentials.together("V3IO_ACCESS_KEY")
    api = authority or credentials.get("V3IO_API")
    if not login or not api:
        raise MLRunInvalidArgumentError(
            "v3io:// needs V3IO_ACCESS_KEY and V3IO_API (or v3io://host/container/path)"
        )
    return {"v3io_api": api, "v3io_access_key": login["V3IO_ACCESS_KEY"], "cache_validity_seconds": 0}


def own_options(credentials: Credentials, protocol: str) -> dict[str, Any]:
    """
    What the secret ``FSSPEC_<PROTOCOL>`` says in JSON, for any protocol of fsspec.

    Raises:
        MLRunInvalidArgumentError: It is no JSON object; the message does not show it.
    """
    name = f"FSSPEC_{protocol.upper()}"
    text = credentials.get(name)
    return _mapping(name, text) if text else {}


def _mapping(name: str, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None  # its message would show the text
    if not isinstance(found, dict):
        raise MLRunInvalidArgumentError(f"the secret {name} is not a JSON object")
    return found


def _host(authority: str) -> tuple[str, int]:
    host, _, port = authority.rpartition("@")[2].partition(":")
    return host, int(port) if port.isdigit() else 0
