"""Profiles of places that hold files."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.datastore import profiles
from mlrun.datastore.profiles import DatastoreProfile
from mlrun.errors import MLRunInvalidArgumentError


@pytest.mark.parametrize(
    ("profile", "url", "secrets"),
    [
        (profiles.DatastoreProfileBasic(name="p", public="s3://b/c/"), "s3://b/c/x/y", {}),
        (
            profiles.DatastoreProfileS3(
                name="p",
                bucket="b",
                access_key_id="k",
                secret_key="s",
                endpoint_url="http://e",
                force_non_anonymous="true",
                profile_name="w",
                assume_role_arn="r",
            ),
            "s3://b/x/y",
            {
                "AWS_ACCESS_KEY_ID": "k",
                "AWS_SECRET_ACCESS_KEY": "s",
                "S3_ENDPOINT_URL": "http://e",
                "S3_NON_ANONYMOUS": "true",
                "AWS_PROFILE": "w",
                "MLRUN_AWS_ROLE_ARN": "r",
            },
        ),
        (
            profiles.DatastoreProfileRedis(name="p", endpoint_url="redis://h:1", username="u", password="w"),
            "redis://h:1/x/y",
            {"REDIS_USER": "u", "REDIS_PASSWORD": "w"},
        ),
        (
            profiles.DatastoreProfileDBFS(name="p", endpoint_url="h", token="t"),
            "dbfs:///x/y",
            {"DATABRICKS_HOST": "h", "DATABRICKS_TOKEN": "t"},
        ),
        (
            profiles.DatastoreProfileGCS(
                name="p", bucket="b", gcp_credentials={"a": 1}, credentials_path="/k"
            ),
            "gcs://b/x/y",
            {"GCP_CREDENTIALS": '{"a":1}', "GOOGLE_APPLICATION_CREDENTIALS": "/k"},
        ),
        (
            profiles.DatastoreProfileAzureBlob(name="p", container="c", account_name="a", account_key="k"),
            "az://c/x/y",
            {"AZURE_STORAGE_ACCOUNT_NAME": "a", "AZURE_STORAGE_ACCOUNT_KEY": "k"},
        ),
        (
            profiles.DatastoreProfileAzureBlob(name="p", container="c", credential="k"),
            "az://c/x/y",
            {"AZURE_STORAGE_ACCOUNT_KEY": "k"},
        ),
        (
            profiles.DatastoreProfileHdfs(name="p", host="h", port=1, user="u"),
            "hdfs://h:1/x/y",
            {"HDFS_HOST": "h", "HDFS_PORT": "1", "HDFS_USER": "u"},
        ),
        (
            profiles.DatastoreProfileHdfs(name="p", host="h", http_port=2),
            "webhdfs://h:2/x/y",
            {"HDFS_HOST": "h", "HDFS_HTTP_PORT": "2"},
        ),
        (
            profiles.DatastoreProfileV3io(name="p", v3io_access_key="k"),
            "v3io:///x/y",
            {"V3IO_ACCESS_KEY": "k"},
        ),
    ],
)
def test_a_profile_is_an_address_with_credentials(
    profile: DatastoreProfile, url: str, secrets: dict[str, str]
) -> None:
    assert [profile.url("/x/y"), profile.url("x/y")] == [url, url]
    assert profile.secrets() == secrets


def test_printing_shows_no_secret() -> None:
    profile = profiles.DatastoreProfileS3(
        name="p", bucket="b", endpoint_url="http://u:hidden@e", access_key_id="hidden", secret_key="hidden"
    )

    assert "hidden" not in repr(profile) + str(profile)
    assert "bucket='b'" in repr(profile)


@pytest.mark.parametrize("name", ["", "a/b", "a..b", "a b", "-"])
def test_a_name_has_to_stand_in_an_address(name: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="is not a valid profile name"):
        profiles.DatastoreProfileS3(name=name, bucket="b")


def test_a_name_is_lower_case_as_hosts_are() -> None:
    assert profiles.DatastoreProfileS3(name="Lake", bucket="b").name == "lake"
    assert DatastoreProfile.generate_secret_key("Lake", "iris") == "mlrun.datastore-profiles.iris.lake"


def test_settings_are_no_files() -> None:
    profile = profiles.ConfigProfile(
        name="c", public={"a": {"x": 1}, "b": 1}, private={"a": {"y": 2}, "b": 2}
    )

    with pytest.raises(
        MLRunInvalidArgumentError, match="ds://c is a profile of type 'config', which holds no"
    ):
        profile.url("a")
    assert profile.attributes() == {"a": {"x": 1, "y": 2}, "b": 2}


@pytest.mark.parametrize(
    ("login", "url"),
    [
        ({"username": "u", "password": "p@/:"}, "redis://u:p%40%2F%3A@h:1"),
        ({"password": "p"}, "redis://:p@h:1"),
        ({}, "redis://h:1"),
    ],
)
def test_a_login_to_redis_may_stand_in_the_address(login: dict[str, Any], url: str) -> None:
    profile = profiles.DatastoreProfileRedis(name="p", endpoint_url="redis://old:x@h:1", **login)

    assert profile.url_with_credentials() == url
