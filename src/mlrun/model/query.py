"""Which records to list: the Python call, the URL and the SQL all read the same one."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.base import Model, field

_COMPARISON = re.compile(r"\s*([^<>=!]+?)\s*(>=|<=|!=|==|=|>|<)\s*([^<>=!\s].*?)\s*", re.DOTALL)
_WORDS = {"true": 1.0, "false": 0.0}


class Partition(Model):
    """The first rows of each group, instead of all."""

    by: str = ""  # name | project_and_name; "" is no groups
    rows: int = 1  # of each group
    sort_by: str = "updated"  # created | updated
    order: str = "desc"  # desc: the newest come first; asc
    most: int = 0  # groups, those whose first row comes first; 0 is all

    def check(self) -> None:
        """
        Raises:
            MLRunInvalidArgumentError: A word or a number that is none.
        """
        for name, word, known in (
            ("partition_by", self.by or "name", ("name", "project_and_name")),
            ("partition_sort_by", self.sort_by, ("created", "updated")),
            ("partition_order", self.order, ("desc", "asc")),
        ):
            if word not in known:
                raise MLRunInvalidArgumentError(f"{name}={word!r} is none of: {', '.join(known)}")
        if self.rows < 1 or self.most < 0:
            raise MLRunInvalidArgumentError(
                f"rows_per_partition={self.rows} counts from 1, and max_partitions={self.most} from 0 (all)"
            )


def partition(
    by: str | None, rows: int = 1, sort_by: str | None = None, order: str | None = "desc", most: int = 0
) -> Partition:
    """
    A partition as listings name its parts; words may be members of an enumeration, as in MLRun.

    Raises:
        MLRunInvalidArgumentError: A word or a number that is none.
    """
    by, sort_by, order = (str(getattr(word, "value", word) or "") for word in (by, sort_by, order))
    found = Partition(by=by, rows=rows, sort_by=sort_by or "updated", order=order or "desc", most=most or 0)
    found.check()
    return found


class RunQuery(Model):
    """Every field that is set has to match."""

    name: str = ""  # exact; "~text" is a part of it in any case; where nothing is exact, a part of it
    uids: list[str] = field(default_factory=list)
    project: str = ""  # "" or "*" is every project
    labels: list[str] = field(default_factory=list)  # "key" or "key=value"; all have to hold
    states: list[str] = field(default_factory=list)
    sort: bool = True  # newest first; else as stored
    last: int = 0  # rows at most; 0 is all
    iter: bool = False  # also hyper-parameter children
    start_time_from: str = ""  # ISO 8601, as the five below
    start_time_to: str = ""
    last_update_time_from: str = ""
    last_update_time_to: str = ""
    end_time_from: str = ""
    end_time_to: str = ""
    results: list[str] = field(default_factory=list)  # "accuracy > 0.9"; see comparison()
    partition: Partition = field(default_factory=Partition)
    offset: int = 0  # rows that are left out at the beginning


class ArtifactQuery(Model):
    """Every field that is set has to match."""

    name: str = ""  # the key, with the rule of RunQuery.name
    project: str = ""  # "" or "*" is every project
    tag: str = ""  # "" is "latest", "*" is every version
    labels: list[str] = field(default_factory=list)
    since: str = ""  # ISO 8601, when it was stored
    until: str = ""
    iter: int | None = None  # None is any
    best_iteration: bool = False  # also follow links to the best child's artifacts
    kind: str = ""
    category: str = ""  # model | dataset | document | other
    tree: str = ""  # the run's (or workflow's) uid
    uid: str = ""
    producer_uri: str = ""  # as spec.producer.uri says it: "project/uid" of a run
    parent: str = ""  # the key or address of what it belongs to, as spec.parent_uri says it
    partition: Partition = field(default_factory=Partition)
    limit: int = 0  # rows at most, newest first; 0 is all
    offset: int = 0  # rows that are left out at the beginning


class FunctionQuery(Model):
    """Every field that is set has to match."""

    name: str = ""  # with the rule of RunQuery.name
    project: str = ""  # "" or "*" is every project
    tag: str = ""  # "" or "*" is every version
    hash: str = ""
    labels: list[str] = field(default_factory=list)
    since: str = ""  # ISO 8601, when it was stored
    until: str = ""
    kind: str = ""
    states: list[str] = field(default_factory=list)
    limit: int = 0  # rows at most, newest first; 0 is all
    offset: int = 0  # rows that are left out at the beginning


class Comparison(NamedTuple):
    """A result beside a number or a text."""

    name: str
    operator: str  # one of > >= < <= = !=
    value: float | str


def comparison(text: str) -> Comparison:
    """
    What ``accuracy > 0.9`` means; in quotes, or where it is no number, the value is a text.

    ``true`` and ``false`` are 1 and 0, as the results True and False are.

    Raises:
        MLRunInvalidArgumentError: *text* is no comparison.
    """
    found = _COMPARISON.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise MLRunInvalidArgumentError(
            f"results={text!r} is no comparison: the name of a result, one of > >= < <= = != and a number or"
            " a text, as in 'accuracy > 0.9'"
        )
    name, operator, value = found.groups()
    return Comparison(name, operator.replace("==", "="), _compared(value))


def _compared(text: str) -> float | str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def label_list(labels: str | list[str] | dict[str, object] | None) -> list[str]:
    """Labels as callers spell them (``"a=1,b"``, ``["a=1", "b"]``, ``{"a": 1, "b": None}``) as one list."""
    if not labels:
        return []
    if isinstance(labels, str):
        return [label.strip() for label in labels.split(",") if label.strip()]
    if isinstance(labels, dict):
        return [key if value is None else f"{key}={value}" for key, value in labels.items()]
    return [str(label) for label in labels]
