"""Whether anybody has written into a SQLite file, without looking at its tables."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import weakref

from mlrun.db.sql.connection import explained


class ChangeCounter:
    """
    Counts the looks at the file *path* that found it written since the last one; threads may share it.

    SQLite keeps a number for each connection, which changes when another one writes: this connection
    never writes, so it sees them all, of this process and of others.

    Example::

        before = counter.read()
        assert counter.read() == before
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._opened: sqlite3.Connection | None = None
        self._of: tuple[int, int, int] | None = None  # process, device and inode
        self._version = self._count = 0
        self._close: weakref.finalize[..., ChangeCounter] | None = None

    def read(self) -> int:
        with self._lock, explained(self.path):
            (version,) = self._connection().execute("PRAGMA data_version").fetchone()
            if version != self._version:
                self._version = version
                self._count += 1
            return self._count

    def close(self) -> None:
        with self._lock:
            self._forget()

    def _connection(self) -> sqlite3.Connection:
        status = os.stat(self.path)
        of = (os.getpid(), status.st_dev, status.st_ino)
        if self._opened is None or of != self._of:
            self._forget()
            # Not one that only reads: where it is the first of the file, the WAL has to be made.
            self._opened = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            self._close = weakref.finalize(self, self._opened.close)
            self._of, self._version = of, 0
            self._count += 1
        return self._opened

    def _forget(self) -> None:
        if self._close and self._of and self._of[0] == os.getpid():
            with contextlib.suppress(sqlite3.Error):
                self._close()
        elif self._close:
            self._close.detach()  # of the parent: closing it here would drop the parent's locks
        self._opened = None
