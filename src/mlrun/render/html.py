"""Tables of records as HTML that stands on its own, on light and on dark pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from mlrun.render.cells import OTHER_STATE, STATES, Folded, Link, filled, plain

LONG_TEXT = 80  # characters; longer cells are folded
LONG_LIST = 8  # lines; longer cells are folded
SAFE_LINKS = ("http://", "https://", "file://", "/", "./", "../", "#")

_CELL = "padding:4px 10px;text-align:left;vertical-align:top;color:inherit;border:0"
_HEAD = f"{_CELL};font-weight:600;border-bottom:1px solid rgba(128,128,128,.45);white-space:nowrap"
_ZEBRA = ("background:transparent", "background:rgba(128,128,128,.09)")
_TABLE = (
    "border-collapse:collapse;font-size:13px;line-height:1.45;color:inherit;background:transparent;border:0"
)
_SMALL = "font-size:12px;line-height:1.4;overflow-wrap:anywhere"
_MONO = "font-family:ui-monospace,Menlo,Consolas,monospace"


def html_table(header: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> str:
    """
    A table that reads well on light and dark pages, without any style sheet.

    Args:
        header: Names of the columns; one named ``state`` gets coloured badges.
        rows: Cells of any type: dictionaries become ``key=value`` lines, :class:`Link` a link,
            long text is folded. Every text is escaped.
    """
    head = "".join(f'<th style="{_HEAD}">{escape(name)}</th>' for name in header)
    body = "".join(
        f'<tr style="{_ZEBRA[number % 2]}">'
        + "".join(f'<td style="{_CELL}">{_html_cell(name, cell)}</td>' for name, cell in zip(header, row))
        + "</tr>"
        for number, row in enumerate(rows)
    )
    table = f'<table style="{_TABLE}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'{html_title(title)}<div style="overflow-x:auto">{table}</div>'


def record_html(title: str, record: Mapping[str, Any]) -> str:
    """One record as a table of two columns; empty values are left out."""
    rows = "".join(
        f'<tr style="{_ZEBRA[number % 2]}"><th style="{_CELL};font-weight:600;white-space:nowrap">'
        f'{escape(key)}</th><td style="{_CELL}">{_html_cell(key, value)}</td></tr>'
        for number, (key, value) in enumerate(filled(record))
    )
    table = f'<table style="{_TABLE}"><tbody>{rows}</tbody></table>'
    return f'{html_title(title)}<div style="overflow-x:auto">{table}</div>'


def html_page(title: str, body: str) -> str:
    """A whole page around fragments of HTML, for a file."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<style>:root{color-scheme:light dark}body{font:14px/1.5 system-ui,sans-serif;margin:24px}</style>"
        f"</head><body>{body}</body></html>\n"
    )


def html_title(title: str) -> str:
    return f'<div style="font-weight:600;margin:4px 0 6px">{escape(title)}</div>' if title else ""


def _html_cell(name: str, value: Any) -> str:
    if name == "state" and isinstance(value, str) and value:
        color = STATES.get(value, OTHER_STATE).html
        style = f"background:{color};color:#fff;border-radius:9px;padding:1px 8px;font-size:12px"
        return f'<span style="{style}">{escape(value)}</span>'
    if isinstance(value, Link):
        return _anchor(value.text, value.url)
    if isinstance(value, Folded):
        return _fold(escape(value.summary), escape(value.text))
    if isinstance(value, Mapping):
        return _html_lines([f"{escape(str(key))}={_html_item(item)}" for key, item in value.items()])
    if isinstance(value, (list, tuple)):
        return _html_lines([_html_item(item) for item in value])
    return _html_text(value)


def _html_item(value: Any) -> str:
    return _anchor(value.text, value.url) if isinstance(value, Link) else _html_text(value)


def _html_text(value: Any) -> str:
    text = plain(value)
    if text.startswith(("http://", "https://")) and " " not in text:
        return _anchor(text, text)
    if len(text) > LONG_TEXT or "\n" in text:
        first = text.strip().split("\n", 1)[0][: LONG_TEXT - 20]
        return _fold(f"{escape(first)}…", escape(text))
    return escape(text)


def _html_lines(lines: list[str]) -> str:
    if not lines:
        return ""
    shown = "".join(f"<div>{line}</div>" for line in lines[:LONG_LIST])
    rest = "".join(f"<div>{line}</div>" for line in lines[LONG_LIST:])
    more = f"<details><summary>{len(lines) - LONG_LIST} more</summary>{rest}</details>" if rest else ""
    return f'<div style="{_SMALL}">{shown}{more}</div>'


def _fold(summary: str, text: str) -> str:
    style = f"white-space:pre-wrap;{_MONO};{_SMALL};max-width:60em"
    return f'<details><summary>{summary}</summary><div style="{style}">{text}</div></details>'


def _anchor(text: str, url: str) -> str:
    if not url.startswith(SAFE_LINKS):  # a record may hold javascript:...
        return escape(text)
    target = quote(url, safe="%/:=&?~#+!$,;'@()*[]")
    return (
        f'<a href="{escape(target)}" target="_blank" rel="noopener" title="{escape(url)}">{escape(text)}</a>'
    )
