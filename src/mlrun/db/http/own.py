"""What this process has written last, so that it can be read while the server is away."""

from __future__ import annotations

from collections import OrderedDict

from mlrun.db import held

MOST = 1024  # records
MOST_BYTES = 32 << 20


class Own:
    """
    Bodies by name, the newest few; the one that was not asked for longest goes first.

    Threads may share it, and a forked child has what its parent had.

    Example::

        own = Own()
        own.keep("run iris/3f2a", b"{}")
        assert own.get("run iris/3f2a") == b"{}"
    """

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    def keep(self, name: str, body: bytes) -> None:
        with held.short:
            self._size += len(body) - len(self._bodies.pop(name, b""))
            if len(body) > self._most_bytes:
                self._size -= len(body)
                return
            self._bodies[name] = body
            while len(self._bodies) > self._most or self._size > self._most_bytes:
                self._size -= len(self._bodies.popitem(last=False)[1])

    def get(self, name: str) -> bytes | None:
        with held.short:
            if name in self._bodies:
                self._bodies.move_to_end(name)
            return self._bodies.get(name)

    def under(self, start: str) -> list[bytes]:
        """The bodies whose names begin with *start*, the newest first."""
        with held.short:
            return [body for name, body in reversed(self._bodies.items()) if name.startswith(start)]

    def forget(self, start: str = "") -> None:
        """Those whose names begin with *start*."""
        with held.short:
            for name in [name for name in self._bodies if name.startswith(start)]:
                self._size -= len(self._bodies.pop(name))
