"""A tree of lines, for a terminal and for a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import NamedTuple


class Branch(NamedTuple):
    """One line, and those below it."""

    text: str
    below: tuple[Branch, ...] = ()


def text_tree(root: Branch) -> str:
    """Lines that are joined by box characters."""
    return "\n".join([root.text, *_lines(root.below, "")])


def html_tree(root: Branch) -> str:
    """Folded lists that stand on their own; every text is escaped."""
    return f'<div style="font-size:13px;line-height:1.6;color:inherit">{_html(root)}</div>'


def _lines(branches: tuple[Branch, ...], before: str) -> Iterator[str]:
    for number, branch in enumerate(branches, 1):
        is_last = number == len(branches)
        yield f"{before}{'└─ ' if is_last else '├─ '}{branch.text}"
        yield from _lines(branch.below, before + ("   " if is_last else "│  "))


def _html(branch: Branch) -> str:
    if not branch.below:
        return f"<div>{escape(branch.text)}</div>"
    below = "".join(map(_html, branch.below))
    return (
        f"<details open><summary>{escape(branch.text)}</summary>"
        f'<div style="padding-left:20px">{below}</div></details>'
    )
