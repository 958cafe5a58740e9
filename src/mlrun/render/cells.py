"""What a cell of a table may be, and its plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class StateColor(NamedTuple):
    html: str
    terminal: str


STATES = {
    "completed": StateColor("#1a7f37", "green"),
    "running": StateColor("#0969da", "blue"),
    "error": StateColor("#cf222e", "red"),
    "aborted": StateColor("#9a6700", "yellow"),
    "aborting": StateColor("#9a6700", "yellow"),
}
OTHER_STATE = StateColor("#6e7781", "bright_black")


class Link(NamedTuple):
    """A cell that leads somewhere."""

    text: str
    url: str


class Folded(NamedTuple):
    """A cell that shows its summary, and in HTML opens to the whole text."""

    summary: str
    text: str


def plain(value: Any) -> str:
    """Any cell as text: numbers short, dictionaries as ``key=value``, no control characters."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Link):
        return value.text
    if isinstance(value, Folded):
        return value.summary
    if isinstance(value, Mapping):
        return ", ".join(f"{plain(key)}={plain(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(plain(item) for item in value)
    text = str(value)
    # What a run has stored must not steer the terminal.
    return text if text.isprintable() else "".join(c for c in text if c.isprintable() or c in "\n\t")


def filled(record: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in record.items() if value not in (None, "", [], {}, ())]
