"""The pods of runs behind an API server."""

from __future__ import annotations

from typing import Any

from mlrun.db.base import Record
from mlrun.db.http.delivery import Delivery
from mlrun.db.http.paths import json_of, only_given, place
from mlrun.db.messages import Message


class Resources(Delivery):
    """What only a server has."""

    def list_runtime_resources(
        self,
        project: str = "",
        label_selector: str = "",
        kind: str = "",
        object_id: str = "",
        group_by: str = "",
    ) -> Any:
        """
        The pods of runs: ``[{"kind", "resources": {"crd_resources", "pod_resources"}}]``.

        Args:
            project: Empty is every one.
            label_selector: ``name=value``, several by comma.
            object_id: The uid of a run.
            group_by: ``job`` or ``project``: a dictionary by project, and in it by uid or kind.
        """
        params = only_given(
            label__selector=label_selector,
            kind=kind,
            object__id=object_id,
            group__by=str(getattr(group_by, "value", group_by) or ""),
        )
        return json_of(self._ask(Message("GET", _path(project), params), is_safe=True)) or []

    def delete_runtime_resources(
        self,
        project: str = "",
        label_selector: str = "",
        kind: str = "",
        object_id: str = "",
        force: bool = False,
        grace_period: int | None = None,
    ) -> Record:
        """
        Delete the pods of runs that have ended, and give them by project and kind.

        Args:
            force: Also those that have not; their runs are aborted.
            grace_period: Seconds that a pod is left alone after its end; None is as the server has it.
        """
        params = only_given(
            label__selector=label_selector,
            kind=kind,
            object__id=object_id,
            force=force,
            grace__period=grace_period,
        )
        found: Record = json_of(self._ask(Message("DELETE", _path(project), params), is_safe=True))
        return found


def _path(project: str) -> str:
    return f"v1/{place(project or '*', 'runtime-resources')}"
