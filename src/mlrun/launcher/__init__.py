"""Who starts runs elsewhere than in this process: one port, a local and a remote one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mlrun.db.base import RunDB
from mlrun.launcher.base import Launcher as Launcher

if TYPE_CHECKING:
    from mlrun.db.http import HTTPRunDB


def get_launcher(db: RunDB) -> Launcher:
    """
    Who starts runs that *db* keeps: the API server behind it, else this process, on its own cluster.

    Raises:
        MLRunBaseError: As :func:`mlrun.cluster.get_cluster`.
    """
    if db.kind in ("http", "https"):
        from mlrun.launcher.remote import RemoteLauncher

        return RemoteLauncher(cast("HTTPRunDB", db))
    from mlrun.cluster import get_cluster
    from mlrun.launcher.local import LocalLauncher

    return LocalLauncher(db, get_cluster())
