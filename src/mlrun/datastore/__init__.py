"""Data by its address: the one place that knows which store serves which scheme."""

from __future__ import annotations

import os
from typing import Any

from mlrun import urls
from mlrun.datastore import links
from mlrun.datastore.artifact_item import ArtifactItem
from mlrun.datastore.base import DataStore, FileStats
from mlrun.datastore.credentials import Credentials, Secrets
from mlrun.datastore.item import DataItem
from mlrun.errors import (
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunNotImplementedServerError,
    nearest,
)
from mlrun.registry import Registry

stores: Registry[DataStore] = Registry(
    "url scheme",
    "mlrun.datastores",
    {
        "file": "mlrun.datastore.local:LocalStore",
        "http": "mlrun.datastore.http:HttpStore",
        "https": "mlrun.datastore.http:HttpStore",
        "memory": "mlrun.datastore.memory:MemoryStore",
        "redis": "mlrun.datastore.redis:RedisStore",
        "rediss": "mlrun.datastore.redis:RedisStore",
        **dict.fromkeys(
            (
                *("s3", "s3a", "gs", "gcs", "az", "wasb", "wasbs", "abfs", "abfss", "oss"),
                *("hdfs", "webhdfs", "dbfs", "v3io", "v3ios", "sftp"),
            ),
            "mlrun.datastore.fsspec:FsspecStore",
        ),
    },
)

# Schemes of records that are no files; a package may register any of them.
UNSERVED = ("kafka", "nosql", "rabbitmq", "mongodb", "mysql")


def get_store(
    url: str, secrets: Secrets | None = None, project: str = "", db: Any = None
) -> tuple[DataStore, str]:
    """
    The store that serves *url*, and the key of *url* in it.

    Args:
        secrets: Credentials by name, before those of the project and the environment.
        project: Whose secrets and profiles are looked up; the current one if empty.
        db: Where they are; the default database if none.

    Raises:
        MLRunInvalidArgumentError: A scheme that is none; the message has the nearest right one.
        MLRunNotImplementedServerError: A scheme of records that are no files.
        MLRunNotFoundError: *url* is ``ds://``, and there is no such profile.
    """
    scheme = urls.scheme(url) or "file"
    if scheme == "store":
        raise MLRunInvalidArgumentError(
            f"{url} is an artifact, whose data may be anywhere: get_dataitem(url)"
        )
    credentials = Credentials.of(secrets, project, db)
    if scheme == "ds":
        from mlrun.datastore.profile_registry import resolve

        url, credentials = resolve(url, credentials)
        scheme = urls.scheme(url)
    cls = _class_of(scheme)
    endpoint, key = cls.split(url)
    return cls(endpoint, credentials), key


def _class_of(scheme: str) -> type[DataStore]:
    if scheme in stores:
        return stores.get(scheme)
    if scheme in UNSERVED:
        raise MLRunNotImplementedServerError(
            f"{scheme}:// is not served: it holds no files. A package can add it with an entry point of the"
            f" group {stores.group!r}."
        )
    from mlrun.datastore import filesystems

    if scheme in (known := filesystems.names()):
        from mlrun.datastore.fsspec import FsspecStore

        return FsspecStore
    served = ", ".join(f"{word}://" for word in sorted({*stores.targets, "store", "ds"}))
    more = "" if known else " pip install fsspec adds others."
    raise MLRunInvalidArgumentError(
        f"{scheme}:// is not a known url scheme: {served} or a plain path.{more}"
        + nearest(scheme, {*stores.targets, *known, "store", "ds"})
    )


def get_dataitem(
    url: Any,
    secrets: Secrets | None = None,
    db: links.Artifacts | None = None,
    key: str = "",
    project: str = "",
) -> DataItem:
    """
    The data at *url*, as an object with verbs; nothing is read yet.

    Args:
        url: A path, an address with a scheme, the ``store://`` address of an artifact, or a data item.
        secrets: Credentials by name, before those of the project and the environment.
        db: Looks ``store://`` and ``ds://`` addresses and the project's secrets up; the default
            database if none.
        key: The name to give the item; its address if none.
        project: Whose secrets and profiles are looked up; the current one if empty.

    Raises:
        MLRunInvalidArgumentError: *url* is not an address.
        MLRunNotFoundError: *url* is ``store://``, and there is no such artifact.
    """
    if isinstance(url, DataItem):
        return url
    url = _checked(url)
    if not urls.is_store_url(url):
        store, path = get_store(url, secrets, project, db)
        return DataItem(key or url, store, path, url)
    target, record = links.resolve(url, db)
    store, path = get_store(target, secrets, project, db)
    return DataItem(key or url, store, path, target, meta=record, artifact_url=url)


def get_artifact_item(
    url: str, secrets: Secrets | None = None, db: links.Artifacts | None = None, key: str = ""
) -> ArtifactItem:
    """
    The artifact at the ``store://`` address *url*: its data, and its record as a mapping.

    Raises:
        MLRunNotFoundError: No such artifact.
    """
    target, record = links.resolve(url, db)
    store, path = get_store(target, secrets, db=db)
    return ArtifactItem(key or url, store, path, target, meta=record, artifact_url=url)


def get_object(
    url: Any,
    secrets: Secrets | None = None,
    size: int | None = None,
    offset: int = 0,
    db: links.Artifacts | None = None,
) -> bytes:
    """
    The bytes at *url*.

    Raises:
        MLRunNotFoundError: There are none.
    """
    data: bytes = get_dataitem(url, secrets, db).get(size, offset)
    return data


def download_object(url: Any, target: str, secrets: Secrets | None = None) -> None:
    """
    Copy the file at *url* to the path *target* on this machine.

    Raises:
        MLRunNotFoundError: There is none.
    """
    get_dataitem(url, secrets).download(target)


def _checked(url: Any) -> str:
    if not isinstance(url, (str, os.PathLike)):
        raise MLRunInvalidArgumentTypeError(f"an address is a str or a path, not {type(url).__name__}")
    text = os.fspath(url)
    if not isinstance(text, str) or not text.strip() or "\n" in text or "\0" in text:
        raise MLRunInvalidArgumentError(f"{text!r} is not an address: a path, or scheme://...")
    return text


__all__ = [
    "ArtifactItem",
    "DataItem",
    "DataStore",
    "FileStats",
    "download_object",
    "get_artifact_item",
    "get_dataitem",
    "get_object",
    "get_store",
    "stores",
]
