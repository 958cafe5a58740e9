"""Whatever user code prints goes where it went before, and into the log of its run."""

from __future__ import annotations

import contextlib
import contextvars
import io
import sys
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self, TextIO

from mlrun import files
from mlrun.config import mlconf
from mlrun.db.base import RunDB
from mlrun.execution.flusher import flusher
from mlrun.log import logger
from mlrun.secrets import Masker

FLUSH_ABOVE = 64_000  # characters


class LogWriter:
    """
    Appends text to one run's log in batches; readers see it while the run is live.

    Threads may share an instance. A database that can not be written is said once, and the run goes on.

    Args:
        banner: A line before the first thing that is written.
        masker: Makes stars of secrets; what may be the beginning of one is stored once more is written,
            or at the end.
    """

    def __init__(
        self, db: RunDB, uid: str, project: str, banner: str = "", masker: Masker | None = None
    ) -> None:
        self._db, self._uid, self._project = db, uid, project
        self._stream = (masker or Masker()).stream()
        self._banner = f"{banner}\n".encode() if banner else b""
        self._parts: list[bytes] = []
        self._size = 0
        self._full_at = FLUSH_ABOVE
        self._lock = threading.Lock()  # of the parts, held for a moment only
        self._storing = threading.RLock()
        self._failed = False

    def write(self, data: bytes) -> None:
        if not data:
            return
        with self._lock:
            data = self._stream.feed(self._banner + data)
            self._banner = b""
            self._parts.append(data)
            self._size += len(data)
            full = self._size > self._full_at
        if full:
            self.flush()
        else:
            flusher.later(self.flush, float(mlconf.logs.flush_interval))

    def flush(self) -> None:
        """Store what is there. A database that logs while it stores may write here meanwhile."""
        try:
            with self._storing:  # so that two flushes can not swap their order
                self._store()
        except Exception as error:
            if not self._failed:
                self._failed = True
                logger.warning(f"the log of run {self._project}/{self._uid} can not be stored: {error}")

    def _store(self) -> None:
        with self._lock:
            parts, self._parts = self._parts, []
            self._size = 0
        if not (body := b"".join(parts)):
            return
        try:
            self._db.store_log(self._uid, self._project, body, append=True)
        except BaseException:
            with self._lock:
                self._parts[:0] = parts
                self._size = sum(map(len, self._parts))
                self._full_at = 2 * max(
                    self._size, FLUSH_ABOVE
                )  # not with each line: all of it is sent again
            raise
        self._full_at = FLUSH_ABOVE

    def close(self) -> None:
        with self._lock:
            self._parts.append(self._stream.end())
        self.flush()
        flusher.cancel(self.flush)
        self.flush()  # what was written while the first one stored


_current: contextvars.ContextVar[LogWriter | None] = contextvars.ContextVar("mlrun_log", default=None)
_active: list[LogWriter] = []  # for threads that user code starts: they have no context of their own


class Tee(io.TextIOBase):
    """A standard stream that also feeds the log of the run that prints."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        writer = _current.get() or (_active[-1] if len(_active) == 1 else None)
        if writer is not None:
            writer.write(text.encode("utf-8", "replace"))
        with files.readers_may_go(self.stream):
            self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        with files.readers_may_go(self.stream):
            self.stream.flush()

    def isatty(self) -> bool:
        return self.stream.isatty()

    def fileno(self) -> int:
        return self.stream.fileno()

    def writable(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class capture:
    """
    While the block runs, ``sys.stdout`` and ``sys.stderr`` also feed *writer*.

    Blocks nest and run side by side in threads: each run gets what it prints itself.
    """

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer

    def __enter__(self) -> Self:
        self._streams = (sys.stdout, sys.stderr)
        with _streams_lock:
            if not isinstance(sys.stdout, Tee):
                sys.stdout = Tee(sys.stdout)
            if not isinstance(sys.stderr, Tee):
                sys.stderr = Tee(sys.stderr)
            _active.append(self._writer)
        self._token = _current.set(self._writer)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.reset(self._token)
        with _streams_lock:
            _active.remove(self._writer)
            if not _active:  # the last one out takes the tees off, if nobody else has
                if isinstance(sys.stdout, Tee):
                    sys.stdout = sys.stdout.stream
                if isinstance(sys.stderr, Tee):
                    sys.stderr = sys.stderr.stream
        self._writer.close()


class MaskedText(io.TextIOBase):
    """A standard stream without secrets, for output that others can read: that of a pod."""

    def __init__(self, stream: TextIO, masker: Masker) -> None:
        self._under, self._pieces = stream, masker.stream()
        self._lock = threading.Lock()

    def write(self, text: str) -> int:
        with self._lock:
            self._under.write(self._pieces.feed(text.encode("utf-8", "replace")).decode())
        return len(text)

    def flush(self) -> None:
        self._under.flush()

    def end(self) -> None:
        """Write what was held back because it might have been the beginning of a secret."""
        with self._lock:
            self._under.write(self._pieces.end().decode())
        self._under.flush()

    def writable(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._under, name)


@contextlib.contextmanager
def masked_output(masker: Masker) -> Iterator[None]:
    """While the block runs, what this process prints has stars for the secrets that *masker* knows."""
    streams = MaskedText(sys.stdout, masker), MaskedText(sys.stderr, masker)
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        try:
            yield
        finally:
            for stream in streams:
                stream.end()


_streams_lock = threading.Lock()
