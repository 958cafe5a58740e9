"""``store://``: from an artifact's address, through its record, to its data."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from mlrun import urls
from mlrun.errors import MLRunNotFoundError


class Artifacts(Protocol):
    """Where records are looked up: a ``RunDB``."""

    def read_artifact(
        self,
        key: str,
        tag: str = "",
        iter: int | None = None,
        project: str = "",
        tree: str | None = None,
        uid: str | None = None,
    ) -> dict[str, Any]: ...


class Link(NamedTuple):
    """Where an artifact's data is, and the record that said so."""

    target: str
    record: dict[str, Any]


def read_record(url: str, db: Artifacts | None = None) -> dict[str, Any]:
    """
    The record of the artifact at *url*.

    Raises:
        MLRunNotFoundError: No such artifact.
        MLRunInvalidArgumentError: *url* is not a ``store://`` address.
    """
    from mlrun.config import mlconf

    address = urls.parse_store_url(url, mlconf.current_project)
    if db is None:
        from mlrun.db import get_run_db

        db = get_run_db()
    return db.read_artifact(
        address.key,
        tag=address.tag,
        iter=address.iter,
        project=address.project,
        tree=address.tree or None,
        uid=address.uid or None,
    )


def resolve(url: str, db: Artifacts | None = None) -> Link:
    """
    Raises:
        MLRunNotFoundError: No such artifact, or its record names no data.
    """
    record = read_record(url, db)
    target = target_path(record)
    if not target:
        raise MLRunNotFoundError(f"{url} has no data: its record has no spec.target_path")
    return Link(target, record)


def target_path(record: dict[str, Any]) -> str:
    """Where the record says that the data is; records of old clients say it at the top."""
    return str(record.get("spec", record).get("target_path") or "")
