"""Inputs of runs beside their bodies, so that who used an artifact can be found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlrun import urls
from mlrun.db import records
from mlrun.db.base import Record
from mlrun.errors import MLRunInvalidArgumentError

COLUMNS = ("url", "project", "db_key", "iteration", "tree", "uid", "digest")
ANY_ITERATION = -1
_DIGESTS = ("hash", "etag", "size", "modified")

Input = tuple[str, str, str, int, str, str, str]


def inputs_of(run: Record, project: str) -> dict[str, Input]:
    """
    What *run* read, by the name of the input; the n-th of a list is ``name[n]``, from 0.

    ``status.sources`` says it for runs of ours (see ``execution/sources.py``), ``spec.inputs`` for others and
    for what has not been read (yet).
    """
    spec = run.get("spec")
    declared = spec.get("inputs") if isinstance(spec, dict) else None
    found = {}
    for name, url in _flat(declared if isinstance(declared, dict) else {}):
        if name := records.searchable(name):
            found[name] = _row(url, "", {}, project)
    status = run.get("status")
    sources = status.get("sources") if isinstance(status, dict) else None
    for source in sources if isinstance(sources, list) else ():
        if isinstance(source, dict) and (name := records.searchable(source.get("name"))):
            found[name] = _row(source.get("url"), source.get("artifact"), source, project)
    return found


def _flat(declared: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(declared, dict):
        for key, value in declared.items():
            yield from _flat(value, f"{name}[{key}]" if name else str(key))
    elif isinstance(declared, list):
        for number, value in enumerate(declared):
            yield from _flat(value, f"{name}[{number}]")
    else:
        yield name, declared


def _row(url: Any, artifact: Any, source: Record, project: str) -> Input:
    url = url if isinstance(url, str) else ""
    address = records.searchable(artifact) or records.searchable(url)
    digest = " ".join(f"{name}:{source[name]}" for name in _DIGESTS if source.get(name) not in (None, ""))
    shown = records.searchable(url) or "an address that is too long, or no text"
    if urls.is_store_url(address):
        try:
            version = urls.parse_store_url(address, project)
        except MLRunInvalidArgumentError:  # of another program; it is shown as it is
            return shown, "", "", 0, "", "", digest
        iteration = ANY_ITERATION if version.iter is None else version.iter
        return shown, version.project, version.key, iteration, version.tree, version.uid, digest
    return shown, "", "", 0, "", "", digest
