"""From AWS credentials to options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlrun.datastore import get_dataitem
from mlrun.datastore.aws import s3_options
from mlrun.datastore.credentials import Credentials
from mlrun.errors import MLRunInvalidArgumentError

PAIR = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture(autouse=True)
def no_login_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


def options(secrets: dict[str, str]) -> dict[str, Any]:
    return s3_options(Credentials(secrets), "bucket")


@pytest.mark.parametrize(
    ("secrets", "found"),
    [
        (PAIR, {"key": "key", "secret": "secret"}),
        ({**PAIR, "AWS_SESSION_TOKEN": "t"}, {"key": "key", "secret": "secret", "token": "t"}),
        ({**PAIR, "AWS_PROFILE": "p"}, {"key": "key", "secret": "secret"}),
        ({"AWS_PROFILE": "p"}, {"profile": "p"}),
        ({}, {"anon": True}),
        ({"S3_NON_ANONYMOUS": "true"}, {}),
        ({"S3_NON_ANONYMOUS": "false"}, {"anon": True}),
        ({"S3_ENDPOINT_URL": "http://s"}, {"anon": True, "endpoint_url": "http://s"}),
        ({"AWS_ENDPOINT_URL_S3": "http://n"}, {"anon": True, "endpoint_url": "http://n"}),
        (
            {**PAIR, "AWS_REGION": "eu-1"},
            {"key": "key", "secret": "secret", "client_kwargs": {"region_name": "eu-1"}},
        ),
    ],
)
def test_credentials_become_options(secrets: dict[str, str], found: dict[str, Any]) -> None:
    assert options(secrets) == found


@pytest.mark.parametrize("given", PAIR)
def test_half_a_pair_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (missing,) = PAIR.keys() - {given}
    monkeypatch.setenv(missing, "of somebody else")

    with pytest.raises(MLRunInvalidArgumentError, match=f"{missing} is missing"):
        options({given: "x"})


def test_a_login_of_this_machine_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").write_text("[default]\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))

    assert options({}) == {}


def test_a_profile_of_amazon_logs_in(
    s3_secrets: dict[str, str], s3_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "[work]\naws_access_key_id = test-key-id\naws_secret_access_key = test-secret-key\n"
    (tmp_path / "credentials").write_text(text)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    item = get_dataitem(
        f"{s3_bucket}/profile.txt",
        secrets={"AWS_PROFILE": "work", "S3_ENDPOINT_URL": s3_secrets["S3_ENDPOINT_URL"]},
    )

    item.put("1")

    assert item.get() == b"1"


def test_a_role_is_assumed_once(s3_secrets: dict[str, str], s3_server: str) -> None:
    role = {"MLRUN_AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/reader", "AWS_ENDPOINT_URL_STS": s3_server}

    first, second = options({**s3_secrets, **role}), options({**s3_secrets, **role})

    assert first == second
    assert first["key"] != "test-key-id" and len(first["token"]) > 20
    assert first["endpoint_url"] == s3_server
