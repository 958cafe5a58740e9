"""What is written in one step leaves in one piece: head and body of an answer are two writes."""

from __future__ import annotations

import asyncio
from typing import Any

MOST_JOINED = 64 << 10  # bytes; a longer part is not copied


class Joined(asyncio.Transport):
    """
    The transport *inner*, which gets what was written when the loop goes on.

    A system call for each part would cost as much as the rest of a small answer, and wake the client twice.

    Example::

        transport = Joined(transport, loop)
        transport.write(head)
        transport.write(body)
    """

    def __init__(self, inner: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._inner = inner
        self._loop = loop
        self._parts: list[bytes] = []

    def write(self, data: Any) -> None:
        if len(data) > MOST_JOINED:
            self._flush()
            self._inner.write(data)
            return
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        self._flush()
        self._inner.close()

    def abort(self) -> None:
        self._parts = []
        self._inner.abort()

    def is_closing(self) -> bool:
        return self._inner.is_closing()

    def pause_reading(self) -> None:
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        self._inner.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._inner.get_extra_info(name, default)

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        if parts and not self._inner.is_closing():
            self._inner.write(b"".join(parts))
