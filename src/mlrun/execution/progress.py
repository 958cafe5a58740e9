"""How far a sweep is, as one line on a terminal; anywhere else nothing is written."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from typing_extensions import Self

QUIET_S = 1.0  # a shorter sweep shows nothing
REDRAW_S = 0.1


class Progress:
    """
    The line of one sweep on stderr, from its first second until the block is left, which clears it.

    It is drawn by :meth:`advance` only: there is no thread.

    Args:
        total: None where it is not known.
        what: At the beginning of the line, for example the run's name.
        stream: By default ``sys.stderr``.
        clock: Seconds.

    Example::

        with Progress(72, "train") as progress:
            progress.advance(done=12, failed=1, best="max.accuracy 0.93 (iteration 7)")
    """

    def __init__(
        self,
        total: int | None,
        what: str,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total = total
        self._what = what
        self._stream = stream if stream is not None else sys.stderr
        self._clock = clock
        self._next = clock() + QUIET_S
        self._started = clock()
        self._is_shown = bool(getattr(self._stream, "isatty", lambda: False)())
        self._bar: Bar | None = None
        self._task: Any = None

    def advance(self, done: int, failed: int = 0, best: str = "") -> None:
        """Show how many children have ended, *failed* included, and which is the best so far."""
        now = self._clock()
        if not self._is_shown or now < self._next:
            return
        self._next = now + REDRAW_S
        if self._bar is None:
            self._start()
        assert self._bar is not None
        self._bar.update(self._task, completed=done, text=self._text(done, failed, best, now))
        self._bar.refresh()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        self._is_shown = False

    def _start(self) -> None:
        from rich.console import Console  # 60 ms, for sweeps that take longer than a second on a terminal
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[text]}", markup=False),
            console=Console(file=self._stream),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,  # what children print is captured already
            redirect_stderr=False,
        )
        self._task = self._bar.add_task(self._what, total=self._total, text="")
        self._bar.start()

    def _text(self, done: int, failed: int, best: str, now: float) -> str:
        parts = [f"{done}/{self._total}" if self._total is not None else f"{done} done"]
        if failed:
            parts.append(f"{failed} failed")
        if best:
            parts.append(f"best {best}")
        if self._total and done:
            parts.append(f"{_duration((now - self._started) / done * (self._total - done))} left")
        return ", ".join(parts)


def _duration(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
