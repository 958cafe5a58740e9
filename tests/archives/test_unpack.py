"""Archives that are whole, and those that are broken, too much, or not what they say."""

from __future__ import annotations

import io
import os
import random
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mlrun import archives
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, MLRunRuntimeError

LIMITS = archives.Limits(bytes=1_000_000_000, ratio=100, members=1000)


def noise(size: int) -> bytes:
    return random.Random(7).randbytes(size)


def tar(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for info, content in members:
            info.size = info.size or len(content)
            archive.addfile(info, io.BytesIO(content) if content else None)
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, mode
    return info


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, tarfile.SYMTYPE, target), b""


def zipped(path: Path, *members: tuple[str, bytes, int]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16 | 0x20  # a bit of DOS, so that none is set for us
            archive.writestr(info, content)
    return path


def left(folder: Path) -> list[str]:
    """What is in *folder* beside archives, hidden names too."""
    return [name for name in os.listdir(folder) if not name.startswith("a.")]


@pytest.fixture
def to(tmp_path: Path) -> Path:
    folder = tmp_path / "place"
    folder.mkdir()
    return folder / "to"


def refused(path: Path, to: Path, match: str, limits: archives.Limits = LIMITS) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=match) as caught:
        archives.unpack(str(path), str(to), limits, shown="s3://bucket/a.zip")

    assert str(caught.value).startswith("s3://bucket/a.zip is not")
    assert left(to.parent) == []


# whole ones


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_file_of_each_compression_is_unpacked(tmp_path: Path, to: Path, mode: str) -> None:
    members = (entry("./src/train.py", mode=0o755), b"x = 1\n"), (entry("src/data.bin"), noise(50_000))
    path = tar(tmp_path / "a.tar", *members, mode=mode)

    archives.unpack(str(path), str(to), LIMITS)

    assert (to / "src/train.py").read_bytes() == b"x = 1\n"
    assert stat.S_IMODE((to / "src/train.py").stat().st_mode) == 0o755
    assert (to / "src/data.bin").read_bytes() == noise(50_000)


def test_a_zip_file_is_unpacked_with_its_modes_and_links(tmp_path: Path, to: Path) -> None:
    path = zipped(
        tmp_path / "a.zip",
        ("run.sh", b"echo\n", stat.S_IFREG | 0o755),
        ("made-on-windows.py", b"x\n", 0),
        ("latest", b"run.sh", stat.S_IFLNK | 0o777),
        ("empty/", b"", stat.S_IFDIR | 0o755),
    )

    archives.unpack(str(path), str(to), LIMITS)

    modes = {name: stat.S_IMODE((to / name).stat().st_mode) for name in ("run.sh", "made-on-windows.py")}
    assert modes == {"run.sh": 0o755, "made-on-windows.py": 0o644}
    assert os.readlink(to / "latest") == "run.sh"
    assert (to / "empty").is_dir()


def test_what_an_archive_is_follows_from_its_bytes(tmp_path: Path, to: Path) -> None:
    path = tar(tmp_path / "a.zip", (entry("a.py"), b"x"))

    archives.unpack(str(path), str(to), LIMITS)

    assert (to / "a.py").exists()


def test_links_stay_where_they_lead_to_something_inside(tmp_path: Path, to: Path) -> None:
    files = (entry("v1/train.py"), b"x"), (entry("hard.py", tarfile.LNKTYPE, "v1/train.py"), b"")
    path = tar(tmp_path / "a.tgz", link("latest", "v1"), *files, link("v1/up.py", "../hard.py"))

    archives.unpack(str(path), str(to), LIMITS)

    assert (to / "latest/train.py").read_bytes() == b"x"
    assert os.readlink(to / "v1/up.py") == "../hard.py"
    assert (to / "hard.py").stat().st_nlink == 1


def test_an_empty_folder_is_filled_and_a_full_one_is_refused(tmp_path: Path, to: Path) -> None:
    path = tar(tmp_path / "a.tgz", (entry("a.py"), b"x"))
    to.mkdir()

    archives.unpack(str(path), str(to), LIMITS)
    with pytest.raises(MLRunRuntimeError, match="not empty"):
        archives.unpack(str(path), str(to), LIMITS)

    assert left(to.parent) == ["to"]


def test_others_may_not_write_to_what_was_unpacked(tmp_path: Path, to: Path) -> None:
    path = tar(tmp_path / "a.tgz", (entry("a", mode=0o6777), b"x"), (entry("b", mode=0o040), b"x"))

    archives.unpack(str(path), str(to), LIMITS)

    assert [stat.S_IMODE((to / name).stat().st_mode) for name in "ab"] == [0o755, 0o640]


# those that lead out


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([(entry("../a"), b"x")], "would be written outside of its folder"),
        ([(entry("/etc/a"), b"x")], "would be written outside of its folder"),
        ([(entry("a/../../b"), b"x")], "would be written outside of its folder"),
        ([(entry("../a", tarfile.DIRTYPE), b"")], "would be written outside of its folder"),
        ([(entry("a", tarfile.FIFOTYPE), b"")], "'a' is a device"),
        ([(entry("a", tarfile.CHRTYPE), b"")], "'a' is a device"),
        ([link("a", "/etc/passwd")], "'a' is a link that leads out of its folder, to '/etc/passwd'"),
        ([link("a", "../a")], "'a' is a link that leads out"),
        ([link("a", "."), link("b", "a/a/a/../../x")], "'b' is a link that leads out"),
        ([(entry("x"), b"x"), link("a", ".."), (entry("a/b"), b"x")], "a file and a folder of the name 'a'"),
        ([(entry("a", tarfile.LNKTYPE, "/etc/passwd"), b"")], "would be written outside of its folder"),
        ([(entry("a", tarfile.LNKTYPE, "b"), b"")], "'a' is a hard link to 'b', which is no file before it"),
        ([link("b", "c"), (entry("a", tarfile.LNKTYPE, "b"), b"")], "hard link to 'b', which is no file"),
        ([(entry("a"), b"x"), (entry("./a"), b"y")], "two members of the name './a'"),
        ([(entry("a"), b"x"), (entry("a/b"), b"y")], "a file and a folder of the name 'a"),
    ],
)
def test_what_leads_out_is_refused_and_nothing_is_left(
    tmp_path: Path, to: Path, members: list[tuple[tarfile.TarInfo, bytes]], message: str
) -> None:
    refused(tar(tmp_path / "a.tgz", *members), to, message)


@pytest.mark.parametrize("name", ["../a", "/a", "b/../../a"])
def test_what_leads_out_of_a_zip_file_is_refused(tmp_path: Path, to: Path, name: str) -> None:
    refused(zipped(tmp_path / "a.zip", ("good", b"x", 0), (name, b"x", 0)), to, "outside of its folder")


def test_a_link_of_a_zip_file_that_leads_out_is_refused(tmp_path: Path, to: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("a", b"../../b", stat.S_IFLNK | 0o777))

    refused(path, to, "'a' is a link that leads out of its folder, to '../../b'")


# those that are too much


def test_a_small_archive_that_becomes_large_is_refused(tmp_path: Path, to: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for at in range(11):
            archive.writestr(f"{at}", bytes(10_000_000))

    refused(tmp_path / "a.zip", to, r"its \d+ bytes would become more than 100000000")


def test_a_tar_file_that_promises_too_much_is_refused_at_its_header(tmp_path: Path, to: Path) -> None:
    info = entry("a")
    info.size = 1 << 40
    path = tmp_path / "a.tar"
    path.write_bytes(info.tobuf() + bytes(10_240))

    refused(path, to, "would become more than 100000000")


def test_a_tar_file_with_an_endless_header_is_refused(tmp_path: Path, to: Path) -> None:
    info = entry("a", tarfile.XHDTYPE)
    info.size = 1 << 30
    path = tmp_path / "a.tar"
    path.write_bytes(info.tobuf() + bytes(10_240))

    refused(path, to, "a header of 1073741824 bytes")


def test_many_members_are_refused(tmp_path: Path, to: Path) -> None:
    path = tar(tmp_path / "a.tgz", *((entry(str(at)), b"") for at in range(5)))

    refused(path, to, "more than 4 members", LIMITS._replace(members=4))


def test_more_bytes_than_the_limit_are_refused_whatever_the_size(tmp_path: Path, to: Path) -> None:
    path = tar(tmp_path / "a.tar", (entry("a"), noise(3000)), mode="w")

    refused(path, to, "would become more than 2000", LIMITS._replace(bytes=2000))


def test_copies_count_too(tmp_path: Path, to: Path) -> None:
    copies = ((entry(f"b{at}", tarfile.LNKTYPE, "a"), b"") for at in range(3))
    path = tar(tmp_path / "a.tar", (entry("a"), noise(3000)), *copies)

    refused(path, to, "would become more than 10000", LIMITS._replace(bytes=10_000))


# those that are broken


def make_zip(folder: Path) -> Path:
    return zipped(folder / "a.zip", ("a", noise(20_000), 0), ("b", noise(20_000), 0))


def make_tar(mode: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        return tar(folder / "a.tar", (entry("a"), noise(20_480)), (entry("b"), noise(20_000)), mode=mode)

    return make


@pytest.mark.parametrize("make", [make_zip, *map(make_tar, ("w", "w:gz", "w:bz2", "w:xz"))])
@pytest.mark.parametrize("part", [0.0, 0.001, 0.3, 0.5, 0.8])
def test_a_part_of_an_archive_is_refused(
    tmp_path: Path, to: Path, make: Callable[[Path], Path], part: float
) -> None:
    path = make(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])

    refused(path, to, "is not a zip or tar file that can be read, or only a part of one")


def test_a_tar_file_that_is_broken_off_between_members_is_refused(tmp_path: Path, to: Path) -> None:
    path = make_tar("w")(tmp_path)
    path.write_bytes(path.read_bytes()[: 512 + 20_480])

    refused(path, to, "it ends before its end mark")


@pytest.mark.parametrize("make", [make_zip, *map(make_tar, ("w:gz", "w:bz2", "w:xz"))])
def test_a_changed_byte_is_found(tmp_path: Path, to: Path, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 255
    path.write_bytes(data)

    refused(path, to, "is not a zip or tar file that can be read")


@pytest.mark.parametrize("data", [b"", b"<html>not found</html>", b"PK\x03\x04", b"\x1f\x8b", noise(4000)])
def test_what_is_no_archive_is_said(tmp_path: Path, to: Path, data: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(data)

    refused(tmp_path / "a.zip", to, "is not a zip or tar file that can be read")


def test_a_zip_file_with_a_password_is_refused(tmp_path: Path, to: Path) -> None:
    path = make_zip(tmp_path)
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(data)

    refused(path, to, "password required|encrypted")


def test_a_file_that_is_not_there_is_said(to: Path) -> None:
    with pytest.raises(MLRunNotFoundError, match=r"no file nowhere\.zip"):
        archives.unpack("nowhere.zip", str(to), LIMITS)

    assert left(to.parent) == []


def test_a_check_of_the_caller_is_heard_at_the_end_too(tmp_path: Path, to: Path) -> None:
    def checked(members):  # type: ignore[no-untyped-def]
        yield from members
        raise MLRunInvalidArgumentError("it has no README")

    path = tar(tmp_path / "a.tgz", (entry("a"), b"x"))

    with pytest.raises(MLRunInvalidArgumentError, match=r"a\.tgz is not unpacked: it has no README"):
        archives.unpack(str(path), str(to), LIMITS, checked=checked)
    assert left(to.parent) == []
