"""From an address to its store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlrun.datastore import download_object, get_dataitem, get_object, get_store, stores
from mlrun.datastore.schemes import SCHEMES
from mlrun.errors import (
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunNotFoundError,
    MLRunNotImplementedServerError,
)


@pytest.mark.parametrize(
    ("url", "kind", "key"),
    [
        ("/a/b.csv", "file", "/a/b.csv"),
        ("file:///a/b.csv", "file", "/a/b.csv"),
        ("memory://a/b", "memory", "a/b"),
        ("http://host/a/b", "http", "a/b"),
        ("HTTPS://host/a/b", "https", "a/b"),
    ],
)
def test_the_scheme_chooses_the_store(url: str, kind: str, key: str) -> None:
    store, found = get_store(url)

    assert (store.kind, found) == (kind, key)


@pytest.mark.parametrize("scheme", ["kafka", "nosql", "rabbitmq", "mongodb", "mysql"])
def test_a_scheme_that_holds_no_files_says_so(scheme: str) -> None:
    with pytest.raises(
        MLRunNotImplementedServerError, match=f"{scheme}:// is not served: it holds no files"
    ) as caught:
        get_store(f"{scheme}://user:secret@bucket/a.csv")

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "endpoint", "key"),
    [
        ("s3://bucket/a/b.csv", "s3://bucket", "a/b.csv"),
        ("S3://bucket/a?b#c.csv", "s3://bucket", "a?b#c.csv"),
        ("wasbs://box@account.blob.core.windows.net/a", "wasbs://box@account.blob.core.windows.net", "a"),
        ("dbfs:///a/b", "dbfs://", "a/b"),
        ("ftp://host/a", "ftp://host", "a"),  # a word of fsspec's own
    ],
)
def test_a_scheme_of_fsspec_is_served(url: str, endpoint: str, key: str) -> None:
    store, found = get_store(url)

    assert (type(store).__name__, store.endpoint, found) == ("FsspecStore", endpoint, key)


@pytest.mark.parametrize("url", ["s3://bucket/../other/a", "redis://host/a/..", "az://box/a/../../b"])
def test_an_address_does_not_leave_its_place(url: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="leads out of its place"):
        get_store(url)


@pytest.mark.parametrize("url", ["s3://", "s3:///a", "redis:///a", "gs:///a"])
def test_an_address_names_its_bucket_or_host(url: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"names no (bucket|host)"):
        get_store(url)


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("fiel:///a", "Did you mean 'file'?"),
        ("htps://h/a", "Did you mean 'https'?"),
        ("v3oi://b/a", "Did you mean 'v3io'?"),
    ],
)
def test_an_unknown_scheme_names_the_nearest(url: str, hint: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="is not a known url scheme") as caught:
        get_store(url)

    assert str(caught.value).endswith(hint)


@pytest.mark.parametrize("url", ["", "  ", "a\nb", "a\0b"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="is not an address"):
        get_dataitem(url)


@pytest.mark.parametrize("url", [None, 1, {"a": 1}])
def test_what_is_no_text_is_refused(url: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match="an address is a str or a path, not "):
        get_dataitem(url)


def test_a_path_object_is_an_address(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1")

    assert get_dataitem(tmp_path / "a.txt").get() == b"1"


def test_a_data_item_is_its_own_address() -> None:
    item = get_dataitem("a.txt")

    assert get_dataitem(item) is item


def test_an_artifact_has_no_store_of_its_own() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="get_dataitem"):
        get_store("store://artifacts/default/a")


def test_get_object_reads_a_part(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("0123456789")

    assert get_object("a.txt", size=3, offset=2) == b"234"


def test_download_object_copies(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1")

    download_object("a.txt", str(tmp_path / "b" / "c.txt"))

    assert (tmp_path / "b" / "c.txt").read_text() == "1"


def test_a_missing_file_is_named() -> None:
    with pytest.raises(MLRunNotFoundError, match=f"no file 'nowhere.txt' in {Path.cwd()}"):
        get_object("nowhere.txt")


def test_every_scheme_has_its_class() -> None:
    assert {stores.get(scheme).__name__ for scheme in stores.targets} == {
        "LocalStore",
        "HttpStore",
        "MemoryStore",
        "RedisStore",
        "FsspecStore",
    }


def test_the_table_of_stores_has_every_row_of_the_table_of_schemes() -> None:
    assert SCHEMES.keys() <= stores.targets.keys()


def test_reading_a_file_loads_no_library() -> None:
    code = (
        "import sys; from mlrun.datastore import get_dataitem; i = get_dataitem('a'); i.put('1'); i.get();"
        "print([m for m in ('pandas', 'numpy', 'pyarrow', 'yaml', 'httpx2', 'fsspec') if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
