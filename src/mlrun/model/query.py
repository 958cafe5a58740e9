"""Which records to list: the Python call, the URL and the SQL all read the same one."""

from __future__ import annotations

from mlrun.model.base import Model, field


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
    start_time_from: str = ""  # ISO 8601, as the three below
    start_time_to: str = ""
    last_update_time_from: str = ""
    last_update_time_to: str = ""


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
    limit: int = 0  # rows at most, newest first; 0 is all


class FunctionQuery(Model):
    """Every field that is set has to match."""

    name: str = ""  # with the rule of RunQuery.name
    project: str = ""  # "" or "*" is every project
    tag: str = ""  # "" or "*" is every version
    hash: str = ""
    labels: list[str] = field(default_factory=list)
    since: str = ""  # ISO 8601, when it was stored
    until: str = ""


def label_list(labels: str | list[str] | dict[str, object] | None) -> list[str]:
    """Labels as callers spell them (``"a=1,b"``, ``["a=1", "b"]``, ``{"a": 1, "b": None}``) as one list."""
    if not labels:
        return []
    if isinstance(labels, str):
        return [label.strip() for label in labels.split(",") if label.strip()]
    if isinstance(labels, dict):
        return [key if value is None else f"{key}={value}" for key, value in labels.items()]
    return [str(label) for label in labels]
