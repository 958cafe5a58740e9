"""The line of a sweep: on a terminal, after a while, and nowhere else."""

from __future__ import annotations

import io
import re
import subprocess
import sys

import pytest

from mlrun.execution.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "JUPYTER_COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def shown(stream: io.StringIO) -> str:
    """What was written, without colours and movements."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())


def test_a_long_sweep_shows_where_it_is() -> None:
    stream, clock = Terminal(), Clock()

    with Progress(72, "train", stream, clock) as progress:
        clock.now += 12
        progress.advance(12, failed=1, best="max.accuracy 0.93 (iteration 7)")

        text = shown(stream)

    assert "train" in text
    assert "12/72, 1 failed, best max.accuracy 0.93 (iteration 7), 1:00 left" in text


def test_a_sweep_of_unknown_length_counts() -> None:
    stream, clock = Terminal(), Clock()

    with Progress(None, "train", stream, clock) as progress:
        clock.now += 2
        progress.advance(3)

    assert "3 done" in shown(stream) and "left" not in shown(stream)


def test_a_short_sweep_shows_nothing() -> None:
    stream, clock = Terminal(), Clock()

    with Progress(3, "train", stream, clock) as progress:
        clock.now += 0.9
        progress.advance(3)

    assert stream.getvalue() == ""


def test_nothing_is_written_where_there_is_no_terminal() -> None:
    stream, clock = io.StringIO(), Clock()

    with Progress(3, "train", stream, clock) as progress:
        clock.now += 100
        progress.advance(1)

    assert stream.getvalue() == ""


def test_many_quick_children_are_not_drawn_one_by_one() -> None:
    stream, clock = Terminal(), Clock()

    with Progress(1000, "train", stream, clock) as progress:
        clock.now += 2
        progress.advance(1)
        length = len(stream.getvalue())
        clock.now += 0.05
        progress.advance(2)

        assert len(stream.getvalue()) == length


def test_leaving_clears_the_line_and_shows_the_cursor() -> None:
    stream, clock = Terminal(), Clock()

    with Progress(10, "train", stream, clock) as progress:
        clock.now += 2
        progress.advance(1)

    assert stream.getvalue().endswith("\x1b[2K")
    assert stream.getvalue().rindex("\x1b[?25h") > stream.getvalue().rindex("\x1b[?25l")


def test_brackets_in_names_are_no_markup() -> None:
    stream, clock = Terminal(), Clock()

    with Progress(10, "train [red]", stream, clock) as progress:
        clock.now += 2
        progress.advance(1, best="[bold] 3")

    assert "train [red]" in shown(stream) and "[bold] 3" in shown(stream)


def test_hours_are_shown_as_hours() -> None:
    stream, clock = Terminal(), Clock()

    with Progress(101, "train", stream, clock) as progress:
        clock.now += 60
        progress.advance(1)

    assert "1:40:00 left" in shown(stream)


def test_no_terminal_library_is_loaded_for_nothing() -> None:
    code = (
        "import sys; from mlrun.execution.progress import Progress\n"
        "with Progress(1, 'x') as p: p.advance(1)\n"
        "print('rich' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
