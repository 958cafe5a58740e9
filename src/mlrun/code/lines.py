"""Which lines of a cell begin a statement: magics may stand there, and only there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""(?P<comment>\#.*)|(?P<triple>\"{3}|'{3})|(?P<string>"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)"""
    r"""|(?P<open>[\[({])|(?P<close>[\])}])|(?P<more>\\$)""",
    re.VERBOSE,
)
_TRIPLE_END = {quote: re.compile(rf"(?:\\.|[^\\])*?{quote}") for quote in ('"""', "'''")}


class Line(NamedTuple):
    text: str
    starts: bool  # a statement may begin here
    in_string: bool  # the line begins inside a string of several lines
    comment: str  # with its "#"; empty for none


def scan(lines: list[str]) -> Iterator[Line]:
    """Go over the *lines* of a cell; quotes and brackets of a magic count for nothing."""
    depth, quote, more = 0, "", False
    for text in lines:
        starts = not depth and not quote and not more
        if starts and is_magic(text):
            yield Line(text, True, False, "")
            continue
        in_string, comment, position, more = bool(quote), "", 0, False
        while position < len(text):
            if quote:
                end = _TRIPLE_END[quote].match(text, position)
                if not end:
                    break
                quote, position = "", end.end()
            elif not (token := _TOKEN.search(text, position)):
                break
            else:
                position = token.end()
                quote = token["triple"] or ""
                depth = max(depth + bool(token["open"]) - bool(token["close"]), 0)
                comment = token["comment"] or ""
                more = bool(token["more"])
        yield Line(text, starts, in_string, comment)


_MAGIC = re.compile(
    r"\s*(?:[%!?]|(?:[A-Za-z_][\w.]*\?{1,2}\s*$)|(?:[A-Za-z_][\w., \[\]'\"]*=\s*(?:!|%{1,2}[A-Za-z_])))"
)


def is_magic(text: str) -> bool:
    """Whether *text*, where a statement may begin, is IPython's and not Python's."""
    return bool(_MAGIC.match(text))
