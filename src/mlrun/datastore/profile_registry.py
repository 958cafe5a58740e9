"""Where ``ds://name`` leads: profiles of this process, then of the project; and their form on the wire."""

from __future__ import annotations

import base64
import json
import threading
from typing import Any
from urllib.parse import unquote

import msgspec

from mlrun import urls
from mlrun.datastore import profiles, streams
from mlrun.datastore.credentials import Credentials, Secrets
from mlrun.datastore.fsspec import check_key
from mlrun.datastore.profiles import DatastoreProfile
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunNotFoundError,
    nearest,
)
from mlrun.model.base import converted

CLASSES: dict[str, type[DatastoreProfile]] = {
    "basic": profiles.DatastoreProfileBasic,
    "config": profiles.ConfigProfile,
    "v3io": profiles.DatastoreProfileV3io,
    "s3": profiles.DatastoreProfileS3,
    "redis": profiles.DatastoreProfileRedis,
    "dbfs": profiles.DatastoreProfileDBFS,
    "gcs": profiles.DatastoreProfileGCS,
    "az": profiles.DatastoreProfileAzureBlob,
    "hdfs": profiles.DatastoreProfileHdfs,
    "kafka_stream": streams.DatastoreProfileKafkaStream,
    "rabbitmq": streams.DatastoreProfileRabbitMQ,
    "postgresql": streams.DatastoreProfilePostgreSQL,
    "openai": streams.OpenAIProfile,
    "huggingface": streams.HuggingFaceProfile,
}


class DatastoreProfile2Json:
    """A profile on the wire: two JSON objects whose values are base64, one public and one secret."""

    @staticmethod
    def get_json_public(profile: DatastoreProfile) -> str:
        return _dump(profile, secret=False)

    @staticmethod
    def get_json_private(profile: DatastoreProfile) -> str:
        return _dump(profile, secret=True)

    @staticmethod
    def create_from_json(public_json: str, private_json: str = "{}") -> DatastoreProfile:
        """
        Raises:
            MLRunInvalidArgumentError: A part is not of that form, or of no type that is known; the message
                shows no value of the private part.
        """
        public, private = _load(public_json, "public"), _load(private_json or "{}", "private")
        kind = str(public.get("type", ""))
        if kind not in CLASSES:
            raise MLRunInvalidArgumentError(
                f"{kind!r} is not a type of datastore profiles: {', '.join(CLASSES)}.{nearest(kind, CLASSES)}"
            )
        return _build(CLASSES[kind], {**public, **private})


def _dump(profile: DatastoreProfile, secret: bool) -> str:
    _check(profile)
    values = {
        field: value
        for field in profile.__struct_fields__
        if (field in profile.private_attributes) == secret and (value := getattr(profile, field)) is not None
    }
    return json.dumps({field: _encode(value) for field, value in values.items()})


def _encode(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.b64encode(text.encode()).decode()


def _load(text: str, what: str) -> dict[str, str]:
    try:
        found = json.loads(text)
        return {name: base64.b64decode(value, validate=True).decode() for name, value in found.items()}
    except (ValueError, TypeError, AttributeError):  # its message might show a secret
        raise MLRunInvalidArgumentError(
            f"the {what} part of a datastore profile is a JSON object with values in base64"
        ) from None


def _build(cls: type[DatastoreProfile], texts: dict[str, str]) -> DatastoreProfile:
    """Fields that are no text are JSON; one that is not known here is left out: a newer client knows it."""
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(cls):
        if field.name in texts:
            values[field.name] = _decode(field.type, texts[field.name])
    try:
        return converted(values, cls)
    except msgspec.ValidationError as error:
        raise MLRunInvalidArgumentError(f"this is no {cls.__name__}: {error}") from error


def _decode(kind: Any, text: str) -> Any:
    """*text* as JSON where the field takes what it says, else itself: ``1`` is a number for a port only."""
    try:
        value = json.loads(text)
        if isinstance(value, str) or converted(value, kind) is None:
            return text
    except (ValueError, msgspec.ValidationError):
        return text
    return value


class TemporaryClientDatastoreProfiles:
    """The profiles that this process knows without a database; one table for all of it."""

    _profiles: dict[str, DatastoreProfile] = {}  # noqa: RUF012 one table is meant
    _lock = threading.Lock()

    def add(self, profile: DatastoreProfile) -> None:
        _check(profile)
        with self._lock:
            self._profiles[profile.name] = profile

    def get(self, key: str) -> DatastoreProfile | None:
        return self._profiles.get(key.lower())

    def remove(self, key: str) -> None:
        with self._lock:
            self._profiles.pop(key.lower(), None)


def register_temporary_client_datastore_profile(profile: DatastoreProfile) -> None:
    """Make ``ds://<its name>`` known in this process; it comes before a profile of the project."""
    TemporaryClientDatastoreProfiles().add(profile)


def remove_temporary_client_datastore_profile(profile_name: str) -> None:
    """Nothing happens if there is none."""
    TemporaryClientDatastoreProfiles().remove(profile_name)


def datastore_profile_read(
    url: str, project_name: str = "", secrets: Secrets | None = None
) -> DatastoreProfile:
    """
    The profile that ``ds://name/...`` names.

    Args:
        project_name: Whose profiles are looked in, after those of this process; the current one if empty.
        secrets: May hold its private part, where the database does not give it out.

    Raises:
        MLRunInvalidArgumentError: *url* is no ``ds://`` address.
        MLRunNotFoundError: No such profile.
    """
    name = url.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()
    if urls.scheme(url) != "ds" or not name:
        raise MLRunInvalidArgumentError(f"{urls.without_secrets(url)!r} names no profile: ds://name/path")
    if found := TemporaryClientDatastoreProfiles().get(name):
        return found
    from mlrun.config import mlconf
    from mlrun.db import get_run_db

    credentials = Credentials.of(secrets, project_name)
    project = project_name or credentials.project or str(mlconf.current_project)
    db: Any = get_run_db() if credentials.db is None else credentials.db
    try:
        record = db.get_datastore_profile(name, project)
    except MLRunNotFoundError as error:
        raise MLRunNotFoundError(
            f"no datastore profile {name!r}, neither in this process nor in project {project}"
        ) from error
    private = _private_part(name, project, credentials, db)
    return DatastoreProfile2Json.create_from_json(record["object"], private)


def _private_part(name: str, project: str, credentials: Credentials, db: Any) -> str:
    try:
        return str(db.read_datastore_profile_secrets(name, project) or "{}")
    except MLRunAccessDeniedError:  # behind a server: a pod has it in its environment
        return credentials.get(DatastoreProfile.generate_secret_key(name, project)) or "{}"


def resolve(url: str, credentials: Credentials) -> tuple[str, Credentials]:
    """
    From ``ds://name/path`` to the address that it stands for, and the credentials with those of the profile.

    Raises:
        MLRunNotFoundError: No such profile.
        MLRunInvalidArgumentError: The profile holds no files, or the path leads out of it.
    """
    profile = datastore_profile_read(url, secrets=credentials)
    path = url.partition("://")[2].partition("/")[2]
    check_key(unquote(path), url)  # files and web servers read %2e as a dot
    return profile.url(path), credentials.then(profile.secrets())


def _check(profile: Any) -> None:
    if not isinstance(profile, DatastoreProfile):
        raise MLRunInvalidArgumentTypeError(
            f"a datastore profile is expected, not a {type(profile).__name__}"
        )
