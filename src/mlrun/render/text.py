"""Tables of records as text, for a terminal or a file."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlrun.render.cells import OTHER_STATE, STATES, Folded, Link, filled, plain

# What people copy to the next command, or is short: on most terminals it stays on one line.
_WHOLE = ("uid", "hash", "key", "tag", "iter", "state", "kind")


def wants_color() -> bool:
    """Whether a person looks at standard output, and has not asked for no colour (``NO_COLOR``)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def text_table(header: Sequence[str], rows: Iterable[Sequence[Any]], width: int | None = None) -> str:
    """
    A table for a terminal or a file.

    Args:
        width: Wrap cells so that lines have at most so many characters; ``None`` is the width of
            the terminal, and no limit where standard output is none: each record is one whole line.
    """
    if width is None and not sys.stdout.isatty():
        return _plain_table(header, rows)
    return _rich_table(header, rows, width or shutil.get_terminal_size().columns)


def _plain_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [list(header), *([" ".join(plain(cell).split()) for cell in row] for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines
    )


def _rich_table(header: Sequence[str], rows: Iterable[Sequence[Any]], width: int) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in header:
        table.add_column(name, overflow="fold", no_wrap=name in _WHOLE and width >= 80)
    for row in rows:
        table.add_row(*(Text(_lines(cell), _style(name, cell)) for name, cell in zip(header, row)))
    color = wants_color()
    console = Console(file=io.StringIO(), width=width, force_terminal=color, no_color=not color)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().strip("\n").split("\n"))


def _lines(cell: Any) -> str:
    if isinstance(cell, Mapping):
        return "\n".join(f"{plain(key)}={plain(item)}" for key, item in cell.items())
    return "\n".join(plain(item) for item in cell) if type(cell) in (list, tuple) else plain(cell)


def _style(name: str, cell: Any) -> str:
    return STATES.get(str(cell), OTHER_STATE).terminal if name == "state" else ""


def record_text(title: str, record: Mapping[str, Any]) -> str:
    """One record as lines ``name  value``; dictionaries take a line each key; empty values are left out."""
    lines: list[tuple[str, str]] = []
    for key, value in filled(record):
        if isinstance(value, Mapping):
            parts = [f"{plain(name)}={plain(item)}" for name, item in value.items()]
        elif isinstance(value, (list, tuple)) and not isinstance(value, (Link, Folded)):
            parts = [plain(item) for item in value]
        else:
            parts = plain(value.text if isinstance(value, Folded) else value).split("\n")
        lines += [(key if number == 0 else "", part) for number, part in enumerate(parts)]
    width = max((len(key) for key, _ in lines), default=0)
    text = "\n".join(f"{key.ljust(width)}  {part}".rstrip() for key, part in lines)
    return f"{title}\n{text}" if title else text
