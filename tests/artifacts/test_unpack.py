"""Archives that are not what they say."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

import pytest

from mlrun.artifacts import unpack
from mlrun.errors import MLRunInvalidArgumentError


def member(name: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def pack(path: Path, *members: zipfile.ZipInfo) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("artifact.yaml", "kind: artifact\n")
        for one in members:
            archive.writestr(one, b"/etc/passwd")
    return str(path)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (member("../a"), "would be written outside"),
        (member("data/../../a"), "would be written outside"),
        (member("/etc/a"), "would be written outside"),
        (member("data\\..\\a"), "would be written outside"),
        (member("c:/a"), "would be written outside"),
        (member("data//a"), "would be written outside"),
        (member("data/a", stat.S_IFLNK | 0o777), "is a link or a device"),
        (member("data/a", stat.S_IFIFO | 0o777), "is a link or a device"),
        (member("other/a"), "is none of an artifact"),
    ],
)
def test_a_bad_member_is_refused_and_nothing_is_written(
    tmp_path: Path, bad: zipfile.ZipInfo, message: str
) -> None:
    path = pack(tmp_path / "a.zip", member("data/good"), bad)
    (tmp_path / "to").mkdir()

    with pytest.raises(MLRunInvalidArgumentError, match=message):
        unpack.unpack(path, str(tmp_path / "to"))

    assert os.listdir(tmp_path / "to") == []


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("artifact.yaml", "kind: artifact\n")
        with archive.open("data/zeros", "w") as file:
            for _ in range(11):
                file.write(bytes(10_000_000))

    with pytest.raises(MLRunInvalidArgumentError, match=r"its \d+ bytes would become more than 100000000"):
        unpack.unpack(str(tmp_path / "a.zip"), str(tmp_path / "to"))

    assert os.listdir(tmp_path / "to") == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", member("data/a"), member("data/a"))

    with pytest.raises(MLRunInvalidArgumentError, match="two members of the name 'data/a'"):
        unpack.unpack(path, str(tmp_path))


def test_what_is_no_artifact_is_said(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("data/a", b"")
    (tmp_path / "b.zip").write_bytes(b"no archive")

    with pytest.raises(MLRunInvalidArgumentError, match=r"it has no artifact\.yaml"):
        unpack.unpack(str(tmp_path / "a.zip"), str(tmp_path))
    with pytest.raises(MLRunInvalidArgumentError, match="is not a zip or tar file that can be read"):
        unpack.unpack(str(tmp_path / "b.zip"), str(tmp_path))


def test_a_good_one_is_unpacked(tmp_path: Path) -> None:
    unpack.unpack(pack(tmp_path / "a.zip", member("data/x/a", stat.S_IFREG | 0o644)), str(tmp_path / "to"))

    assert (tmp_path / "to" / "data" / "x" / "a").read_bytes() == b"/etc/passwd"
