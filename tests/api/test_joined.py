"""Writes of one step are one write; nothing is lost where the connection ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mlrun.api.joined import MOST_JOINED, Joined


class Recorder(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: Any) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.is_closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.is_closed


@pytest.fixture
def inner() -> Recorder:
    return Recorder()


def test_what_is_written_in_one_step_leaves_together(inner: Recorder) -> None:
    async def write() -> None:
        transport = Joined(inner, asyncio.get_running_loop())
        transport.write(b"head")
        transport.write(b"body")
        assert not inner.written
        await asyncio.sleep(0)
        transport.write(b"more")
        await asyncio.sleep(0)

    asyncio.run(write())

    assert inner.written == [b"headbody", b"more"]


def test_a_long_part_keeps_its_place(inner: Recorder) -> None:
    long = b"x" * (MOST_JOINED + 1)

    async def write() -> None:
        transport = Joined(inner, asyncio.get_running_loop())
        for part in (b"head", long, b"end"):
            transport.write(part)
        await asyncio.sleep(0)

    asyncio.run(write())

    assert inner.written == [b"head", long, b"end"]


def test_closing_writes_what_waits_and_aborting_does_not(inner: Recorder) -> None:
    async def write() -> None:
        Joined(inner, asyncio.get_running_loop()).write(b"late")
        transport = Joined(inner, asyncio.get_running_loop())
        transport.write(b"last")
        transport.close()
        aborted = Joined(other, asyncio.get_running_loop())
        aborted.write(b"nothing")
        aborted.abort()
        await asyncio.sleep(0)

    other = Recorder()
    asyncio.run(write())

    assert (inner.written, inner.is_closed) == ([b"last"], True)
    assert (other.written, other.is_closed) == ([], True)
