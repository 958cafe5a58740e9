"""Against a server on loopback that answers as Key Vault's and the managed identity's HTTP APIs do."""

from __future__ import annotations

import os
import sys
import time

import pytest

from mlrun.config import mlconf
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunInvalidArgumentError,
    MLRunMissingDependencyError,
    MLRunNotFoundError,
    MLRunServiceUnavailableError,
)
from mlrun.secrets import SecretsStore, masked_sources

SECRETS = {"db-user": "ann", "db-password": "s3cr3t"}


def vault(request):
    path = request.path.partition("?")[0]
    host = request.headers["Host"]
    if path == "/token":
        return 200, {"access_token": "token", "expires_on": int(time.time()) + 3600, "token_type": "Bearer"}
    if request.headers.get("Authorization") != "Bearer token":
        # the client asks that the vault's host is below the resource's
        challenge = f'Bearer authorization="https://{host}/tenant", resource="https://{host[4:]}"'
        return 401, {}, {"WWW-Authenticate": challenge}
    if path == "/broken/secrets":
        return 501, {"error": {"code": "InternalError", "message": "broken"}}
    if path == "/closed/secrets":
        return 403, {"error": {"code": "Forbidden", "message": "no"}}
    if path == "/mine/secrets":
        base = f"https://{host}/secrets"
        disabled = {"id": f"{base}/old", "attributes": {"enabled": False}}
        return 200, {
            "value": [*({"id": f"{base}/{n}", "attributes": {"enabled": True}} for n in SECRETS), disabled]
        }
    name = path.removeprefix("/mine/secrets/").strip("/")
    if name in SECRETS:
        return 200, {"value": SECRETS[name], "id": f"https://{host}/secrets/{name}/1", "attributes": {}}
    return 404, {"error": {"code": "SecretNotFound", "message": "no"}}


@pytest.fixture(scope="module")
def address(serving, certificate):
    with serving(vault, certificate) as address:
        yield address


@pytest.fixture(scope="module")
def identity(serving):
    with serving(vault) as address:
        yield address


@pytest.fixture
def azure(address, identity, certificate, tmp_path):
    for name in [name for name in os.environ if name.startswith("AZURE_")]:
        del os.environ[name]
    os.environ |= {
        "REQUESTS_CA_BUNDLE": str(certificate),
        "IDENTITY_ENDPOINT": f"{identity}/token",  # as a service of Azure tells its programs
        "IDENTITY_HEADER": "header",
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
    }
    mlconf.secret_stores.azure_vault.url = f"{address}/{{name}}"


def read(source):
    return dict(SecretsStore.from_list([{"kind": "azure_vault", "source": source}]).items())


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("mine", SECRETS),
        ({"name": "mine", "secrets": ["db-user"], "k8s_secret": "x"}, {"db-user": "ann"}),
    ],
)
def test_the_secrets_of_a_vault(azure, source, found):
    assert read(source) == found


@pytest.mark.parametrize(
    ("source", "error", "says"),
    [
        ({"name": "mine", "secrets": "none"}, MLRunNotFoundError, "has no such secret: SecretNotFound"),
        ("broken", MLRunServiceUnavailableError, "/broken did not answer: InternalError"),
        ("closed", MLRunAccessDeniedError, "/closed gives nothing"),
        ({"name": "a", "client_secret": "s3cr3t"}, MLRunInvalidArgumentError, "no field 'client_secret'"),
    ],
)
def test_what_goes_wrong_is_one_sentence(azure, source, error, says):
    with pytest.raises(error, match=says) as caught:
        read(source)

    assert "s3cr3t" not in str(caught.value)


def test_an_address_without_a_place_for_the_name_is_refused(azure):
    mlconf.secret_stores.azure_vault.url = "https://{vault}"

    with pytest.raises(MLRunInvalidArgumentError, match=r"it is an address with \{name\} in it"):
        read("mine")


def test_a_library_that_is_missing_is_named_with_its_command(azure, monkeypatch):
    monkeypatch.setitem(sys.modules, "azure.identity", None)

    with pytest.raises(MLRunMissingDependencyError, match=r"pip install 'mlrun\[azure-secrets\]'"):
        read("mine")


def test_of_a_source_all_is_stored_since_it_has_no_secret():
    source = {"kind": "azure_vault", "source": {"name": "mine", "secrets": "a,b"}}

    assert masked_sources([source])[0]["source"] == {"name": "mine", "secrets": ["a", "b"]}
