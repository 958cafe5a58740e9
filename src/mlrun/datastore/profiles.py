"""Datastore profiles: a place and its credentials under one name, ``ds://name/path``."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from mlrun import urls
from mlrun.errors import MLRunInvalidArgumentError

SECRET_KEY = "mlrun.datastore-profiles.{project}.{name}"


class DatastoreProfile(msgspec.Struct, kw_only=True, omit_defaults=False):
    """
    One named place; printing it shows none of its secrets.

    Its name is lower case, as the host in an address is.
    """

    private_attributes: ClassVar[tuple[str, ...]] = ()  # kept as a secret

    type: str = ""
    name: str

    def __post_init__(self) -> None:
        self.name = urls.check_key(self.name.lower(), "profile name")

    @staticmethod
    def generate_secret_key(profile_name: str, project: str) -> str:
        """The key of the project's secret that holds the private part."""
        return SECRET_KEY.format(project=project, name=profile_name.lower())

    def secrets(self) -> dict[str, str]:
        """Its credentials, under the names that its store looks for."""
        return {}

    def url(self, subpath: str) -> str:
        """
        The address of *subpath* in it.

        Raises:
            MLRunInvalidArgumentError: It holds no files.
        """
        raise MLRunInvalidArgumentError(
            f"ds://{self.name} is a profile of type {self.type!r}, which holds no files"
        )

    def _named(self, names: dict[str, str]) -> dict[str, str]:
        """Fields that are set, under other names."""
        return {
            name: str(value) for field, name in names.items() if (value := getattr(self, field)) is not None
        }

    def __repr__(self) -> str:
        fields = {field: getattr(self, field) for field in self.__struct_fields__}
        shown = (
            f"{field}={'***' if field in self.private_attributes else repr(_shown(value))}"
            for field, value in fields.items()
            if value is not None
        )
        return f"{type(self).__name__}({', '.join(shown)})"

    __str__ = __repr__


def _shown(value: Any) -> Any:
    return urls.without_secrets(value) if isinstance(value, str) else value


class DatastoreProfileBasic(DatastoreProfile, kw_only=True):
    """Any address, which may have its secret apart."""

    private_attributes = ("private",)
    type: str = "basic"
    public: str
    private: str | None = None

    def url(self, subpath: str) -> str:
        return joined(self.public, subpath)


class ConfigProfile(DatastoreProfile, kw_only=True):
    """Settings, of which some are secret."""

    private_attributes = ("private",)
    type: str = "config"
    public: dict[str, Any] | None = None
    private: dict[str, Any] | None = None

    def attributes(self) -> dict[str, Any]:
        return merged(self.public or {}, self.private or {})


class DatastoreProfileV3io(DatastoreProfile, kw_only=True):
    private_attributes = ("v3io_access_key",)
    type: str = "v3io"
    v3io_access_key: str | None = None

    def url(self, subpath: str) -> str:
        return f"v3io:///{subpath.lstrip('/')}"

    def secrets(self) -> dict[str, str]:
        return self._named({"v3io_access_key": "V3IO_ACCESS_KEY"})


class DatastoreProfileS3(DatastoreProfile, kw_only=True):
    private_attributes = ("access_key_id", "secret_key")
    type: str = "s3"
    endpoint_url: str | None = None
    force_non_anonymous: str | None = None
    profile_name: str | None = None
    assume_role_arn: str | None = None
    access_key_id: str | None = None
    secret_key: str | None = None
    bucket: str

    def url(self, subpath: str) -> str:
        return joined(f"s3://{self.bucket}", subpath)

    def secrets(self) -> dict[str, str]:
        return self._named(
            {
                "access_key_id": "AWS_ACCESS_KEY_ID",
                "secret_key": "AWS_SECRET_ACCESS_KEY",
                "endpoint_url": "S3_ENDPOINT_URL",
                "force_non_anonymous": "S3_NON_ANONYMOUS",
                "profile_name": "AWS_PROFILE",
                "assume_role_arn": "MLRUN_AWS_ROLE_ARN",
            }
        )


class DatastoreProfileRedis(DatastoreProfile, kw_only=True):
    private_attributes = ("username", "password")
    type: str = "redis"
    endpoint_url: str
    username: str | None = None
    password: str | None = None

    def url_with_credentials(self) -> str:
        """Its address with the login in it: a secret."""
        from urllib.parse import quote

        scheme, _, rest = self.endpoint_url.partition("://")
        login = (
            f"{quote(self.username or '', safe='')}:{quote(self.password, safe='')}@" if self.password else ""
        )
        return f"{scheme}://{login}{rest.rpartition('@')[2]}"

    def url(self, subpath: str) -> str:
        return joined(self.endpoint_url, subpath)

    def secrets(self) -> dict[str, str]:
        return self._named({"username": "REDIS_USER", "password": "REDIS_PASSWORD"})


class DatastoreProfileDBFS(DatastoreProfile, kw_only=True):
    private_attributes = ("token",)
    type: str = "dbfs"
    endpoint_url: str | None = None
    token: str | None = None

    def url(self, subpath: str) -> str:
        return f"dbfs:///{subpath.lstrip('/')}"

    def secrets(self) -> dict[str, str]:
        return self._named({"endpoint_url": "DATABRICKS_HOST", "token": "DATABRICKS_TOKEN"})


class DatastoreProfileGCS(DatastoreProfile, kw_only=True):
    private_attributes = ("gcp_credentials",)
    type: str = "gcs"
    credentials_path: str | None = None
    gcp_credentials: str | dict[str, Any] | None = None  # JSON, or what it says
    bucket: str

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.gcp_credentials, dict):
            self.gcp_credentials = msgspec.json.encode(self.gcp_credentials).decode()

    def url(self, subpath: str) -> str:
        return joined(f"gcs://{self.bucket}", subpath)

    def secrets(self) -> dict[str, str]:
        return self._named(
            {"credentials_path": "GOOGLE_APPLICATION_CREDENTIALS", "gcp_credentials": "GCP_CREDENTIALS"}
        )


class DatastoreProfileAzureBlob(DatastoreProfile, kw_only=True):
    private_attributes = (
        *("connection_string", "account_name", "account_key", "tenant_id"),
        *("client_id", "client_secret", "sas_token", "credential"),
    )
    type: str = "az"
    connection_string: str | None = None
    account_name: str | None = None
    account_key: str | None = None
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    sas_token: str | None = None
    credential: str | None = None  # a key or a token
    container: str

    def url(self, subpath: str) -> str:
        return joined(f"az://{self.container}", subpath)

    def secrets(self) -> dict[str, str]:
        fields = (
            *("connection_string", "account_name", "account_key", "tenant_id"),
            *("client_id", "client_secret", "sas_token"),
        )
        found = self._named({field: f"AZURE_STORAGE_{field.upper()}" for field in fields})
        if self.credential and self.account_key is None:
            found["AZURE_STORAGE_ACCOUNT_KEY"] = self.credential
        return found


class DatastoreProfileHdfs(DatastoreProfile, kw_only=True):
    type: str = "hdfs"
    host: str | None = None
    port: int | None = None
    http_port: int | None = None
    user: str | None = None

    def url(self, subpath: str) -> str:
        if self.http_port:
            return joined(f"webhdfs://{self.host or ''}:{self.http_port}", subpath)
        port = f":{self.port}" if self.port else ""
        return joined(f"hdfs://{self.host or ''}{port}", subpath)

    def secrets(self) -> dict[str, str]:
        names = {"host": "HDFS_HOST", "port": "HDFS_PORT", "http_port": "HDFS_HTTP_PORT", "user": "HDFS_USER"}
        return self._named(names)


def joined(base: str, subpath: str) -> str:
    return f"{base.rstrip('/')}/{subpath.lstrip('/')}"


def merged(public: dict[str, Any], private: dict[str, Any]) -> dict[str, Any]:
    """Both, and dictionaries in both at one place as one."""
    both = {**public, **private}
    for name in public.keys() & private.keys():
        if isinstance(public[name], dict) and isinstance(private[name], dict):
            both[name] = merged(public[name], private[name])
    return both
