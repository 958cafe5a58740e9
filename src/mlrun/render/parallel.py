"""A picture of many runs: parallel coordinates as SVG with a little script, without dependencies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.render.cells import plain
from mlrun.render.html import html_title

COLOR_SCALES = {
    "default": ("#4c6ef5", "#12b886", "#f59f00"),  # each stop is readable on white and on black
    "viridis": ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"),
    "plasma": ("#0d0887", "#7e03a8", "#cc4778", "#f89540", "#f0f921"),
    "blues": ("#c6dbef", "#6baed6", "#08519c"),
    "greens": ("#c7e9c0", "#74c476", "#006d2c"),
    "reds": ("#fcbba1", "#fb6a4a", "#a50f15"),
    "rdbu": ("#b2182b", "#b9b9b9", "#2166ac"),
}
_TOP, _HEIGHT, _SPACE, _SIDE = 40, 260, 150, 90  # pixels


class _Axis(NamedTuple):
    name: str
    positions: list[float | None]  # of each row, from 0 (bottom) to 1; None where it has no value
    ticks: list[tuple[float, str]]


def parallel_coordinates_html(
    header: Sequence[str],
    rows: Sequence[Sequence[Any]],
    color_by: str = "",
    title: str = "",
    colorscale: str = "",
) -> str:
    """
    A picture of many runs: an axis each column, a line each row; self-contained HTML without dependencies.

    Pointing at a line shows its values, and dragging along an axis keeps the lines that pass there.

    Args:
        header: Names of the columns.
        rows: Numbers make an axis with a scale, anything else one with a mark for each value;
            a line has a gap where its cell is None.
        color_by: The column that gives the colour; empty is the last one.
        colorscale: A name of :data:`COLOR_SCALES`.

    Raises:
        MLRunInvalidArgumentError: No such column or colour scale.
    """
    color_by = color_by or (header[-1] if header else "")
    if header and color_by not in header:
        raise MLRunInvalidArgumentError(
            f"{color_by!r} is not a column: {', '.join(header)}.{nearest(color_by, header)}"
        )
    stops = _stops(colorscale or "default")
    axes = [_axis(name, [row[number] for row in rows]) for number, name in enumerate(header)]
    hues = axes[list(header).index(color_by)].positions if axes else [None] * len(rows)
    width = 2 * _SIDE + _SPACE * max(len(axes) - 1, 1)
    drawn = "".join(
        _line(axes, row, number, _mix(stops, hues[number])) for number, row in enumerate(rows)
    ) + "".join(_axis_svg(axis, _x(number), axis.name == color_by) for number, axis in enumerate(axes))
    svg = (
        f'<svg viewBox="0 0 {width} {_TOP + _HEIGHT + 20}" width="{width}" role="img" '
        f'aria-label="{escape(title or "parallel coordinates")}" '
        f'style="font:12px system-ui,sans-serif;color:inherit;max-width:none">{drawn}</svg>'
    )
    html = (
        f'<div class="mlrun-parallel" style="position:relative">{html_title(title)}'
        f'<div style="overflow-x:auto">{svg}</div>'
        f'<div class="tip" style="{_TIP}"></div></div><script>{_SCRIPT}</script>'
    )
    return html.encode("ascii", "xmlcharrefreplace").decode()  # so that no page needs to name an encoding


def _stops(name: str) -> list[tuple[int, int, int]]:
    if name.lower() not in COLOR_SCALES:
        raise MLRunInvalidArgumentError(
            f"{name!r} is not a colour scale: {', '.join(COLOR_SCALES)}.{nearest(name, COLOR_SCALES)}"
        )
    return [(int(c[1:3], 16), int(c[3:5], 16), int(c[5:7], 16)) for c in COLOR_SCALES[name.lower()]]


def _mix(stops: list[tuple[int, int, int]], position: float | None) -> str:
    """The colour at *position* of a scale; grey where there is none."""
    if position is None:
        return "#8c8c8c"
    whole = min(int(position * (len(stops) - 1)), len(stops) - 2)
    part = position * (len(stops) - 1) - whole
    return "#" + "".join(
        f"{round(low + (high - low) * part):02x}" for low, high in zip(stops[whole], stops[whole + 1])
    )


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _axis(name: str, values: list[Any]) -> _Axis:
    values = [None if isinstance(value, float) and not math.isfinite(value) else value for value in values]
    present = [value for value in values if value is not None]
    if present and all(_number(value) for value in present):
        low, high = min(present), max(present)
        span = (high - low) or 1
        places: list[float | None] = [
            None if value is None else (value - low) / span if high > low else 0.5 for value in values
        ]
        marks = [low + span * step / 4 for step in range(5)] if high > low else [low]
        return _Axis(
            name, places, [((mark - low) / span if high > low else 0.5, f"{mark:.4g}") for mark in marks]
        )
    words = list(dict.fromkeys(plain(value) for value in present))
    place = {word: number / (len(words) - 1) if len(words) > 1 else 0.5 for number, word in enumerate(words)}
    return _Axis(
        name,
        [None if value is None else place[plain(value)] for value in values],
        [(place[word], word) for word in words[:: max(len(words) // 20, 1)]],
    )


def _x(number: int) -> int:
    return _SIDE + number * _SPACE


def _y(position: float) -> float:
    return round(_TOP + _HEIGHT * (1 - position), 1)


def _line(axes: list[_Axis], row: Sequence[Any], number: int, color: str) -> str:
    places = [None if (place := axis.positions[number]) is None else _y(place) for axis in axes]
    path, pen = "", "M"
    for index, place in enumerate(places):
        if place is not None:
            path += f"{pen}{_x(index)} {place}"
        pen = "M" if place is None else "L"
    words = "\n".join(f"{axis.name}: {plain(cell)}" for axis, cell in zip(axes, row))
    marks = ",".join("" if place is None else str(place) for place in places)
    return (
        f'<path d="{path}" fill="none" stroke="{color}" stroke-width="1.8" stroke-linecap="round" '
        f'stroke-opacity=".75" data-y="{marks}"><title>{escape(words)}</title></path>'
    )


def _axis_svg(axis: _Axis, x: int, bold: bool) -> str:
    ticks = "".join(
        f'<path d="M{x - 4} {_y(place)}h4" stroke="currentColor" stroke-opacity=".6"/>'
        f'<text x="{x - 7}" y="{_y(place) + 4}" text-anchor="end" fill="currentColor" font-size="11" '
        f'stroke="Canvas" stroke-width="3" paint-order="stroke">{escape(_cut(word, 12))}</text>'
        for place, word in axis.ticks
    )
    return (
        f'<g class="axis"><path d="M{x} {_TOP}v{_HEIGHT}" stroke="currentColor" stroke-opacity=".6"/>{ticks}'
        f'<text x="{x}" y="{_TOP - 16}" text-anchor="middle" fill="currentColor" '
        f'font-weight="{700 if bold else 500}">{escape(_cut(axis.name, 24))}'
        f"<title>{escape(axis.name)}</title></text>"
        f'<rect class="sel" x="{x - 8}" width="16" y="0" height="0" fill="currentColor" fill-opacity=".18"/>'
        f'<rect class="hit" x="{x - 12}" y="{_TOP - 6}" width="24" height="{_HEIGHT + 12}" '
        'fill="transparent" style="cursor:ns-resize;touch-action:none"/></g>'
    )


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 1] + "…"


_TIP = (
    "position:absolute;display:none;pointer-events:none;white-space:pre;font:12px/1.4 system-ui,sans-serif;"
    "background:#24292f;color:#fff;padding:6px 9px;border-radius:6px;z-index:9"
)
# Every picture on the page that is not alive yet is brought to life; a page may hold several.
_SCRIPT = """
document.querySelectorAll('.mlrun-parallel:not([data-live])').forEach(function (root) {
  root.dataset.live = 1;
  var svg = root.querySelector('svg'), tip = root.querySelector('.tip'), picked = {};
  var lines = Array.from(svg.querySelectorAll('path[data-y]'));
  lines.forEach(function (line) {
    line.ys = line.dataset.y.split(',').map(function (y) { return y === '' ? NaN : +y; });
    var title = line.querySelector('title'), words = title.textContent;
    title.remove();
    line.onpointermove = function (event) {
      var box = root.getBoundingClientRect();
      tip.textContent = words;
      tip.style.display = 'block';
      tip.style.left = Math.min(event.clientX - box.left + 14, box.width - tip.offsetWidth) + 'px';
      tip.style.top = event.clientY - box.top + 14 + 'px';
      line.setAttribute('stroke-width', 4);
    };
    line.onpointerleave = function () { tip.style.display = 'none'; line.setAttribute('stroke-width', 1.8); };
  });
  function filter() {
    lines.forEach(function (line) {
      var on = Object.keys(picked).every(function (i) {
        return line.ys[i] >= picked[i][0] && line.ys[i] <= picked[i][1];
      });
      line.setAttribute('stroke-opacity', on ? 0.75 : 0.06);
      line.style.pointerEvents = on ? '' : 'none';
    });
  }
  svg.querySelectorAll('.axis').forEach(function (axis, i) {
    var hit = axis.querySelector('.hit'), mark = axis.querySelector('.sel'), from = null;
    function at(event) {
      var box = svg.getBoundingClientRect();
      return (event.clientY - box.top) * svg.viewBox.baseVal.height / box.height;
    }
    hit.onpointerdown = function (event) { from = at(event); hit.setPointerCapture(event.pointerId); };
    hit.onpointermove = function (event) {
      if (from === null) return;
      var to = at(event), low = Math.min(from, to), high = Math.max(from, to);
      if (high - low > 3) picked[i] = [low, high]; else delete picked[i];
      mark.setAttribute('y', low);
      mark.setAttribute('height', picked[i] ? high - low : 0);
      filter();
    };
    hit.onpointerup = function (event) {
      if (from === null) return;
      if (Math.abs(at(event) - from) <= 3) { delete picked[i]; mark.setAttribute('height', 0); filter(); }
      from = null;
    };
  });
});
"""
