"""A data item and its verbs."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path

import pandas as pd
import pytest

from mlrun.datastore import DataItem, get_dataitem
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError


@pytest.fixture
def remote() -> DataItem:
    """One whose bytes are not in a file of this machine."""
    item = get_dataitem(f"memory://{uuid.uuid4().hex}/a.csv")
    item.put("a,b\n1,2\n")
    return item


@pytest.fixture
def local(tmp_path: Path) -> DataItem:
    (tmp_path / "a.CSV").write_text("a,b\n1,2\n")
    return get_dataitem("a.CSV")


def test_it_knows_its_address(local: DataItem) -> None:
    assert (local.key, local.url, str(local), f"{local}", local.artifact_url) == ("a.CSV",) * 5
    assert (local.kind, local.suffix, local.store.kind) == ("file", ".csv", "file")
    assert local.meta is None and local.get_artifact_type() is None


def test_it_keeps_the_key_it_was_asked_by() -> None:
    assert get_dataitem("a.csv", key="infile").key == "infile"


def test_a_change_of_the_working_folder_does_not_move_it(local: DataItem, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()

    os.chdir(tmp_path / "elsewhere")

    assert local.exists()


def test_get_gives_bytes_or_text(local: DataItem) -> None:
    assert local.get() == b"a,b\n1,2\n"
    assert local.get(size=3) == b"a,b"
    assert local.get(encoding="utf-8", offset=4) == "1,2\n"


def test_it_opens_as_a_path(local: DataItem, remote: DataItem) -> None:
    for item in (local, remote):
        with open(item) as file:
            assert file.read() == "a,b\n1,2\n"


def test_pandas_reads_it_as_a_path(local: DataItem, remote: DataItem) -> None:
    for item in (local, remote):
        assert pd.read_csv(item).to_dict("list") == {"a": [1], "b": [2]}


def test_a_local_file_is_not_copied(local: DataItem, tmp_path: Path) -> None:
    assert local.local() == str(tmp_path / "a.CSV")

    local.remove_local()

    assert local.exists()


def test_a_remote_file_is_copied_once_and_removed(remote: DataItem) -> None:
    path = remote.local()
    again = remote.local()

    remote.remove_local()

    assert path == again and path.endswith("/a.csv")
    assert not os.path.exists(path)
    assert remote.exists()


def test_what_was_downloaded_goes_with_the_process() -> None:
    code = (
        "from mlrun.datastore import get_dataitem; i = get_dataitem('memory://a.csv'); i.put('1');"
        "p = i.local(); print(p, open(p).close() is None)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    path, was_there = done.stdout.split()
    assert was_there == "True"
    assert not os.path.exists(os.path.dirname(os.path.dirname(path)))


def test_a_missing_remote_file_is_not_found() -> None:
    with pytest.raises(MLRunNotFoundError):
        get_dataitem("memory://nowhere/a.csv").local()


def test_it_is_read_as_a_data_frame(local: DataItem, remote: DataItem) -> None:
    for item in (local, remote):
        assert item.as_df(columns=["b"]).to_dict("list") == {"b": [2]}


def test_a_data_frame_in_memory_is_read_as_it_is() -> None:
    frame = pd.DataFrame({"a": [[1], [2, 3]], "b": [1, 2]})
    item = get_dataitem(f"memory://{uuid.uuid4().hex}")
    item.put(frame)  # type: ignore[arg-type]

    read = item.as_df()

    pd.testing.assert_frame_equal(read, frame)


def test_filters_reach_the_reader(remote: DataItem) -> None:
    remote.put("t,a\n2026-01-01,1\n2026-01-02,2\n2026-01-03,3\n")

    frame = remote.as_df(
        columns=["a"],
        time_column="t",
        start_time="2026-01-02",
        end_time="2026-01-03",
        additional_filters=[("a", "!=", 3)],
    )

    assert frame.to_dict("list") == {"a": [2]}


def test_a_name_without_a_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.dat").write_text("1")

    with pytest.raises(MLRunInvalidArgumentError, match=r"a\.dat does not say what it is"):
        get_dataitem("a.dat").as_df()


def test_the_other_verbs_reach_the_store(tmp_path: Path) -> None:
    (tmp_path / "source").write_text("1")
    item = get_dataitem(str(tmp_path / "d" / "a.txt"))

    item.upload(tmp_path / "source")  # type: ignore[arg-type]
    item.put("2", append=True)
    item.download(tmp_path / "copy")  # type: ignore[arg-type]
    with item.open("a") as file:
        file.write("3")

    folder = get_dataitem(str(tmp_path / "d"))
    assert (tmp_path / "copy").read_text() == "12"
    assert (item.get(), item.stat().size) == (b"123", 3)
    assert folder.ls() == folder.listdir() == ["a.txt"]
    item.delete()
    assert not item.exists()


def test_an_open_file_is_put(local: DataItem, remote: DataItem, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"1,2\n")

    for item in (local, remote):
        with open(tmp_path / "source", "rb") as file:
            item.put(file)
        with open(tmp_path / "source", "rb") as file:
            item.put(file, append=True)

        assert item.get() == b"1,2\n1,2\n"


def test_its_representation_shows_no_password() -> None:
    item = get_dataitem("sftp://otto:hidden@host/a.csv")

    assert repr(item) == "'sftp://otto:***@host/a.csv'"
    assert item.url == "sftp://otto:hidden@host/a.csv"


@pytest.mark.parametrize(
    ("encoding", "reason"), [("utf-8", "can't decode byte 0xff"), ("utf-99", "unknown encoding")]
)
def test_bytes_that_are_no_text_are_named(tmp_path: Path, encoding: str, reason: str) -> None:
    item = get_dataitem(str(tmp_path / "a.bin"))
    item.put(b"\xff")

    with pytest.raises(
        MLRunInvalidArgumentError, match=rf"a\.bin' can not be read as {encoding} text: .*{reason}"
    ):
        item.get(encoding=encoding)
