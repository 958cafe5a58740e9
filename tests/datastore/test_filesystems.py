"""fsspec's objects, and errors of libraries in our words."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from mlrun.datastore import filesystems
from mlrun.datastore.schemes import Scheme
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunInvalidArgumentError,
    MLRunMissingDependencyError,
    MLRunNotFoundError,
    MLRunRuntimeError,
)

URL = "s3://b/a"


class Answer(Exception):
    """What a library raises for an answer of its server."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the server said {status}")
        self.status = status


class NoCredentialsError(Exception):
    """As botocore's."""


class NoSuchUpload(Exception):
    """As botocore's."""


class Plain:
    """A class of fsspec that threads do not share."""

    def __init__(self, **options: Any) -> None:
        self.options = options


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (FileNotFoundError("b/a"), MLRunNotFoundError, "no file s3://b/a"),
        (FileNotFoundError("no such bucket"), MLRunNotFoundError, "no file s3://b/a: no such bucket"),
        (Answer(404), MLRunNotFoundError, "no file s3://b/a"),
        (
            PermissionError("no"),
            MLRunAccessDeniedError,
            "can not read s3://b/a: no; the credentials are looked",
        ),
        (Answer(403), MLRunAccessDeniedError, "can not read s3://b/a: the server said 403; the credentials"),
        (NoCredentialsError("none"), MLRunAccessDeniedError, "can not read s3://b/a: none; the credentials"),
        (IsADirectoryError("a"), MLRunInvalidArgumentError, "can not read s3://b/a: it is a folder"),
        (Answer(500), MLRunRuntimeError, "can not read s3://b/a: the server said 500"),
        (OSError("a\n  b"), MLRunRuntimeError, "can not read s3://b/a: a b"),
        (OSError("x" * 1000), MLRunRuntimeError, f"can not read s3://b/a: {'x' * 300}..."),
        (ValueError(), MLRunRuntimeError, "can not read s3://b/a: ValueError"),
    ],
)
def test_an_error_of_a_library_is_one_of_ours(
    error: Exception, kind: type[MLRunBaseError], message: str
) -> None:
    found, is_clean = filesystems.as_error("read", URL, error, ("KEY",), {})

    assert type(found) is kind
    assert str(found).startswith(message)
    assert is_clean


def test_an_upload_that_fails_is_told_by_its_failure() -> None:
    try:
        try:
            raise OSError(121, "Internal Server Error")
        except OSError:
            raise NoSuchUpload from None  # it was given up, and is not known any more
    except NoSuchUpload as cause:
        error = FileNotFoundError("The specified upload does not exist")
        error.__cause__ = cause

    found, _ = filesystems.as_error("write", URL, error, (), {})

    assert type(found) is MLRunRuntimeError
    assert str(found) == "can not write s3://b/a: [Errno 121] Internal Server Error"


@pytest.mark.parametrize(
    "options",
    [
        {"secret": "hidden-key"},
        {"connection_string": "AccountName=a;AccountKey=hidden-key;Endpoint=e"},
        {"token": {"private_key": "hidden-key"}},
    ],
)
def test_secrets_of_a_connection_are_stars(options: dict[str, Any]) -> None:
    found, is_clean = filesystems.as_error("read", URL, OSError("bad hidden-key"), (), options)

    assert (str(found), is_clean) == ("can not read s3://b/a: bad ***", False)


def test_an_object_is_kept_by_its_options() -> None:
    one, same, other = (filesystems.connect(Plain, {"secret": text}) for text in ("1", "1", "2"))

    assert one is same and one is not other
    assert one.options == {"secret": "1", "skip_instance_cache": True}


def test_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filesystems, "MOST_KEPT", 2)
    first = filesystems.connect(Plain, {"n": 1})

    for number in (2, 3):
        filesystems.connect(Plain, {"n": number})

    assert len(filesystems._kept) == 2
    assert filesystems.connect(Plain, {"n": 1}) is not first


def test_fsspec_knows_more_schemes_than_we_list() -> None:
    assert {"ftp", "smb", "github", "s3"} <= set(filesystems.names())


@pytest.mark.parametrize(
    ("word", "scheme", "message"),
    [
        ("dropbox", Scheme("dropbox"), r"^dropbox:// needs dropbox.*: pip install dropbox.*"),
        ("v3io", Scheme("v4io", "v3io"), r"^v3io:// needs the package v4iofs: pip install 'mlrun\[v3io\]'$"),
    ],
)
def test_a_scheme_whose_package_is_missing_says_how_to_install_it(
    word: str, scheme: Scheme, message: str
) -> None:
    with pytest.raises(MLRunMissingDependencyError, match=message):
        filesystems.find_class(word, scheme)


def test_hadoop_without_its_libraries_says_what_they_are() -> None:
    error = OSError("Unable to load libjvm dlopen(/usr/lib/jvm/libjvm.so) failed")

    found, _ = filesystems.as_error("read", "hdfs://h/a", error, (), {})

    assert type(found) is MLRunMissingDependencyError
    assert "JAVA_HOME and HADOOP_HOME; webhdfs:// needs neither" in str(found)


@pytest.mark.parametrize(
    "info",
    [
        {"LastModified": datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)},
        {"mtime": datetime.datetime(2026, 1, 1)},
        {"mtime": 1767225600},
        {"modificationTime": 1767225600000},
        {"updated": "2026-01-01T00:00:00+00:00"},
    ],
)
def test_a_time_has_many_names(info: dict[str, Any]) -> None:
    assert filesystems.modified(info) == datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


def test_a_time_may_be_missing() -> None:
    assert filesystems.modified({"size": 1}) is None
