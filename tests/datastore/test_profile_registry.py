"""Profiles on the wire, and where ``ds://name`` leads."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from mlrun.datastore import datastore_profile, get_dataitem, get_store
from mlrun.datastore.credentials import Credentials
from mlrun.datastore.profile_registry import (
    CLASSES,
    DatastoreProfile2Json,
    TemporaryClientDatastoreProfiles,
    datastore_profile_read,
    register_temporary_client_datastore_profile,
    remove_temporary_client_datastore_profile,
)
from mlrun.datastore.profiles import DatastoreProfile, DatastoreProfileBasic, DatastoreProfileS3
from mlrun.datastore.streams import DatastoreProfileKafkaStream
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunNotFoundError,
)


class Records:
    """The part of a database that profiles are read from."""

    def __init__(self, profile: DatastoreProfile, gives_secrets: bool = True) -> None:
        self._profile = profile
        self._gives_secrets = gives_secrets

    def read_project_secrets(self, project: str) -> dict[str, str]:
        return {}

    def get_datastore_profile(self, name: str, project: str = "") -> dict[str, Any]:
        if (name, project) != (self._profile.name, "iris"):
            raise MLRunNotFoundError(f"no datastore profile {name!r} in project {project}")
        return {"name": name, "object": DatastoreProfile2Json.get_json_public(self._profile)}

    def read_datastore_profile_secrets(self, name: str, project: str = "") -> str:
        if not self._gives_secrets:
            raise MLRunAccessDeniedError("behind a server")
        return DatastoreProfile2Json.get_json_private(self._profile)


@pytest.fixture
def lake() -> DatastoreProfileS3:
    return DatastoreProfileS3(name="lake", bucket="b", access_key_id="1", secret_key="secret")


@pytest.fixture
def registered(lake: DatastoreProfileS3) -> Iterator[DatastoreProfileS3]:
    register_temporary_client_datastore_profile(lake)
    yield lake
    remove_temporary_client_datastore_profile(lake.name)


def test_the_wire_form_is_json_with_base64_values(lake: DatastoreProfileS3) -> None:
    public, private = (
        DatastoreProfile2Json.get_json_public(lake),
        DatastoreProfile2Json.get_json_private(lake),
    )

    assert public == '{"type": "czM=", "name": "bGFrZQ==", "bucket": "Yg=="}'
    assert json.loads(private) == {
        "access_key_id": "MQ==",
        "secret_key": base64.b64encode(b"secret").decode(),
    }


@pytest.mark.parametrize(
    "profile",
    [
        DatastoreProfileS3(name="p", bucket="123", access_key_id="0", secret_key="true"),
        DatastoreProfileBasic(name="p", public="s3://b", private='{"a": 1}'),
        DatastoreProfileKafkaStream(
            name="p", brokers=["a", "b"], topics="1", kwargs_private={"a": [1, None]}
        ),
        datastore_profile.DatastoreProfileHdfs(name="p", host="h", port=8020),
        datastore_profile.ConfigProfile(name="p", public={"a": 1}, private={"b": "2"}),
        datastore_profile.DatastoreProfileGCS(name="p", bucket="b", gcp_credentials='{"a":1}'),
        datastore_profile.DatastoreProfileRabbitMQ(
            name="p", broker_url="b", exchange_name="e", durable_queue=True
        ),
        datastore_profile.HuggingFaceProfile(name="p", device=0, device_map={"": "cpu"}),
    ],
    ids=lambda profile: profile.type,
)
def test_a_profile_comes_back_as_it_was(profile: DatastoreProfile) -> None:
    public, private = (
        DatastoreProfile2Json.get_json_public(profile),
        DatastoreProfile2Json.get_json_private(profile),
    )

    assert DatastoreProfile2Json.create_from_json(public, private) == profile


def test_the_public_part_alone_is_a_profile_without_secrets(lake: DatastoreProfileS3) -> None:
    found = DatastoreProfile2Json.create_from_json(DatastoreProfile2Json.get_json_public(lake))

    assert found == DatastoreProfileS3(name="lake", bucket="b")


def test_every_type_has_the_class_that_says_so() -> None:
    assert {kind: cls.__struct_fields__.index("type") >= 0 for kind, cls in CLASSES.items()} == dict.fromkeys(
        CLASSES, True
    )
    assert all(cls.__name__ in dir(datastore_profile) for cls in CLASSES.values())


@pytest.mark.parametrize(
    ("public", "private", "message"),
    [
        ("[]", "{}", "the public part of a datastore profile is a JSON object"),
        ('{"type": "czM="}', '{"secret_key": "hidden!"}', "the private part of a datastore profile"),
        ('{"type": "Z2NzcA=="}', "{}", "'gcsp' is not a type of .* Did you mean 'gcs'"),
        ('{"type": "czM=", "name": "YQ=="}', "{}", "this is no DatastoreProfileS3: .*bucket"),
    ],
)
def test_what_is_no_profile_says_why(public: str, private: str, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message) as caught:
        DatastoreProfile2Json.create_from_json(public, private)

    assert "hidden" not in str(caught.value)


def test_a_profile_of_this_process_is_found_first(registered: DatastoreProfileS3) -> None:
    other = Records(DatastoreProfileS3(name="lake", bucket="other"))

    store, key = get_store("ds://Lake/a/b.csv", db=other, project="iris")

    assert (store.endpoint, key) == ("s3://b", "a/b.csv")
    assert store.secret("AWS_SECRET_ACCESS_KEY") == "secret"


def test_then_one_of_the_project(lake: DatastoreProfileS3) -> None:
    store, key = get_store("ds://lake/a/b.csv", db=Records(lake), project="iris")

    assert (store.endpoint, key, store.secret("AWS_SECRET_ACCESS_KEY")) == ("s3://b", "a/b.csv", "secret")


def test_behind_a_server_its_secrets_are_in_the_environment(
    lake: DatastoreProfileS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "MLRUN_K8S_SECRET__mlrun.datastore-profiles.iris.lake"
    monkeypatch.setenv(key, DatastoreProfile2Json.get_json_private(lake))

    store, _ = get_store("ds://lake/a", db=Records(lake, gives_secrets=False), project="iris")

    assert store.secret("AWS_SECRET_ACCESS_KEY") == "secret"


def test_the_task_comes_before_the_profile(registered: DatastoreProfileS3) -> None:
    store, _ = get_store("ds://lake/a", {"AWS_SECRET_ACCESS_KEY": "of the task"})

    assert store.secret("AWS_SECRET_ACCESS_KEY") == "of the task"


def test_its_item_keeps_the_address_that_it_was_asked_by(registered: DatastoreProfileS3) -> None:
    item = get_dataitem("ds://lake/a/b.csv")

    assert (item.url, item.kind, item.suffix) == ("ds://lake/a/b.csv", "s3", ".csv")


def test_a_run_knows_the_profiles_of_its_project(lake: DatastoreProfileS3) -> None:
    credentials = Credentials.of({}, "iris", Records(lake))

    assert datastore_profile_read("ds://lake/a", secrets=credentials) == lake


@pytest.mark.parametrize("url", ["ds://", "ds:///a", "s3://lake/a"])
def test_an_address_without_a_profile_is_refused(url: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="names no profile: ds://name/path"):
        datastore_profile_read(url)


def test_a_profile_that_is_nowhere_is_not_found(lake: DatastoreProfileS3) -> None:
    with pytest.raises(
        MLRunNotFoundError, match="no datastore profile 'nowhere', neither in this process nor in"
    ):
        get_store("ds://nowhere/a", db=Records(lake), project="iris")


@pytest.mark.parametrize("path", ["../a", "b/../../a", "%2e%2e/a", "b/.%2E/../a"])
def test_an_address_does_not_leave_its_profile(registered: DatastoreProfileS3, path: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="leads out of its place"):
        get_store(f"ds://lake/{path}")


def test_one_that_was_removed_is_gone(lake: DatastoreProfileS3) -> None:
    profiles = TemporaryClientDatastoreProfiles()

    profiles.add(lake)
    profiles.remove("LAKE")
    profiles.remove("lake")

    assert profiles.get("lake") is None


def test_only_profiles_are_registered() -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match="a datastore profile is expected, not a dict"):
        register_temporary_client_datastore_profile({})  # type: ignore[arg-type]
