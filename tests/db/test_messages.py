"""Lines of a journal, and the index over them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlrun.db.messages import Index, Message, line_of, message_in


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "lines", os.O_RDWR | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


def test_a_message_comes_back_as_it_was() -> None:
    message = Message("POST", "v1/x", [("a", "ä")], b"\x00\xff\n", about="run p/1", also=["run p/2"])

    assert message_in(line_of(message), 0) == message


@pytest.mark.parametrize("damage", [b"", b"x", b"00000000 {}\n", b"\xff" * 99 + b"\n", b"zzzzzzzz {}\n"])
def test_a_damaged_line_is_kept_as_it_is(damage: bytes) -> None:
    message = message_in(damage, 7)

    assert message.is_damaged and message.body == damage


def test_the_index_finds_what_is_about_something_and_not_done(file: int) -> None:
    first, second = Message(about="run p/1"), Message(about="run p/2", also=["run p/1"])
    index = Index()
    os.write(file, line_of(first) + line_of(second) + line_of(Message(done=first.id)))

    index.read_on(file)

    assert [place.id for place in index.about("run p/1")] == [second.id]
    assert [place.id for place in index.about("run p/2")] == [second.id]
    place = index.places[second.id]
    assert message_in(os.pread(file, place.size, place.start), place.start) == second


def test_a_line_without_an_end_is_not_there_yet(file: int) -> None:
    line = line_of(Message(about="a"))
    index = Index()
    os.write(file, line[:-5])
    index.read_on(file)
    assert not index.places

    os.write(file, line[-5:])
    index.read_on(file)

    assert len(index.about("a")) == 1


def test_a_file_that_was_emptied_and_filled_again_is_read_anew(file: int) -> None:
    index = Index()
    os.write(file, line_of(Message(about="old")))
    index.read_on(file)
    os.ftruncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)
    os.write(file, line_of(Message(about="new")) * 3 + line_of(Message(about="newer")))

    index.read_on(file)

    assert not index.about("old")
    assert len(index.about("newer")) == 1


def test_only_what_was_added_is_read(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    index = Index()
    os.write(file, b"".join(line_of(Message(about=f"run p/{n}")) for n in range(2000)))
    index.read_on(file)
    read = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda *given: read.append(len(data := pread(*given))) or data)

    os.write(file, line_of(Message(about="last")))
    index.read_on(file)

    assert index.about("last") and sum(read) < 1000
