"""Addresses and parameters of MLRun's wire, and what is in its answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from mlrun.db.http.answers import Answer
from mlrun.model.base import load_json

Params = list[tuple[str, str]]


def place(project: str, *parts: str) -> str:
    """The path of *parts* in *project*; ``*`` stands for every project."""
    return "/".join(("projects", quote(project, safe="*"), *(quote(part, safe="") for part in parts)))


def only_given(**params: Any) -> Params:
    """Parameters of a query without those that are empty; of a list each."""
    found: Params = []
    for name, value in params.items():
        many = value if isinstance(value, (list, tuple)) else [value]
        found += [(name.replace("__", "-"), str(one)) for one in many if one not in (None, "")]
    return found


def json_of(answer: Answer) -> Any:
    """The JSON in the body of *answer*; an empty body is an empty dictionary."""
    return load_json(answer.body, f"the answer to {answer.method} {answer.path}") or {}
