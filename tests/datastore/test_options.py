"""From the credentials of other clouds and Hadoop to options."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mlrun.datastore import options
from mlrun.datastore.credentials import Credentials
from mlrun.errors import MLRunInvalidArgumentError

AZURE = "AZURE_STORAGE_"
CLIENT = {f"{AZURE}CLIENT_ID": "i", f"{AZURE}CLIENT_SECRET": "s", f"{AZURE}TENANT_ID": "t"}


@pytest.mark.parametrize(
    ("make", "authority", "secrets", "found"),
    [
        ("azure", "box", {f"{AZURE}CONNECTION_STRING": "c"}, {"connection_string": "c"}),
        (
            "azure",
            "box",
            {f"{AZURE}ACCOUNT_NAME": "a", f"{AZURE}ACCOUNT_KEY": "a2V5"},
            {
                "connection_string": "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=a2V5;"
                "EndpointSuffix=core.windows.net"
            },
        ),
        (
            "azure",
            "box@a.blob.core.windows.net",
            {f"{AZURE}SAS_TOKEN": "?sv=1"},
            {"connection_string": "BlobEndpoint=https://a.blob.core.windows.net;SharedAccessSignature=sv=1"},
        ),
        (
            "azure",
            "box@a.dfs.core.windows.net",
            CLIENT,
            {"account_name": "a", "client_id": "i", "client_secret": "s", "tenant_id": "t"},
        ),
        ("azure", "box", {f"{AZURE}ACCOUNT_NAME": "a"}, {"account_name": "a", "anon": True}),
        ("google", "box", {}, {}),
        ("google", "box", {"GCP_CREDENTIALS": '{"refresh_token": "x"}'}, {"token": {"refresh_token": "x"}}),
        (
            "google",
            "box",
            {"STORAGE_EMULATOR_HOST": "http://h"},
            {"endpoint_url": "http://h", "token": "anon"},
        ),
        ("hadoop", "node:8020", {"HDFS_USER": "u"}, {"host": "node", "port": 8020, "user": "u"}),
        ("hadoop", "", {"HDFS_HOST": "node", "HDFS_PORT": "1"}, {"host": "node", "port": 1}),
        ("hadoop", "", {}, {"host": "default", "port": 0}),
        ("webhdfs", "node", {}, {"host": "node", "port": 9870}),
        ("webhdfs", "", {"HDFS_HOST": "node", "HDFS_HTTP_PORT": "1"}, {"host": "node", "port": 1}),
        (
            "databricks",
            "",
            {"DATABRICKS_HOST": "https://h/", "DATABRICKS_TOKEN": "t"},
            {"instance": "h", "token": "t"},
        ),
        (
            "alibaba",
            "box",
            {"ALIBABA_ACCESS_KEY_ID": "k", "ALIBABA_SECRET_ACCESS_KEY": "s", "ALIBABA_ENDPOINT_URL": "e"},
            {"endpoint": "e", "key": "k", "secret": "s"},
        ),
        (
            "iguazio",
            "",
            {"V3IO_ACCESS_KEY": "k", "V3IO_API": "a"},
            {"v3io_api": "a", "v3io_access_key": "k", "cache_validity_seconds": 0},
        ),
    ],
)
def test_credentials_become_options(
    make: str, authority: str, secrets: dict[str, str], found: dict[str, Any]
) -> None:
    assert getattr(options, f"{make}_options")(Credentials(secrets), authority) == found


@pytest.mark.parametrize(
    ("make", "secrets", "message"),
    [
        ("azure", {}, "no Azure account is named: set AZURE_STORAGE_CONNECTION_STRING"),
        (
            "azure",
            {f"{AZURE}ACCOUNT_NAME": "a", f"{AZURE}CLIENT_ID": "i"},
            "also needs AZURE_STORAGE_CLIENT_SECRET",
        ),
        (
            "azure",
            {f"{AZURE}ACCOUNT_NAME": "a", f"{AZURE}ACCOUNT_KEY": "the secret"},
            "AZURE_STORAGE_ACCOUNT_KEY is no key: keys are base64",
        ),
        (
            "google",
            {"GCP_CREDENTIALS": '{"type": "service_account", "private_key": "secret"}'},
            "GCP_CREDENTIALS is no service account that can be used: Service account info was not in the",
        ),
        (
            "google",
            {"GCP_CREDENTIALS": '{"private_key": "secret", "client_email": "a", "token_uri": "b"}'},
            "GCP_CREDENTIALS is no service account that can be used: Unable to load PEM file",
        ),
        ("google", {"GCP_CREDENTIALS": "{secret"}, "the secret GCP_CREDENTIALS is not a JSON object"),
        ("google", {"GOOGLE_APPLICATION_CREDENTIALS": "/secret"}, "neither JSON nor the path of a file"),
        ("webhdfs", {}, "webhdfs:// names no host"),
        ("databricks", {"DATABRICKS_HOST": "h"}, "DATABRICKS_TOKEN"),
        ("alibaba", {}, "oss:// needs ALIBABA_ENDPOINT_URL"),
        ("iguazio", {"V3IO_API": "a"}, "v3io:// needs V3IO_ACCESS_KEY"),
    ],
)
def test_what_is_missing_is_named(make: str, secrets: dict[str, str], message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=re.escape(message)) as caught:
        getattr(options, f"{make}_options")(Credentials(secrets), "")

    assert "secret" not in str(caught.value).replace("the secret GCP", "")


def test_a_client_of_azure_is_not_mixed_with_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{AZURE}CONNECTION_STRING", "of somebody else")

    with pytest.raises(MLRunInvalidArgumentError, match="instead of AZURE_STORAGE_CLIENT_ID; unset it"):
        options.azure_options(Credentials({**CLIENT, f"{AZURE}ACCOUNT_NAME": "a"}), "box")


def test_a_file_of_google_is_given_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text("{}")
    path = str(tmp_path / "key.json")

    found = options.google_options(Credentials({"GOOGLE_APPLICATION_CREDENTIALS": path}), "box")

    assert found == {"token": path}


def test_any_protocol_has_options_of_its_own() -> None:
    credentials = Credentials({"FSSPEC_FTP": '{"timeout": 5}', "FSSPEC_SMB": "secret"})

    assert options.own_options(credentials, "ftp") == {"timeout": 5}
    assert options.own_options(credentials, "sftp") == {}
    with pytest.raises(MLRunInvalidArgumentError, match="FSSPEC_SMB is not a JSON object"):
        options.own_options(credentials, "smb")
