"""Profiles of places that hold no files."""

from __future__ import annotations

import pytest

from mlrun.datastore import streams
from mlrun.datastore.profiles import DatastoreProfile
from mlrun.errors import MLRunInvalidArgumentError


def test_a_stream_of_kafka_says_what_its_client_needs() -> None:
    profile = streams.DatastoreProfileKafkaStream(
        name="k",
        brokers="a:9092",
        topics=["t", "u"],
        sasl_user="u",
        sasl_pass="p",
        kwargs_public={"x": 1},
        kwargs_private={"y": 2},
    )

    assert profile.get_topic() == "t"
    assert profile.attributes() == {
        "brokers": ["a:9092"],
        "topics": ["t", "u"],
        "group": "serving",
        "initial_offset": "earliest",
        "sasl": {"enable": True, "user": "u", "password": "p"},
        "x": 1,
        "y": 2,
    }
    assert "'p'" not in repr(profile)


def test_an_exchange_of_rabbitmq_gives_its_fields() -> None:
    profile = streams.DatastoreProfileRabbitMQ(name="r", broker_url="amqp://h", exchange_name="e")

    found = profile.attributes()

    assert (found["broker_url"], found["num_workers"]) == ("amqp://h", 1)
    assert not found.keys() & {"name", "type", "queue_name"}


def test_a_database_is_an_address_and_back() -> None:
    profile = streams.DatastoreProfilePostgreSQL.from_dsn("postgresql://u:p%40@h:1/d", "pg")

    assert (profile.user, profile.password, profile.host, profile.port, profile.database) == (
        "u",
        "p@",
        "h",
        1,
        "d",
    )
    assert profile.dsn() == "postgresql://u:p%40@h:1/d"
    assert profile.admin_dsn() == "postgresql://u:p%40@h:1/postgres"
    assert "p@" not in repr(profile)


def test_an_address_without_a_user_is_refused_and_not_shown() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="a dsn names a user and a host") as caught:
        streams.DatastoreProfilePostgreSQL.from_dsn("postgresql://:hidden@/d", "pg")

    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("profile", "url", "secrets"),
    [
        (
            streams.OpenAIProfile(name="o", api_key="k", timeout=1.5),
            "openai://gpt",
            {"OPENAI_API_KEY": "k", "OPENAI_TIMEOUT": "1.5"},
        ),
        (streams.HuggingFaceProfile(name="h", token="t"), "huggingface://gpt", {"HF_TOKEN": "t"}),
    ],
)
def test_models_that_are_served_elsewhere_have_a_login(
    profile: DatastoreProfile, url: str, secrets: dict[str, str]
) -> None:
    assert (profile.url("/gpt"), profile.secrets()) == (url, secrets)


def test_a_stream_holds_no_files() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="which holds no files"):
        streams.DatastoreProfileKafkaStream(name="k", brokers="a", topics="t").url("x")
