"""Writes that an API server could not be given: kept on the disk, delivered in order when it is back."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from mlrun import files, urls
from mlrun.config import mlconf
from mlrun.db import held
from mlrun.db.messages import Index, Message, Place, line_of, message_in
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunInvalidArgumentError,
    MLRunUnauthorizedError,
)
from mlrun.log import logger

if TYPE_CHECKING:
    from mlrun.db.base import RunDB

# Of an answer, whoever is asked again later may say something else.
_NOT_FINAL = (MLRunUnauthorizedError, MLRunAccessDeniedError)
_CHUNK = 1 << 16
_LONGEST_PAUSE_S = 2.0  # between two tries to reach a server


class Report(msgspec.Struct):
    """What became of the messages of a journal."""

    delivered: int = 0
    waiting: int = 0  # still in the journal
    reason: str = ""  # why they wait
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
        self._index = Index()

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
        """
        Messages that are not delivered, in their order; those *about* something, or all.

        What was read before is not read again, so that asking for one costs little, however long the file is.
        """
        with contextlib.suppress(FileNotFoundError), _reading(self.path) as descriptor:
            for place in self._places(descriptor, about):
                message = message_in(os.pread(descriptor, place.size, place.start), place.start)
                if message.id == place.id:  # else it was delivered, and the file emptied
                    yield message

    def waiting(self) -> int:
        """The number of messages that are not delivered."""
        with contextlib.suppress(FileNotFoundError), _reading(self.path) as descriptor:
            return len(self._places(descriptor, ""))
        return 0

    def _places(self, descriptor: int, about: str) -> list[Place]:
        with held.short:
            self._index.read_on(descriptor)
            return self._index.about(about) if about else list(self._index.places.values())

    def deliver(
        self,
        send: Callable[[Message], object],
        wait: bool = False,
        end: float = float("inf"),
        report: Report | None = None,
    ) -> Report | None:
        """
        Send every message, in order; one that the server refuses is kept in ``refused_path``.

        Args:
            send: Raises the server's answer when that is an error.
            wait: For another process that is at it; else None is given at once.
            end: Monotonic seconds, after which nothing more is begun.
            report: The one to go on with, of which the caller sees the part so far.

        Raises:
            MLRunBaseError: The server can not be reached, is broken, or asks who we are: what is
                left stays.
        """
        report = Report() if report is None else report
        report.refused_path = self.refused_path
        with self._turn(wait) as is_mine:
            if not is_mine:
                return None
            while not self.is_empty():
                for message in self.pending():
                    if time.monotonic() >= end:
                        report.waiting, report.reason = self.waiting(), "there was no time for more"
                        return report
                    self._deliver_one(message, send, report)
                self._empty_if_done()
            return report

    def _deliver_one(self, message: Message, send: Callable[[Message], object], report: Report) -> None:
        try:
            if message.is_damaged:
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

    def _empty_if_done(self) -> None:
        with _opened(self.path) as descriptor:
            if not self._places(descriptor, ""):
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


def path_of(url: str, user: str = "") -> str:
    """
    The journal for the server at *url*, in the mlrun home.

    Args:
        user: Who writes, as the server knows them: nobody delivers what another one wrote. Users of
            this machine that share a home have a folder each.
    """
    return os.path.join(mlconf.home, f"journal-{os.getuid()}", _file_name(url, user))


@functools.cache
def _file_name(url: str, user: str) -> str:
    name = re.sub(r"[^\w.-]+", "_", url.partition("://")[2])[:60]
    whose = f"{url}\n{user}" if user else url
    digest = hashlib.sha1(whose.encode(), usedforsecurity=False).hexdigest()[:8]
    return f"{name}-{digest}.log"


def sync(url: str = "") -> Report:
    """
    Deliver what is kept for the API server at *url*, and say what became of it; empty: ``dbpath``.

    What can not be delivered now waits, and the report says why.

    Raises:
        MLRunInvalidArgumentError: *url* is no API server.
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


def deliver_all(db: RunDB, patience_s: float, waits: Callable[[str], object]) -> None:
    """
    Deliver what is kept for *db*, before the disk that keeps it goes: a server that is away is waited for.

    Args:
        waits: Told why, where there is something to wait for.
    """
    from mlrun.db.http import HTTPRunDB

    if not isinstance(db, HTTPRunDB) or not (report := db.sync()).waiting:
        return
    waits(report.reason)
    end, pause_s = time.monotonic() + patience_s, 0.1
    while report.waiting and time.monotonic() < end:
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
        report = db.sync()


def _append(path: str, message: Message, is_forced: bool = True) -> None:
    line = line_of(message)
    with files.explained("write", path), _opened(path) as descriptor:
        size = _end_of_last_line(descriptor, path)
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


def _end_of_last_line(descriptor: int, path: str) -> int:
    """The size of the file, without the part of a line that a killed writer has left."""
    size = os.fstat(descriptor).st_size
    if size == 0:
        _sync_folder_of(descriptor)
    elif os.pread(descriptor, 1, size - 1) != b"\n":
        end = _after_last_newline(descriptor, size)
        logger.warning(
            f"the last {size - end} bytes of {path} are half a line that a killed process has left; they are"
            " cut off, and what stands before them is whole"
        )
        size = end
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


def _after_last_newline(descriptor: int, size: int) -> int:
    at = size
    while at > 0:
        start = max(at - _CHUNK, 0)
        found = os.pread(descriptor, at - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        at = start
    return 0


@contextlib.contextmanager
def _reading(path: str) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
