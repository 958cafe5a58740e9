"""Against moto's server, which answers as AWS does."""

from __future__ import annotations

import os
import sys

import pytest
from botocore.session import Session

from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunInvalidArgumentError,
    MLRunMissingDependencyError,
    MLRunNotFoundError,
    MLRunServiceUnavailableError,
)
from mlrun.secrets import SecretsStore, masked_sources
from mlrun.testing.servers import aws_server

REGION = "eu-central-1"
LOGIN = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": REGION}


@pytest.fixture(scope="module")
def server():
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    with aws_server() as url:
        client = Session().create_client("secretsmanager", region_name=REGION, endpoint_url=url, **keys)
        team = '{"user": "ann", "password": "s3cr3t", "port": 5432}'
        client.create_secret(Name="team/db", SecretString=team)
        client.create_secret(Name="plain", SecretString="s3cr3t")
        client.create_secret(Name="binary", SecretBinary=b"\x00")
        client.close()
        yield url


@pytest.fixture
def aws(server, tmp_path):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        **LOGIN,
        "AWS_ENDPOINT_URL": server,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_MAX_ATTEMPTS": "1",
    }
    return server


def read(source):
    return dict(SecretsStore.from_list([{"kind": "aws_secrets_manager", "source": source}]).items())


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("team/db", {"user": "ann", "password": "s3cr3t", "port": "5432"}),
        ({"name": "team/db", "keys": ["user"]}, {"user": "ann"}),
        ("plain", {"plain": "s3cr3t"}),
    ],
)
def test_a_secret_has_fields_or_is_one(aws, source, found):
    assert read(source) == found


def test_the_source_may_say_where(aws):
    del os.environ["AWS_ENDPOINT_URL"], os.environ["AWS_DEFAULT_REGION"]

    assert read({"name": "plain", "region": REGION, "endpoint_url": aws}) == {"plain": "s3cr3t"}


@pytest.mark.parametrize(
    ("source", "unset", "error", "says"),
    [
        ("none", [], MLRunNotFoundError, "has no secret 'none' in this region"),
        ({"name": "team/db", "keys": "pin"}, [], MLRunNotFoundError, "'team/db' .* has no field pin"),
        ("binary", [], MLRunInvalidArgumentError, "'binary' .* is binary; a text is needed"),
        ("plain", ["AWS_DEFAULT_REGION"], MLRunInvalidArgumentError, "is in a region: AWS_DEFAULT_REGION"),
        (
            "plain",
            ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
            MLRunAccessDeniedError,
            "needs credentials",
        ),
        ({"name": "a", "secret_key": "s3cr3t"}, [], MLRunInvalidArgumentError, "has no field 'secret_key'"),
    ],
)
def test_what_goes_wrong_is_one_sentence(aws, source, unset, error, says):
    for name in unset:
        del os.environ[name]

    with pytest.raises(error, match=says) as caught:
        read(source)

    assert "s3cr3t" not in str(caught.value)


def test_a_service_that_is_not_there_is_said(aws):
    with pytest.raises(MLRunServiceUnavailableError, match="AWS Secrets Manager did not answer"):
        read({"name": "plain", "endpoint_url": "http://127.0.0.1:1"})


def test_a_library_that_is_missing_is_named_with_its_command(aws, monkeypatch):
    monkeypatch.setitem(sys.modules, "botocore.session", None)

    with pytest.raises(MLRunMissingDependencyError, match=r"pip install 'mlrun\[aws-secrets\]'"):
        read("plain")


def test_of_a_source_all_is_stored_since_it_has_no_secret():
    source = {"kind": "aws_secrets_manager", "source": {"name": "team/db", "keys": "user"}}

    assert masked_sources([source])[0]["source"] == {"name": "team/db", "keys": ["user"]}
