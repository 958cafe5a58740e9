"""fsspec's objects: found by their scheme, kept by their options, and their errors in our words."""

from __future__ import annotations

import collections
import datetime
import json
import os
import threading
from collections.abc import Iterator
from typing import Any

from mlrun.backports import fromisoformat
from mlrun.datastore.schemes import Scheme
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunInvalidArgumentError,
    MLRunMissingDependencyError,
    MLRunNotFoundError,
    MLRunRuntimeError,
)

MOST_KEPT = 32
LONGEST = 300  # letters of what a library says
_kept: collections.OrderedDict[tuple[Any, ...], Any] = collections.OrderedDict()
_lock = threading.Lock()
_SHOWN = (
    "endpoint_url",
    "region_name",
    "host",
    "port",
    "username",
    "user",
    "protocol",
    "account_name",
    "url",
)
_DENIED = ("NoCredentials", "Authentication", "Refresh", "Token", "Credential")
_TIMES = ("LastModified", "last_modified", "mtime", "modified", "updated", "modificationTime")


def find_class(word: str, scheme: Scheme) -> Any:
    """
    The class of fsspec that serves *scheme*.

    Raises:
        MLRunMissingDependencyError: It, or what it needs, is not installed; the message says how to.
    """
    extra = f"pip install 'mlrun[{scheme.extra}]'" if scheme.extra else ""
    try:
        import fsspec
    except ImportError as error:
        command = extra or "pip install fsspec"
        raise MLRunMissingDependencyError(f"{word}:// needs fsspec: {command}") from error
    try:
        return fsspec.get_filesystem_class(scheme.protocol)
    except (ImportError, ValueError) as error:  # ValueError: only the package itself tells fsspec of its word
        missing = getattr(error.__cause__, "name", None)
        what = missing or (f"the package {scheme.protocol}fs" if isinstance(error, ValueError) else error)
        command = extra or (f"pip install {missing} ({error})" if missing else "")
        raise MLRunMissingDependencyError(f"{word}:// needs {what}: {command}".removesuffix(": ")) from error


def names() -> list[str]:
    """The schemes that fsspec knows; none where it is not installed."""
    try:
        import fsspec
    except ImportError:
        return []
    return list(fsspec.available_protocols())


def connect(cls: Any, options: dict[str, Any]) -> Any:
    """
    The one object of *cls* with *options* in this process, which may be of this thread only.

    fsspec's own cache is not used: it never forgets, and what its libraries read from the environment is
    no part of its key. Listings are not kept: others write too.
    """
    thread = 0 if getattr(cls, "async_impl", False) else threading.get_ident()
    key = (os.getpid(), thread, cls, json.dumps(options, sort_keys=True, default=repr))
    with _lock:
        if found := _kept.get(key):
            _kept.move_to_end(key)
            return found
    made = cls(**options, skip_instance_cache=True, **_unlisted(cls))
    with _lock:
        _kept[key] = made
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return made


def _unlisted(cls: Any) -> dict[str, Any]:
    """Only what speaks to object stores keeps listings; others may hand the words on to a connection."""
    return {"use_listings_cache": False} if getattr(cls, "async_impl", False) else {}


def as_error(
    verb: str, url: str, error: Exception, asked: tuple[str, ...], options: dict[str, Any]
) -> tuple[MLRunBaseError, bool]:
    """
    What a library says, in our words, and whether its own words hold none of the secrets in *options*.

    Args:
        verb: What was tried: ``read``.
        url: Of what, as it may be shown.
        asked: The names of the credentials that may be wrong.
    """
    error = _first(error)
    said = " ".join((str(error) or type(error).__name__).split())
    shown = said
    for text in sorted(_secrets(options), key=len, reverse=True):
        shown = shown.replace(text, "***")
    reason = shown if len(shown) <= LONGEST else shown[:LONGEST] + "..."
    return _translate(verb, url, error, reason, asked), shown == said


def _first(error: Exception) -> Exception:
    """What has failed before S3 was asked to forget an upload that it did not know any more."""
    forgetting = error.__cause__
    if forgetting and type(forgetting).__name__ == "NoSuchUpload":
        before = forgetting.__context__
        return before if isinstance(before, Exception) else error
    return error


def _translate(verb: str, url: str, error: Exception, reason: str, asked: tuple[str, ...]) -> MLRunBaseError:
    status = _status(error)
    if isinstance(error, FileNotFoundError) or status == 404:
        place = any(word in reason.lower() for word in ("bucket", "container")) and verb != "open"
        return MLRunNotFoundError(f"no file {url}" + (f": {reason}" if place else ""))
    is_denied = any(word in type(error).__name__ for word in _DENIED)
    if isinstance(error, PermissionError) or status in (401, 403) or is_denied:
        look = f"; the credentials are looked for as {', '.join(asked)}" if asked else ""
        return MLRunAccessDeniedError(f"can not {verb} {url}: {reason}{look}")
    if "libjvm" in reason or "libhdfs" in reason:
        return MLRunMissingDependencyError(
            f"can not {verb} {url}: hdfs:// needs Java and Hadoop's libraries here, found by JAVA_HOME and"
            " HADOOP_HOME; webhdfs:// needs neither"
        )
    if isinstance(error, IsADirectoryError):
        return MLRunInvalidArgumentError(f"can not {verb} {url}: it is a folder")
    return MLRunRuntimeError(f"can not {verb} {url}: {reason}")


def _status(error: BaseException) -> int:
    """The HTTP status in it, or in what caused it; 0 where there is none."""
    for found in (error, error.__cause__):
        for name in ("status_code", "status", "code"):
            value = getattr(found, name, None)
            if str(value).isdigit():
                return int(str(value))
    return 0


def _secrets(value: Any) -> Iterator[str]:
    """Every text in the options of a connection, but short ones: hardly any of them is not a secret."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in _SHOWN:
                yield from _secrets(item)
    elif isinstance(value, str):
        parts = (part.partition("=")[2] for part in value.split(";"))
        yield from (text for text in (value, *parts) if len(text) > 3)


def modified(info: dict[str, Any]) -> datetime.datetime | None:
    """The time of change in what fsspec says of a file: each library has its own word for it."""
    value = next((info[name] for name in _TIMES if info.get(name)), None)
    if isinstance(value, str):
        value = fromisoformat(value)
    elif isinstance(value, (int, float)):
        value = datetime.datetime.fromtimestamp(
            value / 1000 if value > 1e11 else value, datetime.timezone.utc
        )
    if isinstance(value, datetime.datetime):
        return value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
    return None


def etag(info: dict[str, Any]) -> str | None:
    """What the service calls the bytes by: it changes when they do."""
    found = info.get("ETag") or info.get("etag")
    return str(found).strip('"') if found else None
