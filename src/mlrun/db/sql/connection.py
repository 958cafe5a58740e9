"""Connections to one SQLite file: shared by threads, safe in forked children, with errors that answer."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from mlrun.db.sql import schema
from mlrun.db.sql.queue import WriterQueue, writing
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunRuntimeError,
    MLRunServiceUnavailableError,
)

Connection = sqlite3.Connection

BUSY_S = 60
MOST_IDLE = 8  # connections; each may hold 2 MB of the file
_SETTINGS = (
    "PRAGMA synchronous = FULL",  # NORMAL is faster and loses the last commits with the power
    "PRAGMA foreign_keys = ON",  # SQLite ignores them unless told
    "PRAGMA temp_store = MEMORY",
)
# A child may neither use nor close the connections of its parent: closing would drop the parent's locks.
_inherited: list[Connection] = []


class Connections:
    """
    The open connections to the file *path*; a thread borrows one for each piece of work.

    The file and its folder are created, and older schemas are migrated, on first need; when the file
    was removed or replaced meanwhile, the new one is opened.

    Example::

        with connections.write() as connection:
            connection.execute("DELETE FROM runs WHERE uid = :uid", {"uid": uid})
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._queue = WriterQueue(f"{path}-lock")
        self._idle: list[Connection] = []
        self._pid = os.getpid()
        self._file: tuple[int, int] | None = None  # device and inode of what the idle ones are open on

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for statements that each see the newest state."""
        with explained(self.path), self._borrowed() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection in a transaction: on the disk when the block ends, undone when it raises."""
        with explained(self.path), self._borrowed() as connection, self._queue.turn():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close what is idle; what is borrowed now is closed when it comes back."""
        self._file = None
        self._forget_parents()
        self._queue.close()
        while self._idle:
            self._idle.pop().close()

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator[Connection]:
        connection, file = self._take()
        try:
            yield connection
        finally:
            is_good = file == self._file and not connection.in_transaction
            if is_good and len(self._idle) < MOST_IDLE:
                self._idle.append(connection)
            else:
                connection.close()

    def _take(self) -> tuple[Connection, tuple[int, int] | None]:
        self._forget_parents()
        if self._file is None or self._file != _identity(self.path):
            self.close()
            with writing:
                if self._file is None:
                    self._idle.append(self._create())
                    self._file = _identity(self.path)
        with contextlib.suppress(IndexError):  # another thread may have taken the last one
            return self._idle.pop(), self._file
        return self._connect(), self._file

    def _forget_parents(self) -> None:
        if self._pid != os.getpid():
            _inherited.extend(self._idle)
            self._idle = []
            self._pid = os.getpid()

    def _create(self) -> Connection:
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        connection = self._connect()
        try:
            with self._queue.turn():
                _use_wal(connection)
                schema.migrate(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self) -> Connection:
        connection = sqlite3.connect(
            self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            for setting in _SETTINGS:
                connection.execute(setting)
        except BaseException:
            connection.close()
            raise
        return connection


@contextlib.contextmanager
def explained(path: str) -> Iterator[None]:
    """Errors of SQLite and of the file system inside the block come out as ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise as_error(path, error) from error
    except (OverflowError, UnicodeEncodeError) as error:
        raise MLRunInvalidArgumentError(f"a database can not hold this value: {error}") from error
    except OSError as error:
        if isinstance(error, MLRunBaseError):
            raise
        kind = MLRunAccessDeniedError if isinstance(error, PermissionError) else MLRunRuntimeError
        raise kind(f"can not open the database {path}: {error.strerror or error}") from error


def as_error(path: str, error: sqlite3.Error) -> MLRunBaseError:
    """What SQLite says about the database *path*, as an answer."""
    name = str(getattr(error, "sqlite_errorname", ""))
    for beginning, kind, text in _ANSWERS:
        if name.startswith(beginning):
            return kind(text.format(path=path, folder=os.path.dirname(path)))
    if "binding parameter" in str(error):
        return MLRunInvalidArgumentTypeError(f"a database can not hold this value: {error}")
    return MLRunRuntimeError(f"the database {path} failed: {error}")


_ANSWERS: list[tuple[str, type[MLRunBaseError], str]] = [
    ("SQLITE_NOTADB", MLRunInvalidArgumentError, "{path} is not a SQLite database"),
    ("SQLITE_FULL", MLRunRuntimeError, "the disk of {path} is full: nothing of this call was stored"),
    (
        "SQLITE_READONLY",
        MLRunAccessDeniedError,
        "the database {path} is read-only here: the file and the folder {folder} have to be writable",
    ),
    (
        "SQLITE_CANTOPEN",
        MLRunAccessDeniedError,
        "can not open the database {path}: the folder {folder} has to exist and be writable",
    ),
    (
        "SQLITE_BUSY",
        MLRunServiceUnavailableError,
        f"another program kept the database {{path}} for over {BUSY_S} s; nothing of this call was stored",
    ),
    (
        "SQLITE_CORRUPT",
        MLRunRuntimeError,
        "the database {path} is damaged; sqlite3 '{path}' .recover prints what can be saved",
    ),
    ("SQLITE_IOERR", MLRunRuntimeError, "the disk of the database {path} failed to read or write"),
    ("SQLITE_TOOBIG", MLRunInvalidArgumentError, "the record is larger than a database can hold (1 GB)"),
]


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _use_wal(connection: Connection) -> None:
    """Readers and the writer do not wait for each other; this stays with the file."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            # Where two processes do this at once, one of them is refused without waiting.
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
            time.sleep(0.005)
