"""Which version of an artifact a caller means, in the words that every adapter understands."""

from __future__ import annotations

from typing import NamedTuple

from mlrun.db import records
from mlrun.db.base import Record
from mlrun.urls import StoreURL

LATEST = "latest"
ANY_TAG = "*"
CATEGORIES = ("model", "dataset", "document", "other")


class Wanted(NamedTuple):
    """One version, as a caller describes it; what is empty (or None) may be anything."""

    project: str
    key: str
    tag: str = ""
    iter: int | None = None
    tree: str = ""
    uid: str = ""

    def __str__(self) -> str:
        tag = self.tag if self.tag != ANY_TAG else ""
        url = StoreURL("artifacts", self.project, self.key, self.iter, tag, self.tree, self.uid)
        return str(url).removeprefix("store://artifacts/")


def wanted_by(record: Record, project: str = "") -> Wanted:
    """The version that *record* is."""
    metadata = records.part(record, "metadata", "an artifact")
    key = records.part(record, "spec", "an artifact").get("db_key") or metadata.get("key", "")
    project = project or metadata.get("project") or records.default_project()
    tree, uid = metadata.get("tree") or "", metadata.get("uid") or ""
    return Wanted(project, key, "", metadata.get("iter"), tree, uid)
