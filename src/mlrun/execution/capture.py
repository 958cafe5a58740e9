"""Whatever user code prints goes where it went before, and into the log of its run."""

from __future__ import annotations

import contextlib
import contextvars
import io
import os
import sys
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO, Protocol, TextIO, cast

from mlrun import files
from mlrun.config import mlconf
from mlrun.db.base import RunDB
from mlrun.execution import output_link
from mlrun.execution.flusher import flusher
from mlrun.log import logger
from mlrun.secrets import Masker

FLUSH_ABOVE = 64_000  # bytes
KEPT = 16 << 20  # bytes, while they can not be stored; of more, the beginning is lost


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
        self.uid, self.project, self.banner = uid, project, banner
        self._db = db
        self._stream = (Masker() if masker is None else masker).stream()
        self._banner = f"{banner}\n".encode() if banner else b""
        self._parts: list[bytes] = []
        self._size = 0
        self._full_at = FLUSH_ABOVE
        self._lost = 0
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
                logger.warning(f"the log of run {self.project}/{self.uid} can not be stored: {error}")

    def _store(self) -> None:
        with self._lock:
            parts, self._parts = self._parts, []
            lost, self._lost = self._lost, 0
            self._size = 0
        if not (body := b"".join(parts)):
            return
        if lost:
            body = b"(%d bytes could not be stored)\n" % lost + body
        try:
            self._db.store_log(self.uid, self.project, body, append=True)
        except BaseException:
            with self._lock:
                self._keep([*parts, *self._parts], lost)
                self._full_at = 2 * max(
                    self._size, FLUSH_ABOVE
                )  # all of it is sent again: not with each line
            raise
        self._full_at = FLUSH_ABOVE

    def _keep(self, parts: list[bytes], lost: int) -> None:
        size = sum(map(len, parts))
        while size > KEPT and len(parts) > 1:
            dropped = len(parts.pop(0))
            size, lost = size - dropped, lost + dropped
        self._parts, self._size, self._lost = parts, size, lost

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
        if (writer := _writer()) is not None:
            writer.write(text.encode("utf-8", "replace"))
        with files.readers_may_go(self.stream):
            self.stream.write(text)
        return len(text)

    @property
    def buffer(self) -> BinaryIO:
        return cast(BinaryIO, BytesTee(self.stream))

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


class BytesTee:
    """The same for bytes: ``sys.stdout.buffer``."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        if (writer := _writer()) is not None:
            writer.write(bytes(data))
        self._stream.flush()  # texts that were printed before come first
        return self._stream.buffer.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream.buffer, name)


def _writer() -> LogWriter | None:
    """Of the run that prints here."""
    return _current.get() or (_active[-1] if len(_active) == 1 else None)


class Log(Protocol):
    """Takes what is to stand in a run's log, and is not printed."""

    def write(self, data: bytes) -> None: ...


class capture:
    """
    While the block runs, what user code prints also feeds *writer*; gives what else can write to the log.

    Where another process reads the output of this one, it reads it for the run: whatever writes it, however
    this process ends. Elsewhere, and for a run inside of another one, ``sys.stdout`` and ``sys.stderr`` are
    tees: blocks nest and run side by side in threads, and each run gets what it prints itself.
    """

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer
        self._link: output_link.OutputLink | None = None

    def __enter__(self) -> Log:
        link = output_link.link()
        if link is not None and link.take():
            self._link = link
            link.begin(self._writer.uid, self._writer.project, self._writer.banner)
            return link
        with _streams_lock:
            if not isinstance(sys.stdout, Tee):
                sys.stdout = Tee(sys.stdout)
            if not isinstance(sys.stderr, Tee):
                sys.stderr = Tee(sys.stderr)
            _active.append(self._writer)
        self._token = _current.set(self._writer)
        return self._writer

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._link is not None:
            self._link.end()
            return
        _current.reset(self._token)
        with _streams_lock:
            if self._writer in _active:
                _active.remove(self._writer)
            if not _active:  # the last one out takes the tees off, if nobody else has
                _take_tees_off()
        self._writer.close()


def _take_tees_off() -> None:
    if isinstance(sys.stdout, Tee):
        sys.stdout = sys.stdout.stream
    if isinstance(sys.stderr, Tee):
        sys.stderr = sys.stderr.stream


def _after_fork() -> None:
    """A child process prints past the log; what its parent has not stored yet, its parent stores."""
    global _streams_lock
    _streams_lock = threading.Lock()
    _active.clear()
    _current.set(None)
    _take_tees_off()


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
os.register_at_fork(after_in_child=_after_fork)
