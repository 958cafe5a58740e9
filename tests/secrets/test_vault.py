"""Against a server on loopback that answers as Vault's HTTP API does: GET /v1/<mount>/data/<path>."""

from __future__ import annotations

import os
import sys

import pytest

import mlrun
from mlrun.config import mlconf
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunInvalidArgumentError,
    MLRunMissingDependencyError,
    MLRunNotFoundError,
    MLRunServiceUnavailableError,
)
from mlrun.secrets import SecretsStore, masked_sources

TOKEN = "hvs.token"
FIELDS = {"user": "ann", "password": "s3cr3t"}
ANSWERS = {
    "/v1/secret/data/team/db": {"data": {"data": FIELDS, "metadata": {"version": 1}}},
    "/v1/kv/team/db": {"data": FIELDS},
}


def answer(request):
    if request.headers.get("X-Vault-Token") != TOKEN:
        return 403, {"errors": ["permission denied"]}
    if request.path.startswith("/v1/secret/data/broken"):
        return 503, {"errors": ["Vault is sealed"]}
    found = ANSWERS.get(request.path.partition("?")[0])
    return (200, found) if found else (404, {"errors": []})


@pytest.fixture(scope="module")
def address(serving):
    with serving(answer) as address:
        yield address


@pytest.fixture
def vault(address, tmp_path):
    mlconf.secret_stores.vault.token_path = str(tmp_path / "none")
    os.environ |= {"VAULT_ADDR": address, "VAULT_TOKEN": TOKEN}
    return address


def read(source):
    return dict(SecretsStore.from_list([{"kind": "vault", "source": source}]).items())


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("team/db", FIELDS),
        ({"path": "team/db", "keys": "password"}, {"password": "s3cr3t"}),
        ({"path": "team/db", "mount_point": "kv", "version": 1}, FIELDS),
    ],
)
def test_the_fields_of_a_secret_are_secrets(vault, source, found):
    assert read(source) == found


@pytest.mark.parametrize("is_folder", [True, False])
def test_the_token_may_be_in_a_file(vault, tmp_path, is_folder):
    del os.environ["VAULT_TOKEN"]
    path = tmp_path / "vault"
    if is_folder:
        path.mkdir()
    (path / "token" if is_folder else path).write_text(f"{TOKEN}\n")
    mlconf.secret_stores.vault.token_path = str(path)

    assert read("team/db") == FIELDS


def test_the_address_may_be_a_setting_or_in_the_source(vault):
    os.environ["VAULT_ADDR"] = "http://127.0.0.1:1"

    assert read({"path": "team/db", "url": vault}) == FIELDS
    mlconf.secret_stores.vault.url = vault
    assert read("team/db") == FIELDS


@pytest.mark.parametrize(
    ("source", "token", "error", "says"),
    [
        ("team/none", TOKEN, MLRunNotFoundError, "vault secret/team/none at .* no such secret"),
        (
            {"path": "team/db", "keys": ["user", "pin"]},
            TOKEN,
            MLRunNotFoundError,
            "'team/db' has no field pin",
        ),
        ("team/db", "wrong-token", MLRunAccessDeniedError, "the token may not read it"),
        ("team/db", "", MLRunAccessDeniedError, "or there is none"),
        ("broken", TOKEN, MLRunServiceUnavailableError, "did not answer: Vault is sealed"),
        ({"path": "a", "version": 3}, TOKEN, MLRunInvalidArgumentError, "version 1 or 2"),
    ],
)
def test_what_goes_wrong_is_one_sentence_without_the_token(vault, source, token, error, says):
    os.environ["VAULT_TOKEN"] = token

    with pytest.raises(error, match=says) as caught:
        read(source)

    assert not token or token not in str(caught.value)


def test_a_vault_that_is_not_there_is_said(vault):
    with pytest.raises(MLRunServiceUnavailableError, match="did not answer"):
        read({"path": "a", "url": "http://127.0.0.1:1"})


def test_an_address_is_needed():
    with pytest.raises(MLRunInvalidArgumentError, match="need its address: VAULT_ADDR"):
        read("team/db")


def test_a_library_that_is_missing_is_named_with_its_command(vault, monkeypatch):
    monkeypatch.setitem(sys.modules, "hvac", None)

    with pytest.raises(MLRunMissingDependencyError, match=r"pip install 'mlrun\[vault\]'"):
        read("team/db")


def test_of_a_source_all_is_stored_since_it_has_no_secret():
    source = {"kind": "vault", "source": {"path": "team/db", "keys": ["user"]}}

    assert masked_sources([source]) == [source]


def test_a_run_reads_it_and_leaves_nothing_of_it_behind(vault, db):
    def handler(context):
        print("password", context.get_secret("password"))
        context.log_result("known", context.get_secret("password") == "s3cr3t")

    run = mlrun.new_function("f").run(mlrun.new_task().with_secrets("vault", "team/db"), handler=handler)

    assert run.status.results == {"known": True}
    assert db.get_log(run.metadata.uid)[1] == b"password ***\n"
    assert run.spec.secret_sources == [{"kind": "vault", "source": {"path": "team/db"}}]
