"""Datastore profiles of places that hold no files: streams, databases, models that are served elsewhere."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote, urlsplit

from mlrun.datastore.profiles import DatastoreProfile, merged
from mlrun.errors import MLRunInvalidArgumentError


class DatastoreProfileKafkaStream(DatastoreProfile, kw_only=True):
    """Topics of Kafka brokers."""

    private_attributes = ("sasl_user", "sasl_pass", "kwargs_private")
    type: str = "kafka_stream"
    brokers: str | list[str]
    topics: str | list[str]
    group: str | None = "serving"
    initial_offset: str | None = "earliest"
    partitions: str | list[str] | None = None
    sasl_user: str | None = None
    sasl_pass: str | None = None
    kwargs_public: dict[str, Any] | None = None
    kwargs_private: dict[str, Any] | None = None

    def get_topic(self) -> str | None:
        """The first topic."""
        topics = [self.topics] if isinstance(self.topics, str) else self.topics
        return topics[0] if topics else None

    def attributes(self) -> dict[str, Any]:
        """What a client of Kafka is told."""
        found = merged(self.kwargs_public or {}, self.kwargs_private or {})
        for name in ("brokers", "topics", "partitions"):
            value = getattr(self, name)
            if value is not None:
                found[name] = [value] if isinstance(value, str) else value
        found |= {name: getattr(self, name) for name in ("group", "initial_offset") if getattr(self, name)}
        if self.sasl_user and self.sasl_pass:
            found["sasl"] = {"enable": True, "user": self.sasl_user, "password": self.sasl_pass}
        return found


class DatastoreProfileRabbitMQ(DatastoreProfile, kw_only=True):
    """An exchange of a RabbitMQ broker."""

    private_attributes = ("username", "password")
    type: str = "rabbitmq"
    broker_url: str
    exchange_name: str
    queue_name: str | None = None
    topics: str | list[str] | None = None
    username: str | None = None
    password: str | None = None
    prefetch_count: int = 0
    durable_exchange: bool = False
    durable_queue: bool = False
    on_error: str = "nack"
    requeue_on_error: bool = False
    reconnect_duration: str = "5m"
    reconnect_interval: str = "15s"
    num_workers: int = 1
    worker_termination_timeout: str = "10s"

    def attributes(self) -> dict[str, Any]:
        """Its fields that are set, but its type and name."""
        return {
            field: value
            for field in self.__struct_fields__
            if field not in ("type", "name") and (value := getattr(self, field)) is not None
        }


class DatastoreProfilePostgreSQL(DatastoreProfile, kw_only=True):
    """A database of a PostgreSQL server."""

    private_attributes = ("password",)
    type: str = "postgresql"
    user: str
    password: str | None = None
    host: str
    port: int
    database: str = "postgres"

    def dsn(self, database: str | None = None) -> str:
        """Its address, with the password: a secret."""
        login = quote(self.user, safe="") + (f":{quote(self.password, safe='')}" if self.password else "")
        return f"{self.type}://{login}@{self.host}:{self.port}/{database or self.database}"

    def admin_dsn(self) -> str:
        """Of the database that every server has."""
        return self.dsn("postgres")

    @classmethod
    def from_dsn(cls, dsn: str, profile_name: str) -> DatastoreProfilePostgreSQL:
        """
        Raises:
            MLRunInvalidArgumentError: No user or host in *dsn*; the message does not show it.
        """
        parts = urlsplit(dsn)
        if not parts.username or not parts.hostname:
            raise MLRunInvalidArgumentError(
                "a dsn names a user and a host: postgresql://user:password@host/database"
            )
        return cls(
            name=profile_name,
            user=unquote(parts.username),
            password=unquote(parts.password) if parts.password else None,
            host=parts.hostname,
            port=parts.port or 5432,
            database=parts.path.lstrip("/") or "postgres",
        )


class OpenAIProfile(DatastoreProfile, kw_only=True):
    """A login to OpenAI, or to a service that speaks as it does."""

    private_attributes = ("api_key",)
    type: str = "openai"
    api_key: str | None = None
    organization: str | None = None
    project: str | None = None
    base_url: str | None = None
    timeout: float | None = None
    max_retries: int | None = None
    batch_max_concurrent: int | None = None

    def secrets(self) -> dict[str, str]:
        fields = ("api_key", "organization", "project", "base_url", "timeout", "max_retries")
        return self._named({field: f"OPENAI_{field.upper()}" for field in fields})

    def url(self, subpath: str) -> str:
        return f"openai://{subpath.lstrip('/')}"


class HuggingFaceProfile(DatastoreProfile, kw_only=True):
    """A login to Hugging Face, and how its models are loaded."""

    private_attributes = ("token",)
    type: str = "huggingface"
    task: str | None = None
    token: str | None = None
    endpoint: str | None = None
    device: int | str | None = None
    device_map: str | dict[str, int | str] | None = None
    trust_remote_code: bool | None = None
    max_workers: int | None = None
    model_kwargs: dict[str, Any] | None = None

    def secrets(self) -> dict[str, str]:
        return self._named({"token": "HF_TOKEN", "endpoint": "HF_ENDPOINT"})

    def url(self, subpath: str) -> str:
        return f"huggingface://{subpath.lstrip('/')}"
