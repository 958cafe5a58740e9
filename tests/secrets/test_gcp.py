"""Against a server on loopback that answers as the HTTP API of Secret Manager, and that of tokens, do."""

from __future__ import annotations

import base64
import json
import os
import sys

import pytest

from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunInvalidArgumentError,
    MLRunMissingDependencyError,
    MLRunNotFoundError,
    MLRunServiceUnavailableError,
)
from mlrun.secrets import SecretsStore, masked_sources

SECRETS = {
    "/v1/projects/p1/secrets/db/versions/latest:access": b'{"user": "ann", "password": "s3cr3t"}',
    "/v1/projects/p1/secrets/plain/versions/3:access": b"s3cr3t",
    "/v1/projects/p2/secrets/plain/versions/latest:access": b"of p2",
    "/v1/projects/p1/secrets/binary/versions/latest:access": b"\xff\xfe",
}
ERRORS = {"closed": (403, "PERMISSION_DENIED"), "broken": (500, "INTERNAL")}


def answer(request):
    path = request.path.partition("?")[0]
    if path == "/token":
        return 200, {
            "access_token": "token",
            "issued_token_type": "access",
            "expires_in": 3600,
            "token_type": "Bearer",
        }
    if request.headers.get("Authorization") != "Bearer token":
        return 401, {"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "who?"}}
    if path in SECRETS:
        data = base64.b64encode(SECRETS[path]).decode()
        return 200, {"name": path.removeprefix("/v1/").removesuffix(":access"), "payload": {"data": data}}
    code, status = next((ERRORS[name] for name in ERRORS if name in path), (404, "NOT_FOUND"))
    return code, {"error": {"code": code, "status": status, "message": "no"}}


@pytest.fixture(scope="module")
def address(serving):
    with serving(answer) as address:
        yield address


@pytest.fixture
def gcp(address, tmp_path):
    for name in [name for name in os.environ if name.startswith(("GOOGLE_", "GCLOUD_", "CLOUDSDK_"))]:
        del os.environ[name]
    (tmp_path / "token.txt").write_text("who I am elsewhere")
    account = {
        "type": "external_account",  # whose tokens come from an address that can be said
        "audience": "//iam.googleapis.com/pool",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{address}/token",
        "credential_source": {"file": str(tmp_path / "token.txt")},
    }
    (tmp_path / "account.json").write_text(json.dumps(account))
    os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(tmp_path / "account.json")
    os.environ["GOOGLE_CLOUD_PROJECT"] = "p1"
    return address


@pytest.fixture
def read(gcp):
    def read(source):
        given = {"name": source} if isinstance(source, str) else source
        source = {"kind": "gcp_secret_manager", "source": {"endpoint_url": gcp, **given}}
        return dict(SecretsStore.from_list([source]).items())

    return read


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("db", {"user": "ann", "password": "s3cr3t"}),
        ({"name": "db", "keys": "user"}, {"user": "ann"}),
        ({"name": "plain", "version": 3}, {"plain": "s3cr3t"}),
        ({"name": "plain", "project": "p2"}, {"plain": "of p2"}),
        ("projects/p2/secrets/plain", {"plain": "of p2"}),
        ("projects/p1/secrets/plain/versions/3", {"plain": "s3cr3t"}),
    ],
)
def test_a_secret_has_fields_or_is_one(read, source, found):
    assert read(source) == found


@pytest.mark.parametrize(
    ("source", "error", "says"),
    [
        ("none", MLRunNotFoundError, "is not there: projects/p1/secrets/none/versions/latest"),
        ({"name": "db", "keys": "pin"}, MLRunNotFoundError, "secret 'db' of Google's .* has no field pin"),
        ("closed", MLRunAccessDeniedError, "'closed' .* is not given"),
        ("broken", MLRunServiceUnavailableError, "'broken' .* did not answer"),
        ("binary", MLRunInvalidArgumentError, "'binary' .* is binary; a text is needed"),
        ({"name": "a", "key": "s3cr3t"}, MLRunInvalidArgumentError, "Did you mean 'keys'"),
    ],
)
def test_what_goes_wrong_is_one_sentence(read, source, error, says):
    with pytest.raises(error, match=says) as caught:
        read(source)

    assert "s3cr3t" not in str(caught.value)


def test_credentials_that_are_not_there_are_said(read):
    os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = "/no/such.json"

    with pytest.raises(MLRunAccessDeniedError, match="no credentials"):
        read("db")


def test_a_library_that_is_missing_is_named_with_its_command(read, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.cloud.secretmanager_v1", None)

    with pytest.raises(MLRunMissingDependencyError, match=r"pip install 'mlrun\[gcp-secrets\]'"):
        read("db")


def test_of_a_source_all_is_stored_since_it_has_no_secret():
    source = {"kind": "gcp_secret_manager", "source": {"name": "db", "keys": "user"}}

    assert masked_sources([source])[0]["source"] == {"name": "db", "keys": ["user"]}
