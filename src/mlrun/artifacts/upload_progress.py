"""How far an upload is, on one line of a terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

WORTH_A_LINE = 1.0  # seconds: what is done sooner shows nothing
_PAUSE = 0.1  # seconds between two changes of the line


class UploadProgress:
    """
    Counts files; shows a line on a terminal once it takes long, and nothing where there is none.

    One thread counts.

    Example::

        with UploadProgress(files=2, size=100) as progress:
            progress.advance(60)
            progress.advance(40)
    """

    def __init__(self, files: int, size: int, clock: float | None = None) -> None:
        self._files, self._size = files, size
        self._done = self._sent = 0
        self._started = time.monotonic() if clock is None else clock
        self._shown = 0.0
        self._is_terminal = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def advance(self, size: int) -> None:
        """One more file of *size* bytes is there."""
        self._done, self._sent = self._done + 1, self._sent + size
        now = time.monotonic()
        if self._is_terminal and now - self._started > WORTH_A_LINE and now - self._shown > _PAUSE:
            self._shown = now
            print(f"\r\033[K{self}", end="", file=sys.stderr, flush=True)

    def __str__(self) -> str:
        sent, size = self._sent / 1e6, self._size / 1e6
        return f"uploading: {self._done} of {self._files} files, {sent:.0f} of {size:.0f} MB"
