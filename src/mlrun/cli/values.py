"""Values as people type them: ``key=value`` pairs, JSON and Python literals, times of several options."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import click

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.base import load_json

_LITERAL = re.compile(r"[\[({'\"].*|True|False|None", re.DOTALL)
_DECIMAL = re.compile(r"[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?")  # JSON lacks 5. and .5

Pairs = dict[str, Any]
Callback = Callable[[click.Context, click.Parameter, tuple[str, ...]], Pairs]


def parse_value(text: str) -> Any:
    """*text* as JSON or a Python literal: ``5``, ``[3,7]``, ``{'a': 1}``; anything else is a string."""
    try:
        return load_json(text)
    except MLRunInvalidArgumentError:
        pass
    if _DECIMAL.fullmatch(text):
        return float(text)
    if _LITERAL.fullmatch(text):
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return text
    return text


def split_pair(text: str, form: str) -> tuple[str, str]:
    """
    Raises:
        click.BadParameter: *text* is not of this *form*.
    """
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        raise click.BadParameter(f"{text!r} is not of the form {form}")
    return key.strip(), value


def pairs(form: str, parse: Callable[[str], Any] = str) -> Callback:
    """An option's callback: every ``key=value`` as one dictionary; *form* is what the error shows."""

    def callback(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> Pairs:
        return {key: parse(value) for key, value in (split_pair(text, form) for text in values)}

    return callback


def value_lists(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> Pairs:
    """The callback of hyper-parameters: each value has to be a list, or a range of the strategy bayesian."""
    form = 'name="[3,7,5]"'
    found = pairs(form, parse_value)(ctx, param, values)
    for key, value in found.items():
        if not isinstance(value, (list, tuple, dict)) or not value:
            raise click.BadParameter(f"{key!r} needs a list of values to try, {form}, not {value!r}")
    return {key: value if isinstance(value, dict) else list(value) for key, value in found.items()}


def secret_sources(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> list[tuple[str, Any]]:
    """The callback of secrets: kind and source, in the order in which they were given."""
    sources = [split_pair(text, "kind=source, for example file=secrets.txt") for text in values]
    return [(kind, _source(kind, source)) for kind, source in sources]


def _source(kind: str, source: str) -> Any:
    if kind == "kubernetes":
        return [key.strip() for key in source.split(",")]
    return parse_value(source) if kind in ("inline", "azure_vault") else source


def mapping(ctx: click.Context, param: click.Parameter, text: str | None) -> Pairs:
    """The callback of an option that is one dictionary, as JSON or a Python literal."""
    value = parse_value(text) if text else {}
    if not isinstance(value, dict):
        raise click.BadParameter(f"{text!r} is not a dictionary, such as '{{\"max_iterations\": 20}}'")
    return value
