"""Connections to one SQLite file: shared by threads, safe in forked children, with errors that answer."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

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


class Cursor(Protocol):
    """What a statement has found; as the DB-API has it."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...
    def executemany(self, sql: str, values: Any, /) -> Any: ...


class Connection(Protocol):
    """What the tables need of a connection, whichever the database; values are named ``:value``."""

    def execute(self, sql: str, values: Any = ..., /) -> Cursor: ...
    def cursor(self) -> Cursor: ...


BUSY_S = 60
MOST_IDLE = 8  # connections; each may hold 2 MB of the file
_SETTINGS = (
    "PRAGMA synchronous = FULL",  # NORMAL is faster and loses the last commits with the power
    "PRAGMA foreign_keys = ON",  # SQLite ignores them unless told
    "PRAGMA temp_store = MEMORY",
)
# A child may neither use nor close the connections of its parent: closing would drop the parent's locks.
_inherited: list[_Open] = []


_FileId = tuple[int, int]  # device and inode


class _Open(NamedTuple):
    """A connection, the file that it is open on, and the process that opened it."""

    connection: sqlite3.Connection
    file: _FileId | None
    pid: int


class _Mine(threading.local):
    """What a thread has of its own."""

    shared: sqlite3.Connection | None = None  # in a transaction that its writes share


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
        self._mine = _Mine()
        self._idle: list[_Open] = []
        self._ready: _FileId | None = None  # the file whose schema is known to be the latest
        weakref.finalize(self, _close_all, self._idle)  # also when the program ends

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for statements that each see the newest state."""
        with explained(self.path):
            if self._mine.shared:
                yield self._mine.shared
            else:
                with self._borrowed() as connection:
                    yield connection

    @contextlib.contextmanager
    def write(self, *records: str) -> Iterator[Connection]:
        """A connection in a transaction: on the disk when the block ends, undone when it raises."""
        with explained(self.path):
            if self._mine.shared:
                with _part_of(self._mine.shared):
                    yield self._mine.shared
            else:
                with self._transaction() as connection:
                    yield connection

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What this thread reads and writes in the block is one transaction, as :meth:`write`."""
        with explained(self.path), self._transaction() as connection:
            self._mine.shared = connection
            try:
                yield
            finally:
                self._mine.shared = None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._borrowed() as connection, self._queue.turn():
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
        self._ready = None
        self._queue.close()
        _close_all(self._idle)

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator[sqlite3.Connection]:
        opened = self._take()
        try:
            yield opened.connection
        finally:
            is_whole = opened.file == self._ready and not opened.connection.in_transaction
            if is_whole and len(self._idle) < MOST_IDLE:
                self._idle.append(opened)
            else:
                _close_all([opened])

    def _take(self) -> _Open:
        if self._ready is None or self._ready != _identity(self.path):
            self.close()
            with writing:
                if self._ready is None:
                    self._create()
        with contextlib.suppress(IndexError):
            while True:
                opened = self._idle.pop()
                if opened.file == self._ready and opened.pid == os.getpid():
                    return opened
                _close_all([opened])
        return _Open(self._connect(), self._ready, os.getpid())

    def _create(self) -> None:
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        _create_file(self.path)
        connection = self._connect()
        try:
            with self._queue.turn():
                _use_wal(connection)
                schema.migrate(connection, self.path)
        except BaseException:
            connection.close()
            raise
        self._ready = _identity(self.path)
        self._idle.append(_Open(connection, self._ready, os.getpid()))

    def _connect(self) -> sqlite3.Connection:
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
def _part_of(connection: sqlite3.Connection) -> Iterator[None]:
    """The block is a part of the transaction of *connection*; when it raises, that part alone is undone."""
    if not connection.in_transaction:
        raise MLRunRuntimeError("the transaction that this write is a part of was undone")
    connection.execute("SAVEPOINT part")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # a full disk undoes all of it
            connection.execute("ROLLBACK TO part")
            connection.execute("RELEASE part")
        raise
    connection.execute("RELEASE part")


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
    name = _name_of(error)
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


def _name_of(error: sqlite3.Error) -> str:
    """SQLite's name of *error*; before Python 3.11 there is only its text, which is always the same."""
    return str(getattr(error, "sqlite_errorname", None) or _NAMES.get(str(error), ""))


_NAMES = {
    "file is not a database": "SQLITE_NOTADB",
    "database or disk is full": "SQLITE_FULL",
    "attempt to write a readonly database": "SQLITE_READONLY",
    "unable to open database file": "SQLITE_CANTOPEN",
    "database is locked": "SQLITE_BUSY",
    "database disk image is malformed": "SQLITE_CORRUPT",
    "disk I/O error": "SQLITE_IOERR",
    "string or blob too big": "SQLITE_TOOBIG",
}


def _close_all(opened: list[_Open]) -> None:
    with contextlib.suppress(IndexError):  # another thread may take the last one
        while True:
            one = opened.pop()
            if one.pid == os.getpid():
                one.connection.close()
            else:
                _inherited.append(one)


def _identity(path: str) -> _FileId | None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _create_file(path: str) -> None:
    """
    With secrets in it, it is its owner's only; SQLite gives its other files the same mode.

    A file that is there keeps the mode that somebody has given to it.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _use_wal(connection: sqlite3.Connection) -> None:
    """Readers and the writer do not wait for each other; this stays with the file."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            # Where two processes do this at once, one of them is refused without waiting.
            if not _name_of(error).startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
            time.sleep(0.005)
