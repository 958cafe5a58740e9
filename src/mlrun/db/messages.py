"""What a journal is made of: requests to an API server, each a line of a file."""

from __future__ import annotations

import os
import uuid
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from mlrun.db import times

_DAMAGED = "damaged-"
_CHUNK = 1 << 20
_MARK = 64  # bytes before the end of what was read, by which the file is known again


class Message(msgspec.Struct, omit_defaults=True):
    """One request to an API server; a line of a journal."""

    method: str = ""
    path: str = ""  # below /api/
    params: list[tuple[str, str]] = []
    body: bytes = b""
    content: str = "application/json"
    about: str = ""  # what it writes, such as "run iris/3f2a"
    at: str = msgspec.field(default_factory=times.now)
    id: str = msgspec.field(default_factory=lambda: uuid.uuid4().hex)  # the same however often it is sent
    done: str = ""  # the id of another line: that one needs nothing more
    also: list[str] = []  # what else it writes

    @property
    def is_damaged(self) -> bool:
        return self.id.startswith(_DAMAGED)


class _Head(msgspec.Struct):
    """Of a message what finds it again; its body is not decoded."""

    id: str = ""
    about: str = ""
    also: list[str] = []
    done: str = ""


_MESSAGE, _HEAD = msgspec.json.Decoder(Message), msgspec.json.Decoder(_Head)  # which threads may share


class Place(NamedTuple):
    """Where a message stands in the file."""

    id: str
    start: int
    size: int
    about: tuple[str, ...]


def line_of(message: Message) -> bytes:
    """The checksum and the message as JSON, on a line."""
    text = msgspec.json.encode(message)
    return b"%08x %s\n" % (zlib.crc32(text), text)


def message_in(line: bytes, start: int) -> Message:
    """The message on the line at *start*; a damaged one has the line as its body."""
    if _is_whole(line):
        try:
            return _MESSAGE.decode(line[9:])
        except (ValueError, msgspec.DecodeError):
            pass
    return Message(body=line, about="a damaged line", id=_damaged(line, start))


class Index:
    """
    Which messages of a file are not done, and where they are; what is added later is read, and nothing twice.

    One instance is for one file. It is not for many threads at once.
    """

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}  # by id, in their order
        self._by_about: dict[str, dict[str, None]] = {}
        self._end = 0
        self._mark = b""

    def about(self, about: str) -> list[Place]:
        """The places of the messages about this, in their order."""
        return [self.places[key] for key in self._by_about.get(about, ())]

    def clear(self) -> None:
        self.places.clear()
        self._by_about.clear()
        self._end, self._mark = 0, b""

    def read_on(self, descriptor: int) -> None:
        """Take in what was added to the file; one that was emptied meanwhile is read anew."""
        size = os.fstat(descriptor).st_size
        start = self._end - len(self._mark)
        if size < self._end or os.pread(descriptor, len(self._mark), start) != self._mark:
            self.clear()
        for line in _lines(descriptor, self._end):
            self._add(line, self._end)
            self._end += len(line)
            self._mark = line[-_MARK:]

    def _add(self, line: bytes, start: int) -> None:
        head = _head_in(line, start)
        if head.done:
            self._remove(head.done)
            return
        place = Place(head.id, start, len(line), (head.about, *head.also))
        self.places[place.id] = place
        for about in place.about:
            self._by_about.setdefault(about, {})[place.id] = None

    def _remove(self, key: str) -> None:
        place = self.places.pop(key, None)
        for about in place.about if place else ():
            others = self._by_about[about]
            others.pop(key, None)
            if not others:
                del self._by_about[about]


def _lines(descriptor: int, start: int) -> Iterator[bytes]:
    """Whole lines from *start*; what has no end yet is still being written."""
    rest: list[bytes] = []
    while chunk := os.pread(descriptor, _CHUNK, start):
        start += len(chunk)
        *whole, last = chunk.split(b"\n")
        for line in whole:
            yield b"".join((*rest, line, b"\n"))
            rest.clear()
        if last:
            rest.append(last)


def _head_in(line: bytes, start: int) -> _Head:
    if _is_whole(line):
        try:
            return _HEAD.decode(line[9:])
        except (ValueError, msgspec.DecodeError):
            pass
    return _Head(_damaged(line, start), "a damaged line")


def _is_whole(line: bytes) -> bool:
    try:
        return line[8:9] == b" " and int(line[:8], 16) == zlib.crc32(line[9:-1])
    except ValueError:
        return False


def _damaged(line: bytes, start: int) -> str:
    return f"{_DAMAGED}{zlib.crc32(line):08x}-{start}"
