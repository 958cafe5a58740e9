"""A long file of a web server as a file object, read as it comes."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator
from typing import Any

from mlrun.errors import MLRunRuntimeError

Blocks = Generator[bytes, None, None]


class HttpFile(io.RawIOBase):
    """
    Its bytes are neither in memory nor on the disk. Reading on is one request; elsewhere is a new one.

    Args:
        blocks: Gives the file from a byte on.
        size: Bytes.
        name: What messages call it.
    """

    def __init__(self, blocks: Callable[[int], Blocks], size: int, name: str) -> None:
        self._ask = blocks
        self._size = size
        self._name = name
        self._at = 0
        self._blocks: Blocks | None = None  # from where we are; None before anything is asked for
        self._block = memoryview(b"")  # what is left of the last one

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if at < 0:
            raise ValueError(f"no place {at} before the start")
        if at != self._at:
            self._hang_up()
            self._at = at
        return at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        if not self._block:
            self._block = memoryview(self._next())
        count = min(len(buffer), len(self._block))
        buffer[:count] = self._block[:count]
        self._block = self._block[count:]
        self._at += count
        return count

    def _next(self) -> bytes:
        self._blocks = self._blocks or self._ask(self._at)
        block = next(self._blocks, b"")
        if not block:
            raise MLRunRuntimeError(f"{self._name} ended after {self._at} of {self._size} bytes")
        return block

    def _hang_up(self) -> None:
        self._block = memoryview(b"")
        if self._blocks:
            self._blocks.close()
            self._blocks = None

    def close(self) -> None:
        self._hang_up()
        super().close()
