"""Lineage over HTTP, from a server of ours."""

from __future__ import annotations

from mlrun.db import records
from mlrun.db.base import Record
from mlrun.db.http.delivery import Delivery
from mlrun.db.http.paths import only_given, place
from mlrun.db.lineage import check_depth


class Lineage(Delivery):
    """The lineage of the port."""

    def list_lineage(
        self,
        key: str,
        project: str = "",
        tag: str = "",
        tree: str | None = None,
        uid: str | None = None,
        iter: int | None = None,
        depth: int = 5,
    ) -> Record:
        scope = project or records.default_project()
        params = only_given(tag=tag, tree=tree, object__uid=uid, iter=iter, depth=check_depth(depth))
        found: Record = self._get(f"v2/{place(scope, 'artifacts', key)}/lineage", params)
        return found
