"""A file of hyper-parameters, CSV or JSON, becomes lists of values or rows of parameters."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.base import load_json
from mlrun.urls import without_secrets

Row = dict[str, Any]

_WORDS: dict[str, Any] = {"": None, "null": None, "None": None}
_WORDS |= {word: True for word in ("true", "True", "TRUE")} | {
    word: False for word in ("false", "False", "FALSE")
}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")  # 007 is a name, not seven
_NUMBER = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")


def parse_param_file(url: str, body: bytes) -> Row | list[Row]:
    """
    Args:
        url: For its ending (``.json``, ``.csv``; without one the content tells) and for messages.
        body: UTF-8, with or without a byte order mark.

    Returns:
        A list of rows (CSV, or a JSON list of dictionaries), or a dictionary (JSON), whose values
        are not checked.

    Raises:
        MLRunInvalidArgumentError: It is neither, it is empty, or a row does not fit the header.
    """
    where = without_secrets(url)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MLRunInvalidArgumentError(f"{where} is not UTF-8 text: {error}") from error
    if not text.strip():
        raise MLRunInvalidArgumentError(f"{where} is empty; a parameter file is CSV with a header, or JSON")
    return _parse_json(where, text) if _is_json(url, text) else list(_parse_csv(where, text))


def parse_cell(text: str) -> Any:
    """``3``, ``0.5``, ``1e-3``, ``true``, ``null`` (or nothing), ``[1, 2]`` as values; else the text."""
    word = text.strip()
    if word in _WORDS:
        return _WORDS[word]
    if _INTEGER.fullmatch(word):
        return int(word) if len(word) < 400 else text
    if _NUMBER.fullmatch(word):
        return float(word)
    if (word[0], word[-1]) in (("[", "]"), ("{", "}")):
        try:
            return load_json(word)
        except MLRunInvalidArgumentError:
            return text  # a word in brackets is text like any other
    return text


def _is_json(url: str, text: str) -> bool:
    path = url.partition("?")[0].lower()
    if path.endswith((".json", ".csv")):
        return path.endswith(".json")
    return text.lstrip().startswith(("{", "["))


def _parse_json(where: str, text: str) -> Row | list[Row]:
    data = load_json(text, where)
    if isinstance(data, dict) and data:
        return data
    if isinstance(data, list) and data and all(isinstance(row, dict) and row for row in data):
        return data
    raise MLRunInvalidArgumentError(
        f'{where}: a JSON parameter file is a dictionary of lists, {{"p1": [1, 2]}}, '
        f'or a list of dictionaries, [{{"p1": 1}}, {{"p1": 2}}]'
    )


def _parse_csv(where: str, text: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    try:
        lines = ((reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells))
        _, first = next(lines)
        header = _check_header(where, first)
        found = False
        for number, cells in lines:
            found = True
            if len(cells) != len(header):
                raise MLRunInvalidArgumentError(
                    f"{where} line {number}: {_count(len(cells), 'cell')},"
                    f" but the header has {len(header)} ({', '.join(header)})"
                )
            yield {name: parse_cell(cell) for name, cell in zip(header, cells)}
    except csv.Error as error:
        raise MLRunInvalidArgumentError(f"{where} line {reader.line_num}: {error}") from error
    if not found:
        raise MLRunInvalidArgumentError(f"{where} has a header ({', '.join(header)}), but no rows")


def _check_header(where: str, cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    if not all(header):
        raise MLRunInvalidArgumentError(f"{where} line 1: column {header.index('') + 1} has no name")
    if twice := [name for name in dict.fromkeys(header) if header.count(name) > 1]:
        raise MLRunInvalidArgumentError(f"{where} line 1: two columns are called {', '.join(twice)}")
    return header


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
