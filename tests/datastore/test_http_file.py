"""A file object over what a server gives from a byte on."""

from __future__ import annotations

import io
import os

import pytest

from mlrun.datastore.http_file import Blocks, HttpFile
from mlrun.errors import MLRunRuntimeError

DATA = bytes(range(100))


class Giver:
    """Gives DATA in blocks of seven bytes, and notes what it was asked for and what was given back."""

    def __init__(self, length: int = len(DATA)) -> None:
        self.length = length
        self.asked: list[int] = []
        self.open = 0

    def __call__(self, start: int) -> Blocks:
        self.asked.append(start)
        self.open += 1
        try:
            for at in range(start, self.length, 7):
                yield DATA[at : min(at + 7, self.length)]
        finally:
            self.open -= 1


def test_it_reads_like_any_file() -> None:
    giver, plain = Giver(), io.BytesIO(DATA)

    with HttpFile(giver, len(DATA), "a") as file:
        for offset, whence, size in ((0, 0, 10), (5, 1, 3), (-4, 2, 99), (0, 2, 1), (50, 0, 0), (200, 0, 1)):
            assert file.seek(offset, whence) == plain.seek(offset, whence)
            assert _exactly(file, size) == plain.read(size)
            assert file.tell() == plain.tell()

    assert giver.open == 0


def _exactly(file: HttpFile, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := file.read(size - len(data))):
        data += more
    return data


def test_reading_on_is_one_request_and_elsewhere_another() -> None:
    giver = Giver()
    file = HttpFile(giver, len(DATA), "a")

    for at in (0, 20, 20, 40):
        file.seek(at)
        _exactly(file, 20)

    assert giver.asked == [0, 20]
    assert giver.open == 1
    file.close()
    assert giver.open == 0


def test_a_file_that_ends_too_early_is_an_error() -> None:
    with (
        HttpFile(Giver(60), len(DATA), "http://h/a") as file,
        pytest.raises(MLRunRuntimeError, match="http://h/a ended after 60 of 100 bytes"),
    ):
        file.readall()


def test_there_is_nothing_before_the_start() -> None:
    with HttpFile(Giver(), len(DATA), "a") as file, pytest.raises(ValueError, match="before the start"):
        file.seek(-1, os.SEEK_SET)
