"""Connections to one PostgreSQL database: shared by threads, safe in forked children, locking by record."""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from mlrun.db.postgres import schema
from mlrun.db.postgres.address import Address
from mlrun.db.postgres.answers import explained, explained_connecting
from mlrun.db.postgres.dialect import TranslatingCursor
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.queue import writing

MOST_IDLE = 8  # connections
BUSY_MS = 60_000
_OPEN_TRANSACTION = (TransactionStatus.INTRANS, TransactionStatus.INERROR)
_MOST_LOCKS = 64  # in one transaction; the server has room for some thousand


class _Connection(psycopg.Connection[Any]):
    """A forked child neither uses nor closes it (psycopg sees to the latter): it would end for both."""

    pid = 0  # of the process that opened it

    def __del__(self, getpid: Any = os.getpid) -> None:
        if self.pid == getpid():
            super().__del__()


class Connections:
    """
    The open connections to the database at *address*; a thread borrows one for each piece of work.

    The tables are made, and older schemas are migrated, on first need. A connection that the server has
    ended while it was idle is replaced.

    Example::

        with connections.write("runs/default/3f2a") as connection:
            connection.execute("DELETE FROM runs WHERE uid = :uid", {"uid": uid})
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._idle: list[_Connection] = []
        self._ready = False  # the schema is known to be the latest
        weakref.finalize(self, _close_all, self._idle)  # also when the program ends

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for statements that each see the newest state."""
        with explained(self.address), self._borrowed() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self, *records: str) -> Iterator[Connection]:
        """
        A connection in a transaction: on the disk when the block ends, undone when it raises.

        Args:
            records: What is written, by name: writers of one record take turns, and others go on beside
                them. None stands for everything.
        """
        with explained(self.address), self._borrowed() as connection:
            connection.execute(_begin(records))
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.info.transaction_status in _OPEN_TRANSACTION:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close what is idle; what is borrowed now is closed when it comes back."""
        self._ready = False
        _close_all(self._idle)

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator[_Connection]:
        connection = self._take()
        try:
            yield connection
        finally:
            is_whole = connection.info.transaction_status == TransactionStatus.IDLE
            if is_whole and self._ready and len(self._idle) < MOST_IDLE:
                self._idle.append(connection)
            else:
                connection.close()

    def _take(self) -> _Connection:
        with contextlib.suppress(IndexError):
            while self._ready:
                connection = self._idle.pop()
                if connection.pid != os.getpid():
                    continue
                if _is_alive(connection):
                    return connection
                connection.close()
        connection = self._connect()
        if not self._ready:
            self._prepare(connection)
        return connection

    def _prepare(self, connection: _Connection) -> None:
        try:
            with writing:
                schema.migrate(connection, self.address)
        except BaseException:
            connection.close()
            raise
        self._ready = True

    def _connect(self) -> _Connection:
        with explained_connecting(self.address):
            connection = _Connection.connect(
                autocommit=True, cursor_factory=TranslatingCursor, **self.address.connecting
            )
        connection.pid = os.getpid()
        return connection


def _begin(records: Iterable[str]) -> str:
    """
    Begin, and wait until nobody else writes the same.

    Each writer has a share of the lock on the whole, and the locks of its records, in one order for all,
    so that no two wait for each other; who writes everything has the whole lock alone.
    """
    keys = sorted({_lock_of(name) for name in records})
    if keys and len(keys) <= _MOST_LOCKS:
        locks = ["pg_advisory_xact_lock_shared(0, 0)", *(f"pg_advisory_xact_lock({key})" for key in keys)]
    else:
        locks = ["pg_advisory_xact_lock(0, 0)"]
    return (
        f"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = {BUSY_MS}; SELECT {', '.join(locks)}"
    )


def _lock_of(name: str) -> int:
    """Two names with one number would only wait for each other."""
    text = name.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big", signed=True)


def _is_alive(connection: _Connection) -> bool:
    """Whether the server has said nothing since: what it says unasked is its good-bye."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)


def _close_all(connections: list[_Connection]) -> None:
    with contextlib.suppress(IndexError):  # another thread may take the last one
        while True:
            connection = connections.pop()
            if connection.pid == os.getpid():
                connection.close()
