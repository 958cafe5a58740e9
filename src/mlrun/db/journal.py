"""Writes that an API server could not be given: kept on the disk, delivered in order when it is back."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import uuid
import zlib
from collections.abc import Callable, Iterator

import msgspec

from mlrun import files, urls
from mlrun.config import mlconf
from mlrun.db import times
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunInvalidArgumentError,
    MLRunUnauthorizedError,
)

# Of an answer, whoever is asked again later may say something else.
_NOT_FINAL = (MLRunUnauthorizedError, MLRunAccessDeniedError)
_DAMAGED = "damaged-"


class Message(msgspec.Struct, omit_defaults=True):
    """One request to an API server; a line of a journal."""

    method: str = ""
    path: str = ""  # below /api/
    params: list[tuple[str, str]] = []
    body: bytes = b""
    content: str = "application/json"
    about: str = ""  # what it writes, such as "run iris/3f2a"
    at: str = msgspec.field(default_factory=times.now)
    id: str = msgspec.field(default_factory=lambda: uuid.uuid4().hex)
    done: str = ""  # the id of another line: that one needs nothing more


class Report(msgspec.Struct):
    """What became of the messages of a journal."""

    delivered: int = 0
    refused: list[tuple[str, str]] = []  # what it was about, and why the server did not take it
    refused_path: str = ""  # where the refused ones are kept


class Journal:
    """
    The messages for one server, in a file that the threads and processes of this machine share.

    A line is its checksum and a message as JSON. It is on the disk when :meth:`append` returns, and stays
    in the file until a line after it says that it is done. When all are, the file is emptied.

    Example::

        journal = Journal(path_of("http://mlrun:8080"))
        journal.append(message)
        report = journal.deliver(send)
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.refused_path = f"{path}.refused"

    def is_empty(self) -> bool:
        try:
            return os.stat(self.path).st_size == 0
        except FileNotFoundError:
            return True

    def append(self, message: Message) -> None:
        """
        Raises:
            MLRunAccessDeniedError, MLRunRuntimeError: It can not be written; the file is as before.
        """
        _append(self.path, message)

    def pending(self, about: str = "") -> Iterator[Message]:
        """Messages that are not delivered, in their order; those *about* something, or all."""
        done = {message.done for message in self._lines() if message.done}
        for message in self._lines():
            if not message.done and message.id not in done and about in ("", message.about):
                yield message

    def deliver(self, send: Callable[[Message], object], wait: bool = False) -> Report | None:
        """
        Send every message, in order; one that the server refuses is kept in ``refused_path``.

        Args:
            send: Raises the server's answer when that is an error.
            wait: For another process that is at it; else None is given at once.

        Raises:
            MLRunBaseError: The server can not be reached, is broken, or asks who we are: what is
                left stays.
        """
        with self._turn(wait) as is_mine:
            if not is_mine:
                return None
            report = Report(refused_path=self.refused_path)
            while not self.is_empty():
                for message in self.pending():
                    self._deliver_one(message, send, report)
                self._empty_if_done()
            return report

    def _deliver_one(self, message: Message, send: Callable[[Message], object], report: Report) -> None:
        try:
            if message.id.startswith(_DAMAGED):
                raise MLRunInvalidArgumentError("the line is damaged")
            send(message)
        except MLRunBaseError as error:
            if error.error_status_code >= 500 or isinstance(error, _NOT_FINAL):
                raise
            _append(self.refused_path, msgspec.structs.replace(message, done=f"refused: {error}"))
            report.refused.append((message.about, str(error)))
        else:
            report.delivered += 1
        # Not forced to the disk: after a lost power supply the server is told once more.
        _append(self.path, Message(done=message.id), is_forced=False)

    def _lines(self) -> Iterator[Message]:
        with contextlib.suppress(FileNotFoundError), open(self.path, "rb") as file:
            for line in file:
                if line.endswith(b"\n"):  # else somebody is writing it, or died doing so
                    yield _message(line)

    def _empty_if_done(self) -> None:
        with _opened(self.path) as descriptor:
            if next(self.pending(), None) is None:
                os.ftruncate(descriptor, 0)
                os.fsync(descriptor)

    @contextlib.contextmanager
    def _turn(self, wait: bool) -> Iterator[bool]:
        """Whether it is this caller's turn to deliver."""
        with files.explained("write", self.path):
            os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
            descriptor = os.open(f"{self.path}-lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            try:
                yield True
            finally:
                fcntl.flock(descriptor, fcntl.LOCK_UN)
        finally:
            os.close(descriptor)


def path_of(url: str) -> str:
    """The journal for the server at *url*, in the mlrun home."""
    name = re.sub(r"[^\w.-]+", "_", url.partition("://")[2])[:60]
    digest = hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()[:8]
    return os.path.join(mlconf.home, "journal", f"{name}-{digest}.log")


def sync(url: str = "") -> Report:
    """
    Deliver what is kept for the API server at *url*, and say what became of it; empty: ``dbpath``.

    Raises:
        MLRunInvalidArgumentError: *url* is no API server.
        MLRunServiceUnavailableError: It can not be reached; what is left stays.
    """
    from mlrun.db import get_run_db
    from mlrun.db.http import HTTPRunDB

    db = get_run_db(url)
    if not isinstance(db, HTTPRunDB):
        raise MLRunInvalidArgumentError(
            f"{urls.without_secrets(db.url)!r} needs no sync: only what is written to an API server"
            " (http://...) may have to wait"
        )
    return db.sync()


def _append(path: str, message: Message, is_forced: bool = True) -> None:
    text = msgspec.json.encode(message)
    line = b"%08x %s\n" % (zlib.crc32(text), text)
    with files.explained("write", path), _opened(path) as descriptor:
        size = _end_of_last_line(descriptor)
        try:
            while line:
                line = line[os.write(descriptor, line) :]
        except OSError:
            os.ftruncate(descriptor, size)
            raise
        if is_forced:
            os.fsync(descriptor)


@contextlib.contextmanager
def _opened(path: str) -> Iterator[int]:
    """The file *path* for this writer alone."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        descriptor = os.open(path, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # a forked child may have the descriptor as well
        os.close(descriptor)


def _end_of_last_line(descriptor: int) -> int:
    """The size of the file, without the part of a line that a killed writer has left."""
    size = os.fstat(descriptor).st_size
    if size == 0:
        _sync_folder_of(descriptor)
    elif os.pread(descriptor, 1, size - 1) != b"\n":
        size = os.pread(descriptor, size, 0).rfind(b"\n") + 1
        os.ftruncate(descriptor, size)
    return size


def _sync_folder_of(descriptor: int) -> None:
    """A new file is found after a lost power supply only when its folder is on the disk, too."""
    with contextlib.suppress(OSError):  # not every system tells the name, nor syncs a folder
        folder = os.open(os.path.dirname(os.readlink(f"/proc/self/fd/{descriptor}")), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _message(line: bytes) -> Message:
    checksum, _, text = line[:-1].partition(b" ")
    try:
        if int(checksum, 16) == zlib.crc32(text):
            return msgspec.json.decode(text, type=Message)
    except (ValueError, msgspec.DecodeError):
        pass
    return Message(body=line, about="a damaged line", id=f"{_DAMAGED}{zlib.crc32(line):08x}")
