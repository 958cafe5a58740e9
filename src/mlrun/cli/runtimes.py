"""The pods of runs for the command line: those of an API server, else those of this machine's own cluster."""

from __future__ import annotations

from typing import Any, Protocol

from mlrun.config import mlconf
from mlrun.db.base import RunDB


class Runtimes(Protocol):
    """What the commands ask for; an API server's client has it too."""

    def list(self, project: str, labels: str, kind: str, uid: str) -> Any: ...
    def delete(self, labels: str, kind: str, uid: str, force: bool, grace_s: int | None) -> Any: ...


def runtimes_of(db: RunDB) -> Runtimes:
    """Of whoever starts the runs that *db* keeps."""
    return OfServer(db) if db.kind in ("http", "https") else OfThisMachine(db)


class OfServer:
    """Those that an API server has started."""

    def __init__(self, db: Any) -> None:
        self._db = db

    def list(self, project: str, labels: str, kind: str, uid: str) -> Any:
        return self._db.list_runtime_resources(project, labels, kind, uid)

    def delete(self, labels: str, kind: str, uid: str, force: bool, grace_s: int | None) -> Any:
        return self._db.delete_runtime_resources("", labels, kind, uid, force, grace_s)


class OfThisMachine:
    """Those on the cluster of the settings."""

    def __init__(self, db: RunDB) -> None:
        from mlrun.cluster import get_cluster
        from mlrun.launcher.local import LocalLauncher

        self._launcher = LocalLauncher(db, get_cluster())

    def list(self, project: str, labels: str, kind: str, uid: str) -> Any:
        from mlrun.service.resources import Wanted, list_resources

        return list_resources(self._launcher, Wanted(lambda _: True, project, kind, uid, labels))

    def delete(self, labels: str, kind: str, uid: str, force: bool, grace_s: int | None) -> Any:
        from mlrun.service.resources import Wanted, delete_resources

        wanted = Wanted(lambda _: True, "", kind, uid, labels)
        after_s = float(mlconf.runtime_resources_deletion_grace_period) if grace_s is None else grace_s
        return delete_resources(self._launcher, wanted, force, after_s)


def pods_of(told: Any) -> list[tuple[str, dict[str, Any]]]:
    """Kind and pod of each row, whether they are grouped or not."""
    if isinstance(told, list):
        groups = [(one["kind"], one["resources"]) for one in told]
    else:
        groups = [pair for of_project in told.values() for pair in of_project.items()]
    return [(kind, pod) for kind, found in groups for pod in found["pod_resources"]]
