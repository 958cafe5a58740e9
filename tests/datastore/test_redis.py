"""Values of a Redis server as files."""

from __future__ import annotations

import filecmp
import os
import subprocess
import sys
import tracemalloc
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from mlrun.datastore import get_dataitem, get_store
from mlrun.datastore.base import DataStore
from mlrun.datastore.redis import BLOCK
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunInvalidArgumentError,
    MLRunRuntimeError,
    err_to_str,
)
from mlrun.testing import servers
from mlrun.testing.datastores import DataStoreContract


class TestRedisStore(DataStoreContract):
    knows_times = False

    @pytest.fixture
    def store(self, redis_server: str) -> DataStore:
        return get_store(f"{redis_server}/a")[0]

    @pytest.fixture
    def root(self) -> str:
        return f"tests/{uuid.uuid4().hex}"


@pytest.fixture
def locked() -> Iterator[str]:
    with servers.redis_server("sesam-oeffne-dich") as address:
        yield address


@pytest.fixture
def folder(redis_server: str) -> str:
    return f"{redis_server}/{uuid.uuid4().hex}"


def test_a_large_file_comes_and_goes_in_parts(folder: str, tmp_path: Path) -> None:
    item = get_dataitem(f"{folder}/large.bin")
    large, copy = tmp_path / "large.bin", tmp_path / "copy.bin"
    large.write_bytes(os.urandom(BLOCK * 8 + 1))

    tracemalloc.start()
    item.upload(str(large))
    item.download(str(copy))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert filecmp.cmp(large, copy, shallow=False)
    assert most < 4 * BLOCK


def test_an_upload_that_breaks_off_leaves_what_was_there(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = get_dataitem(f"{folder}/a.bin")
    item.put("old")
    (tmp_path / "new.bin").write_bytes(b"1")
    store: Any = item.store

    def break_off(*names: str) -> None:
        raise redis.exceptions.ConnectionError("the cable is out")

    monkeypatch.setattr(store.client, "rename", break_off)
    with pytest.raises(MLRunRuntimeError, match=r"can not write .*/a\.bin: the cable is out"):
        item.upload(str(tmp_path / "new.bin"))

    assert item.get() == b"old"
    name = folder.rpartition("/")[2]
    assert list(store.client.scan_iter(f"{name}/*")) == [f"{name}/a.bin".encode()]


@pytest.mark.parametrize(
    "secrets",
    [
        {"REDIS_PASSWORD": "sesam-oeffne-dich"},
        {"REDIS_USER": "default", "REDIS_PASSWORD": "sesam-oeffne-dich"},
    ],
)
def test_a_login_opens(locked: str, secrets: dict[str, str]) -> None:
    item = get_dataitem(f"{locked}/a", secrets)

    item.put("1")

    assert item.get() == b"1"
    assert get_dataitem(locked.replace("//", "//:sesam-oeffne-dich@") + "/a").get() == b"1"


@pytest.mark.parametrize("password", ["", "not-the-password"])
def test_a_wrong_login_is_denied_and_not_shown(locked: str, password: str) -> None:
    url = locked.replace("//", f"//:{password}@") if password else locked
    item = get_dataitem(f"{url}/a")

    with pytest.raises(MLRunAccessDeniedError, match="REDIS_USER and REDIS_PASSWORD") as caught:
        item.get()

    assert "not-the-password" not in str(caught.value) + repr(item) + err_to_str(caught.value)


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(MLRunRuntimeError, match=r"can not read redis://127\.0\.0\.1:1/a: "):
        get_dataitem("redis://127.0.0.1:1/a").get()


def test_what_is_no_string_is_no_file(redis_server: str, folder: str) -> None:
    item = get_dataitem(f"{folder}/list")
    store: Any = item.store
    store.client.rpush(f"{folder.rpartition('/')[2]}/list", "1")

    with pytest.raises(MLRunRuntimeError, match="WRONGTYPE"):
        item.get()


def test_a_key_has_to_be_named(redis_server: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="names no key: redis://host:6379/key"):
        get_dataitem(f"{redis_server}/").put("1")


def test_special_letters_in_a_folder_are_themselves(redis_server: str) -> None:
    store, root = get_store(f"{redis_server}/{uuid.uuid4().hex}")
    for name in ("a*", "ab", "a[b]"):
        store.put(f"{root}/{name}/x", "1")

    assert [store.listdir(f"{root}/{name}") for name in ("a*", "a[b]")] == [["x"], ["x"]]


def test_a_missing_package_is_named_with_its_command() -> None:
    code = (
        "import sys; sys.modules['redis'] = None\n"
        "from mlrun.datastore import get_dataitem\n"
        "try: get_dataitem('redis://h/a').get()\n"
        "except ImportError as error: print(type(error).__name__, error)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "MLRunMissingDependencyError redis:// needs redis: pip install 'mlrun[redis]'\n"
