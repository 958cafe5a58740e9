"""Files written whole or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from mlrun import files
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunRuntimeError,
)


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (FileNotFoundError(2, "No such file"), MLRunNotFoundError, "no file /d/a"),
        (NotADirectoryError(20, "Not a directory"), MLRunNotFoundError, "no file /d/a"),
        (
            PermissionError(13, "Permission denied"),
            MLRunAccessDeniedError,
            "can not read /d/a: Permission denied",
        ),
        (OSError(5, "Input/output error"), MLRunRuntimeError, "can not read /d/a: Input/output error"),
        (
            ValueError("embedded null byte"),
            MLRunInvalidArgumentError,
            "can not read /d/a: embedded null byte",
        ),
    ],
)
def test_what_the_system_refuses_is_said_in_our_words(
    error: OSError, kind: type[MLRunBaseError], message: str
) -> None:
    found = files.as_error("read", "/d/a", error)

    assert (type(found), str(found)) == (kind, message)


def test_a_missing_file_below_this_folder_is_named_as_seen_from_here(tmp_path: Path) -> None:
    found = files.as_error("read", f"{tmp_path}/data/a.csv", FileNotFoundError(2, "No such file"))

    assert str(found) == f"no file 'data/a.csv' in {tmp_path}"


def test_a_writer_goes_on_where_its_reader_has_gone() -> None:
    read, write = os.pipe()
    os.close(read)

    with os.fdopen(write, "w") as stream:
        for _ in range(2):
            with files.readers_may_go(stream):
                stream.write("x" * 100_000)
                stream.flush()


def test_our_own_errors_pass_through_explained() -> None:
    with pytest.raises(MLRunAccessDeniedError, match=r"^no$"), files.explained("read", "/d/a"):
        raise MLRunAccessDeniedError("no")


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = str(tmp_path / "a.bin")
    versions = [bytes([number]) * 300_000 for number in range(20)]
    files.write(path, versions[0])
    seen: set[bytes] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.add(Path(path).read_bytes())

    reader = threading.Thread(target=look)
    reader.start()
    for version in versions:
        files.write(path, version)
    done.set()
    reader.join()

    assert seen <= set(versions)


def test_many_writers_leave_one_whole_file_and_nothing_else(tmp_path: Path) -> None:
    path = str(tmp_path / "new" / "a.bin")
    versions = [bytes([number]) * 100_000 for number in range(8)]

    writers = [threading.Thread(target=files.write, args=(path, version)) for version in versions]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert os.listdir(tmp_path / "new") == ["a.bin"]
    assert Path(path).read_bytes() in versions


def test_replacing_puts_the_block_s_file_in_place(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"

    with files.replacing(str(path)) as temporary:
        Path(temporary).write_text("1")

    assert path.read_text() == "1"
    assert os.listdir(path.parent) == ["a.txt"]


def test_replacing_leaves_nothing_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), files.replacing(str(tmp_path / "a.txt")) as temporary:
        Path(temporary).write_text("1")
        raise ZeroDivisionError

    assert os.listdir(tmp_path) == []


def test_a_path_with_a_null_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="null"):
        files.write(str(tmp_path / "a\0b"), b"1")


def test_a_temporary_name_is_known_as_one(tmp_path: Path) -> None:
    name = files.temporary_name(str(tmp_path / "a.txt"))

    assert os.path.dirname(name) == str(tmp_path)
    assert files.is_temporary(os.path.basename(name))
    assert not files.is_temporary("a.tmp")


def test_a_name_as_long_as_the_system_allows_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 255)

    files.write(str(path), b"1")

    assert path.read_bytes() == b"1"


def test_append_adds_and_creates(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.log"

    files.append(str(path), b"one,")
    files.append(str(path), b"two")

    assert path.read_bytes() == b"one,two"


def test_a_copy_of_nothing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(MLRunNotFoundError, match=r"no file .*missing"):
        files.copy(str(tmp_path / "missing"), str(tmp_path / "new"))

    assert os.listdir(tmp_path) == []


def test_what_is_in_the_way_of_a_new_file_is_said() -> None:
    with pytest.raises(MLRunRuntimeError, match=r"can not write /proc/a: No such file or directory"):
        files.write("/proc/a", b"1")
