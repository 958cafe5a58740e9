"""What a parent run says about its children: a table of parameters and results, and one line of text."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from mlrun import render
from mlrun.model.base import to_builtins
from mlrun.model.run import RunState

PARAMETER = "param."
RESULT = "output."
MAX_LINES = 2000  # of a picture
_FAILED = "tasks failed, check logs"

Table = list[list[Any]]


def iteration_table(children: Iterable[Mapping[str, Any]]) -> Table:
    """
    ``status.iterations`` of the parent.

    Args:
        children: Run records as dictionaries, in any order.

    Returns:
        A header, ``state, iter, param.<name> ..., output.<name> ...``, and one row each child by
        iteration; columns in the order in which they first appear, None where a child has no value.
    """
    ordered = sorted(children, key=_iteration)
    parameters = [child.get("spec", {}).get("parameters", {}) for child in ordered]
    results = [child.get("status", {}).get("results", {}) for child in ordered]
    names = list(dict.fromkeys(name for row in parameters for name in row))
    outputs = list(dict.fromkeys(name for row in results for name in row))
    table: Table = [["state", "iter", *(PARAMETER + name for name in names), *(RESULT + n for n in outputs)]]
    for child, given, found in zip(ordered, parameters, results):
        cells = [*(given.get(name) for name in names), *(found.get(name) for name in outputs)]
        table.append([_state(child), _iteration(child), *map(to_builtins, cells)])
    return table


def table_csv(table: Table) -> str:
    """The artifact ``iteration_results``: None is an empty cell, lists and dictionaries are JSON."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_cell(value) for value in row] for row in table)
    return text.getvalue()


def picture(table: Table, result: str = "", title: str = "") -> str:
    """
    The artifact ``parallel_coordinates``, an HTML page: an axis each parameter and result, a line each child.

    Columns in which all children agree say nothing and are left out; of very many children, evenly chosen
    ones are drawn.

    Args:
        result: The one that gives the colours; by default the last column.
    """
    header, *rows = table
    rows = rows[:: math.ceil(len(rows) / MAX_LINES)] if rows else []
    columns = [
        number
        for number, name in enumerate(header)
        if name.startswith((PARAMETER, RESULT)) and any(row[number] != rows[0][number] for row in rows)
    ]
    names = [header[number] for number in columns]
    color_by = f"{RESULT}{result}" if f"{RESULT}{result}" in names else ""
    body = render.parallel_coordinates_html(
        names, [[row[n] for n in columns] for row in rows], color_by, title
    )
    return render.html_page(title or "iterations", body)


def failure_text(failed: int, total: int) -> str:
    """``3 of 10 tasks failed, check logs``; empty where none failed."""
    return f"{failed} of {total} {_FAILED}" if failed else ""


def is_failure_text(line: str) -> bool:
    """Whether *line* counts those that failed, and does not say why."""
    return line.endswith(_FAILED)


def _iteration(child: Mapping[str, Any]) -> int:
    return int(child.get("metadata", {}).get("iteration", 0))


def _state(child: Mapping[str, Any]) -> str:
    return str(child.get("status", {}).get("state", RunState.CREATED))


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (list, dict)) else value
