"""Files of this machine."""

from __future__ import annotations

import os
import resource
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlrun.datastore.base import DataStore
from mlrun.datastore.local import LocalStore
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, MLRunRuntimeError
from mlrun.testing.datastores import DataStoreContract


class TestLocalStore(DataStoreContract):
    @pytest.fixture
    def store(self) -> DataStore:
        return LocalStore()

    @pytest.fixture
    def root(self, tmp_path: Path) -> str:
        return str(tmp_path / "root")


@pytest.fixture
def small_files() -> Iterator[int]:
    """No file may grow past this many bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    yield 10_000
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, small_files: int) -> None:
    path = tmp_path / "d" / "a.bin"
    LocalStore().put(str(path), "old")

    with pytest.raises(MLRunRuntimeError, match=r"can not write .*a\.bin: File too large"):
        LocalStore().put(str(path), b"x" * (small_files + 1))

    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["a.bin"]


@pytest.mark.parametrize("mode", ["w", "wb"])
def test_a_full_disk_while_a_file_is_open_leaves_the_old_file(
    tmp_path: Path, small_files: int, mode: str
) -> None:
    path = tmp_path / "d" / "a.bin"
    LocalStore().put(str(path), "old")

    with (
        pytest.raises(MLRunRuntimeError, match=r"can not write .*a\.bin"),
        LocalStore().open(str(path), mode) as file,
    ):
        file.write("x" * (small_files + 1) if mode == "w" else b"x" * (small_files + 1))

    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["a.bin"]


@pytest.mark.parametrize("verb", ["put", "open"])
def test_files_have_the_permissions_of_the_umask(tmp_path: Path, verb: str) -> None:
    path = str(tmp_path / "a.txt")
    before = os.umask(0o027)

    try:
        LocalStore().put(path, "1") if verb == "put" else LocalStore().open(path, "w").close()
    finally:
        os.umask(before)

    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640


def test_a_file_where_a_folder_is_needed_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("1")

    with pytest.raises(MLRunRuntimeError, match=r"can not write .*file/a\.txt: Not a directory"):
        LocalStore().put(str(tmp_path / "file" / "a.txt"), "1")


def test_a_path_through_a_file_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("1")

    with pytest.raises(MLRunNotFoundError):
        LocalStore().get(str(tmp_path / "file" / "a.txt"))


def test_reading_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MLRunRuntimeError, match="Is a directory"):
        LocalStore().get(str(tmp_path))


def test_the_content_type_comes_from_the_name(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("1")

    assert LocalStore().stat(str(tmp_path / "a.html")).content_type == "text/html"


def test_rm_of_a_link_leaves_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")

    LocalStore().rm(str(tmp_path / "link"))

    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("a.csv", "{cwd}/a.csv"),
        ("./b/../a.csv", "{cwd}/a.csv"),
        ("/x/y/../../../a.csv", "/a.csv"),
        ("file:///x/a.csv", "/x/a.csv"),
        ("file:///x/../a.csv", "/a.csv"),
        ("file://localhost/x/a.csv", "/x/a.csv"),
        ("FILE:///x/a%20b.csv", "/x/a b.csv"),
    ],
)
def test_an_address_becomes_an_absolute_path(tmp_path: Path, url: str, path: str) -> None:
    assert LocalStore.split(url) == ("", path.format(cwd=tmp_path))


def test_a_file_of_another_host_is_refused() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"names the host 'server'.*file:///server/a\.csv"):
        LocalStore.split("file://server/a.csv")
