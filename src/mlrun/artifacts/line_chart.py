"""A line chart as SVG: axes, grid, legend and values to point at, without script or network."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, NamedTuple

from mlrun.errors import MLRunInvalidArgumentError

# Each is readable on white and on black; neighbours differ for colour-blind eyes too.
COLORS = ("#4c6ef5", "#f08c00", "#12a17c", "#e64980", "#8a63d2", "#1098ad", "#82a20a", "#c0563b")
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 20, 14, 48  # pixels around the plot
_MOST_MARKS = 600  # points that can be pointed at; more would only slow the page down
_LONG_NAME = 12  # characters of a word under the x axis

_FRAME = 'stroke="currentColor" stroke-opacity=".45"'
_GRID = 'stroke="currentColor" stroke-opacity=".13"'


class Size(NamedTuple):
    width: int = 760  # pixels, before the page scales it
    height: int = 380


class Table(NamedTuple):
    """What is drawn: a column of x, and a line each further column."""

    header: list[str]
    x: list[float]
    words: list[str]  # what stands at x = 0, 1, .. where the first column is not of numbers; else empty
    lines: list[list[float | None]]  # None is a gap


class Scale(NamedTuple):
    """From values to pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        part = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)  # a whole span may be too large
        return self.start + part * (self.end - self.start)


def table(header: Sequence[Any], rows: Sequence[Any]) -> Table:
    """
    Check the rows of a chart.

    Args:
        header: Names of the columns; made up where there are none.
        rows: Lists of cells: x, which may be words, then the values of each line; None and NaN make a gap.
            Rows of a single cell are one line over 1, 2, ...

    Raises:
        MLRunInvalidArgumentError: A row has more or fewer cells than the header, or a value is not a number;
            the message lists the first ones.
    """
    cells = [
        list(row) if isinstance(row, (list, tuple)) or hasattr(row, "__iter__") else [row] for row in rows
    ]
    width = len(header) or max(map(len, cells), default=2)
    if width == 1:
        cells = [[number, *row] for number, row in enumerate(cells, 1)]
        header, width = ["", *header] if header else [], 2
    wrong = [
        f"row {number} has {len(row)} cells, not {width}"
        for number, row in enumerate(cells, 1)
        if len(row) != width
    ]
    names = [str(name) for name in header] or ["", *(f"line {number}" for number in range(1, width))]
    first = [row[0] for row in cells if row]
    is_numeric = all(_number(value) is not None for value in first)
    lines = list(_lines(names, cells, wrong))
    if wrong:
        raise MLRunInvalidArgumentError(f"the chart can not be drawn: {'; '.join(wrong[:5])}")
    return Table(
        names,
        [_number(value) or 0.0 for value in first] if is_numeric else [float(n) for n in range(len(first))],
        [] if is_numeric else [str(value) for value in first],
        lines,
    )


def _lines(names: list[str], cells: list[list[Any]], wrong: list[str]) -> Iterator[list[float | None]]:
    for column in range(1, len(names)):
        values = [row[column] if column < len(row) else None for row in cells]
        wrong += [
            f"row {number}, {names[column]!r}: {value!r} is not a number"
            for number, value in enumerate(values, 1)
            if not _is_gap(value) and _number(value) is None
        ]
        yield [_number(value) for value in values]


def _number(value: Any) -> float | None:
    """A finite number; None for anything else. Text is not read as a number."""
    if value is None or isinstance(value, (str, bytes, bool)):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _is_gap(value: Any) -> bool:
    return (
        value is None
        or (not isinstance(value, (str, bytes)) and value != value)
        or value in (math.inf, -math.inf)
    )


def draw(chart: Table, title: str = "", size: Size | None = None) -> str:
    """The chart with its title and legend as a fragment of HTML; every text is escaped."""
    size = size or Size()
    values = [value for line in chart.lines for value in line if value is not None]
    y_ticks = ticks(min(values, default=0.0), max(values, default=1.0), 6)
    x_ticks = _word_ticks(chart.words) if chart.words else _number_ticks(chart.x)
    x = _scale(chart.x, chart.words, size)
    y = Scale(y_ticks[0], y_ticks[-1], size.height - _BOTTOM, _TOP)
    parts = [
        *_y_axis(y, y_ticks, size),
        *_x_axis(x, x_ticks, chart.header[0], size),
        *_curves(chart, x, y),
    ]
    heading = f'<h2 style="font-size:17px;margin:0 0 8px">{escape(title)}</h2>' if title else ""
    return (
        f'<figure style="margin:0;max-width:{size.width}px">{heading}{_legend(chart.header[1:])}'
        f'<svg viewBox="0 0 {size.width} {size.height}" width="100%" role="img" font-size="12"'
        f' font-family="system-ui,sans-serif" fill="currentColor">'
        f"<title>{escape(title or 'line chart')}</title>{''.join(parts)}</svg></figure>"
    )


def ticks(low: float, high: float, most: int) -> list[float]:
    """About *most* round numbers, evenly apart, that reach from *low* to *high* or a little beyond."""
    if low == high:
        low, high = (low - 0.5, high + 0.5) if low == 0 else (low - abs(low) / 2, high + abs(high) / 2)
    span = high / most - low / most  # high - low may be too large for a float
    base = 10.0 ** math.floor(math.log10(span))
    step = next(base * factor for factor in (1, 2, 2.5, 5, 10) if base * factor >= span * 0.9999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(step * number, 12 - math.floor(math.log10(step))) for number in range(first, last + 1)]


def _number_ticks(x: list[float]) -> list[tuple[float, str]]:
    if not x:
        return []
    low, high = min(x), max(x)
    if low == high:
        return [(low, label(low))]
    is_whole = all(value == int(value) for value in x)
    inside = (value for value in ticks(low, high, 8) if low <= value <= high)
    return [(value, label(value)) for value in inside if not is_whole or value == int(value)]


def _word_ticks(words: list[str]) -> list[tuple[float, str]]:
    step = max(1, math.ceil(len(words) / 7))
    return [(float(at), words[at]) for at in range(0, len(words), step)]


def _scale(x: list[float], words: list[str], size: Size) -> Scale:
    low, high = min(x, default=0.0), max(x, default=1.0)
    pad = 0.5 if words or low == high else (high / 50 - low / 50)
    return Scale(low - pad, high + pad, _LEFT, size.width - _RIGHT)


def label(value: float) -> str:
    """A short form of a number on an axis."""
    text = f"{value:.6g}" if value == 0 or 1e-4 <= abs(value) < 1e6 else f"{value:.4g}"
    return text.replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")


def _y_axis(y: Scale, values: list[float], size: Size) -> Iterator[str]:
    for value in values:
        at = f"{y(value):.1f}"
        yield f'<line x1="{_LEFT}" x2="{size.width - _RIGHT}" y1="{at}" y2="{at}" {_GRID}/>'
        yield f'<text x="{_LEFT - 8}" y="{at}" dy=".35em" text-anchor="end">{label(value)}</text>'


def _x_axis(x: Scale, values: list[tuple[float, str]], name: str, size: Size) -> Iterator[str]:
    bottom = size.height - _BOTTOM
    yield f'<line x1="{_LEFT}" x2="{size.width - _RIGHT}" y1="{bottom}" y2="{bottom}" {_FRAME}/>'
    for value, text in values:
        at = f"{x(value):.1f}"
        short = text if len(text) <= _LONG_NAME else text[: _LONG_NAME - 1] + "…"
        yield f'<line x1="{at}" x2="{at}" y1="{bottom}" y2="{bottom + 5}" {_FRAME}/>'
        yield (
            f'<text x="{at}" y="{bottom + 18}" text-anchor="middle">{escape(short)}'
            f"<title>{escape(text)}</title></text>"
        )
    middle = (_LEFT + size.width - _RIGHT) / 2
    yield (
        f'<text x="{middle:.1f}" y="{size.height - 8}" text-anchor="middle" font-weight="600">'
        f"{escape(name)}</text>"
    )


def _curves(chart: Table, x: Scale, y: Scale) -> Iterator[str]:
    has_marks = len(chart.x) * len(chart.lines) <= _MOST_MARKS
    for number, line in enumerate(chart.lines):
        color = COLORS[number % len(COLORS)]
        points = [None if v is None else (x(at), y(v)) for at, v in zip(chart.x, line)]
        yield f'<path d="{_path(points)}" fill="none" stroke="{color}" stroke-width="2"'
        yield ' stroke-linejoin="round" stroke-linecap="round"/>'
        if has_marks:
            yield from _marks(chart, number, points, color)


def _path(points: list[tuple[float, float] | None]) -> str:
    """A new part begins after each gap; a point alone between two gaps is a dot."""
    text, verb = [], "M"
    for point in points:
        if point is None:
            verb = "M"
        else:
            text.append(f"{verb}{point[0]:.1f} {point[1]:.1f}" + ("h0" if verb == "M" else ""))
            verb = "L"
    return "".join(text)


def _marks(chart: Table, number: int, points: list[tuple[float, float] | None], color: str) -> Iterator[str]:
    name = chart.header[number + 1]
    for at, point in enumerate(points):
        if point is not None:
            where = chart.words[at] if chart.words else label(chart.x[at])
            said = f"{chart.header[0] or 'x'} {where}: {name} {chart.lines[number][at]:.6g}"
            yield (
                f'<circle cx="{point[0]:.1f}" cy="{point[1]:.1f}" r="3" fill="{color}">'
                f"<title>{escape(said)}</title></circle>"
            )


def _legend(names: list[str]) -> str:
    swatch = (
        "display:inline-block;width:18px;height:3px;border-radius:2px;margin-right:6px;vertical-align:middle"
    )
    entries = "".join(
        f'<span><i style="{swatch};background:{COLORS[number % len(COLORS)]}"></i>{escape(name)}</span>'
        for number, name in enumerate(names)
    )
    style = "display:flex;flex-wrap:wrap;gap:4px 18px;font-size:13px;margin:0 0 6px 64px"
    return f'<figcaption style="{style}">{entries}</figcaption>'
